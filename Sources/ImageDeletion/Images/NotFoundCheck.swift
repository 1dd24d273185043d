import ImageDeletionEssentials

/// Remembers for a run that a 404 really says that an image does not exist.
///
/// Glance answers 404 to everything when the token is not for a project, and a router or another service answers 404 when
/// the address is wrong.
actor NotFoundCheck {
    private var hasPassed = false
    private var running: Task<Void, any Error>?
    /// Whether the service has sent a list or an image, which only an image service v2 has.
    private(set) var hasAnswered = false

    /// Notes that the service has sent a list or an image.
    func noteAnswer() { hasAnswered = true }

    /// Runs `check` unless it has passed before; callers at the same time share one run.
    func pass(_ check: @escaping @Sendable () async throws(ImageDeletionError) -> Void) async throws(ImageDeletionError)
    {
        if hasPassed { return }
        let task = running ?? Task { try await check() }
        running = task
        defer { if running == task { running = nil } }
        do {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
            hasPassed = true
        } catch let error as ImageDeletionError {
            throw error
        } catch {
            throw .service(ServiceError(.image, .cancelled))
        }
    }
}
