import ImageDeletionEssentials

/// Proves to the services who sends a request, and knows where they are.
///
/// No other type knows whether the proof is a token or a signature, or where an address comes from.
protocol Authorization: Sendable {
    /// The name or ID of the user, for people; nil if it is not known.
    var user: String? { get }

    /// Prepares for requests, so that ``authorize(_:)`` need not wait.
    ///
    /// - Returns: The project, if it is known already.
    @discardableResult
    func signIn() async throws(ImageDeletionError) -> TokenProject?

    /// Returns the project, and looks it up if it is not known; nil if there is no service that could be asked.
    func project() async throws(ImageDeletionError) -> TokenProject?

    /// Returns whether the cloud has a service.
    func offers(_ service: CloudService) async throws(ImageDeletionError) -> Bool

    /// Returns the address of a service.
    ///
    /// - Throws: ``ImageDeletionError/configuration(_:)`` if the cloud does not have it.
    func endpoint(of service: CloudService) async throws(ImageDeletionError) -> URL

    /// Adds the address of the service and the proof, both from the same source: only the identity service decides
    /// where a proof is sent.
    func authorize(_ request: inout ServiceRequest) async throws(ImageDeletionError)

    /// Authorizes a request anew after the service rejected its proof (401).
    ///
    /// - Returns: Whether there is another proof to try.
    func renew(_ request: inout ServiceRequest) async throws(ImageDeletionError) -> Bool

    /// Revokes what is kept for the next run.
    ///
    /// - Returns: Whether there was anything.
    func forget() async throws(ImageDeletionError) -> Bool
}

/// Why a request that needs an authorization failed.
struct RequestFailure: Error {
    /// What kept it from being done, or its authorization from being renewed.
    var cause: ImageDeletionError
    /// How many times the request itself was sent.
    var attempts = 0
    /// Whether it may have been carried out although no response says so.
    var mayHaveActed = false
}

extension ServiceConnection {
    /// Authorizes and sends a request, and sends it again with a renewed authorization if the service rejects it.
    func send(
        _ request: ServiceRequest,
        authorizedBy authorization: any Authorization
    ) async throws(RequestFailure) -> Reply {
        var request = request
        do throws(ImageDeletionError) { try await authorization.authorize(&request) } catch {
            throw RequestFailure(cause: error)
        }
        let refusal: ServiceError
        do { return try await send(request) } catch { refusal = error }
        guard refusal.kind == .unauthorized else { throw RequestFailure(refusal) }
        do throws(ImageDeletionError) {
            guard try await authorization.renew(&request) else { throw .service(refusal) }
        } catch {
            // An earlier attempt may have acted all the same.
            throw RequestFailure(cause: error, attempts: refusal.attempts, mayHaveActed: refusal.mayHaveActed)
        }
        do {
            return try await send(request)
        } catch {
            var failure = error
            failure.attempts += refusal.attempts
            failure.follow(refusal)
            throw RequestFailure(failure)
        }
    }
}

extension RequestFailure {
    fileprivate init(_ error: ServiceError) {
        self.init(cause: .service(error), attempts: error.attempts, mayHaveActed: error.mayHaveActed)
    }
}
