/// Why a request that needs a token came to nothing.
struct RequestFailure: Error {
    /// What kept it from being done, or the token from being renewed.
    var cause: ImageDeletionError
    /// How many times the request itself was sent.
    var attempts = 0
    /// Whether it may have been carried out although no answer tells so.
    var mayHaveActed = false
}

/// Sends with the token at hand, and once more with another if that one is not taken.
struct AuthorizedConnection: Sendable {
    var connection: ServiceConnection
    var tokens: TokenSource

    /// Sends what `request` makes of a token. It is asked again for the second try, and must then ask for the same:
    /// another token is no reason to do something else, or somewhere else.
    func send(
        with token: Token,
        _ request: (Token) -> ServiceRequest
    ) async throws(RequestFailure) -> Reply {
        let refusal: ServiceError
        do {
            return try await connection.send(request(token))
        } catch {
            refusal = error
        }
        guard refusal.kind == .unauthorized else { throw RequestFailure(refusal) }
        let replacement: Token?
        do { replacement = try await tokens.replacement(for: token) } catch {
            // An earlier try may have done it all the same.
            throw RequestFailure(cause: error, attempts: refusal.attempts, mayHaveActed: refusal.mayHaveActed)
        }
        guard let replacement else { throw RequestFailure(refusal) }
        do {
            return try await connection.send(request(replacement))
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
