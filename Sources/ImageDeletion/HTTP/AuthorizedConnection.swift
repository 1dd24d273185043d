/// Why a request that needs a token came to nothing.
struct RequestFailure: Error {
    /// What kept it from being done, or the token from being renewed.
    var cause: ImageDeletionError
    /// How many times the request itself was sent.
    var attempts = 0
    /// Whether it may have been carried out although no answer tells so.
    var mayHaveActed = false
}

/// Sends with the current token, and once more with a new one if the service rejects it.
struct AuthorizedConnection: Sendable {
    var connection: ServiceConnection
    var tokens: TokenSource

    /// Sends the request that `request` builds for a token. It is called again for the retry, and must build the same
    /// request apart from the token and the address, which always comes from that token's own catalog: nobody but the
    /// identity service decides where a token is sent.
    func send(
        _ request: (Token) throws(ImageDeletionError) -> ServiceRequest
    ) async throws(RequestFailure) -> Reply {
        let token: Token
        let first: ServiceRequest
        do throws(ImageDeletionError) {
            token = try await tokens.token()
            first = try request(token)
        } catch {
            throw RequestFailure(cause: error)
        }
        let refusal: ServiceError
        do {
            return try await connection.send(first)
        } catch {
            refusal = error
        }
        guard refusal.kind == .unauthorized else { throw RequestFailure(refusal) }
        let second: ServiceRequest?
        do throws(ImageDeletionError) {
            second = try await tokens.replacement(for: token).map(request)
        } catch {
            // An earlier attempt may have acted all the same.
            throw RequestFailure(cause: error, attempts: refusal.attempts, mayHaveActed: refusal.mayHaveActed)
        }
        guard let second else { throw RequestFailure(refusal) }
        do {
            return try await connection.send(second)
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
