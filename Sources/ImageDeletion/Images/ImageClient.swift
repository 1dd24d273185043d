import Foundation

/// The image service's calls for one image, each with a token that it takes.
struct ImageClient: Sendable {
    var connection: ServiceConnection
    var tokens: TokenSource
    var authURL: URL?
    var choice: EndpointChoice

    /// A token, and the endpoint that it is for.
    func session() async throws(ImageDeletionError) -> (token: Token, endpoint: URL) {
        let token = try await tokens.token()
        return (token, try choice.endpoint(for: token, authURL: authURL))
    }

    /// `GET /v2/images/{image_id}`. Glance: "Show image".
    func image(_ id: ImageID) async throws(ImageDeletionError) -> Image {
        let reply = try await send("GET", id, expects: [200])
        guard let image = try? JSONDecoder().decode(Image.self, from: reply.body), image.id == id else {
            let reason = "the answer does not describe image \(id)"
            throw .service(ServiceError(.image, .unexpected, status: reply.status, message: reason))
        }
        return image
    }

    /// `DELETE /v2/images/{image_id}`. Open Telekom Cloud: "Deleting an Image (Native OpenStack API)".
    ///
    /// - Parameter deletingBackup: Whether the backups of a full-server image go with it. Only then is a body sent:
    ///   it is an extension of Open Telekom Cloud, and a DELETE has none elsewhere.
    func delete(_ id: ImageID, deletingBackup: Bool) async throws(ImageDeletionError) -> Reply {
        let body = deletingBackup ? Data(#"{"delete_backup":true}"#.utf8) : nil
        return try await send("DELETE", id, body: body, expects: [204])
    }

    /// Sends with the token at hand, and once more with another if that one is not taken.
    private func send(
        _ method: String,
        _ id: ImageID,
        body: Data? = nil,
        expects: Set<Int>
    ) async throws(ImageDeletionError) -> Reply {
        let session = try await session()
        let refusal: ServiceError
        do {
            return try await connection.send(request(method, id, body, expects, session.token, session.endpoint))
        } catch {
            refusal = error
        }
        guard refusal.kind == .unauthorized, let token = try await tokens.replacement(for: session.token) else {
            throw .service(refusal)
        }
        // The endpoint stays: another token is no reason to delete somewhere else.
        do {
            return try await connection.send(request(method, id, body, expects, token, session.endpoint))
        } catch {
            var failure = error
            failure.attempts += refusal.attempts
            failure.followsLostAnswer = failure.followsLostAnswer || refusal.mayHaveActed
            failure.mayHaveActed = failure.mayHaveActed || refusal.mayHaveActed
            throw .service(failure)
        }
    }

    private func request(
        _ method: String,
        _ id: ImageID,
        _ body: Data?,
        _ expects: Set<Int>,
        _ token: Token,
        _ endpoint: URL
    ) -> ServiceRequest {
        ServiceRequest(
            service: .image,
            method: method,
            url: endpoint.appendingPathComponent("images/\(id)"),
            headers: ["X-Auth-Token": token.secret.value],
            body: body,
            expects: expects,
            secrets: [token.secret]
        )
    }
}
