/// Sends with the token at hand, and once more with another if that one is not taken.
struct AuthorizedConnection: Sendable {
    var connection: ServiceConnection
    var tokens: TokenSource

    /// Sends what `request` makes of a token. It is asked again for the second try, and must then ask for the same:
    /// another token is no reason to do something else, or somewhere else.
    func send(
        with token: Token,
        _ request: (Token) -> ServiceRequest
    ) async throws(ImageDeletionError) -> Reply {
        let refusal: ServiceError
        do {
            return try await connection.send(request(token))
        } catch {
            refusal = error
        }
        guard refusal.kind == .unauthorized, let other = try await tokens.replacement(for: token) else {
            throw .service(refusal)
        }
        do {
            return try await connection.send(request(other))
        } catch {
            var failure = error
            failure.attempts += refusal.attempts
            failure.followsLostAnswer = failure.followsLostAnswer || refusal.mayHaveActed
            failure.mayHaveActed = failure.mayHaveActed || refusal.mayHaveActed
            throw .service(failure)
        }
    }
}
