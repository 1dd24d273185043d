/// Decides when a service that fails request after request is not asked any more.
struct FailureStreak {
    /// The number of images in a row that may fail for a reason of the service's own.
    private static let limit = 3

    private var length = 0

    /// Notes the result for one image, all attempts included.
    ///
    /// - Parameter error: The failure; nil for a success.
    /// - Returns: Whether the next image would most likely fail as well.
    mutating func isOver(after error: ImageDeletionError?) -> Bool {
        length = error?.isTransient == true ? length + 1 : 0
        return length >= Self.limit || error?.affectsEveryImage == true
    }
}

extension ImageDeletionError {
    /// Whether the failure says nothing about the image: the service, or the way to it, was in trouble.
    package var isTransient: Bool {
        serviceError?.isTransient ?? false
    }
}
