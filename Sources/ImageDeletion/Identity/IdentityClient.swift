import ImageDeletionEssentials

/// The three token calls of the identity service.
struct IdentityClient: Sendable {
    var credentials: Credentials
    var connection: ServiceConnection

    /// Requests a token: `POST /v3/auth/tokens`, twice for an agency's. A 401 is final: five of them can lock an account.
    ///
    /// - Parameter maximumUncertainAttempts: The number of times that the password may be sent without a response that
    ///   says whether it was processed. Each may count as a wrong password.
    func token(from authURL: URL, maximumUncertainAttempts: Int) async throws(ImageDeletionError) -> Token {
        let request = ServiceRequest(
            service: .identity,
            method: "POST",
            endpoint: authURL,
            path: "auth/tokens",
            body: TokenRequest(credentials).body,
            expects: [200, 201],
            secrets: credentials.secrets,
            maximumUncertainAttempts: maximumUncertainAttempts
        )
        guard let agency = credentials.agency else { return try await token(request, secret: nil) }
        let own = try await receive(request, secret: nil).secret
        do throws(ImageDeletionError) {
            return try await token(agency.request(to: authURL, with: own, for: credentials.project), secret: nil)
        } catch {
            throw agency.meaning(of: error)
        }
    }

    /// Looks up what the token from `OS_TOKEN` is for: `GET /v3/auth/tokens`.
    func description(of token: Secret, from authURL: URL) async throws(ImageDeletionError) -> Token {
        do {
            return try await self.token(
                ServiceRequest(
                    service: .identity,
                    method: "GET",
                    endpoint: authURL,
                    path: "auth/tokens",
                    headers: ["X-Auth-Token": token.value, "X-Subject-Token": token.value],
                    secrets: [token]
                ),
                secret: token
            )
        } catch {
            guard var failure = error.serviceError, failure.status == 401 || failure.saysTokenIsInvalid else {
                throw error
            }
            failure.kind = .invalidToken
            throw .service(failure)
        }
    }

    /// Makes a token worthless: `DELETE /v3/auth/tokens`. One that is worthless already is as good.
    func revoke(_ token: Secret, at authURL: URL) async throws(ImageDeletionError) {
        do {
            _ = try await connection.send(
                ServiceRequest(
                    service: .identity,
                    method: "DELETE",
                    endpoint: authURL,
                    path: "auth/tokens",
                    headers: ["X-Auth-Token": token.value, "X-Subject-Token": token.value],
                    expects: [204],
                    secrets: [token]
                )
            )
        } catch  where error.status == 401 || error.saysTokenIsInvalid {
            return
        } catch {
            throw .service(error)
        }
    }

    /// Returns a token for the project that is wanted.
    private func token(_ request: ServiceRequest, secret: Secret?) async throws(ImageDeletionError) -> Token {
        let token = try await receive(request, secret: secret)
        if token.project == nil { throw .configuration([.tokenWithoutProject]) }
        if let problem = credentials.contradiction(to: token) { throw .configuration([problem]) }
        return token
    }

    /// Returns a token for whatever it is for.
    private func receive(_ request: ServiceRequest, secret: Secret?) async throws(ImageDeletionError) -> Token {
        let reply: Reply
        do { reply = try await connection.send(request) } catch { throw .service(error) }
        let token: Token
        do {
            token = try TokenResponse.token(secret?.value ?? reply.header("X-Subject-Token"), body: reply.body)
        } catch {
            throw .service(
                ServiceError(.identity, .unexpected, status: reply.status, message: error.reason)
            )
        }
        try checkExpiry(of: token, serverTime: reply.date)
        return token
    }

    private func checkExpiry(of token: Token, serverTime: Date?) throws(ImageDeletionError) {
        let now = connection.clock.now()
        if let serverTime, abs(now.timeIntervalSince(serverTime)) > Token.margin {
            connection.report(.clockDiffers(seconds: now.timeIntervalSince(serverTime)))
        }
        if let expiresAt = token.expiresAt, expiresAt <= now {
            throw .configuration([.tokenEnded(expiresAt: expiresAt, now: now, serverTime: serverTime)])
        }
    }
}

extension ServiceError {
    /// Open Telekom Cloud's IAM answers 403 to an invalid token, which otherwise means a missing permission. Keystone
    /// answers 404, which otherwise means a wrong address.
    fileprivate var saysTokenIsInvalid: Bool {
        let words = (message ?? "").lowercased()
        return switch status {
        case 403: words.contains("x-auth-token is invalid")
        case 404: ["validate token", "fernet token", "find token", "token not found"].contains { words.contains($0) }
        default: false
        }
    }
}
