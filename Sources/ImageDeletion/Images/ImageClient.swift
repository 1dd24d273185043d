import Foundation

/// The image service's calls, each with a token that it takes.
struct ImageClient: Sendable {
    var authorized: AuthorizedConnection
    var authURL: URL?
    var choice: EndpointChoice

    var tokens: TokenSource { authorized.tokens }
    var clock: WallClock { authorized.connection.clock }

    /// A token, and the endpoint that it is for.
    func session() async throws(ImageDeletionError) -> (token: Token, endpoint: URL) {
        let token = try await tokens.token()
        return (token, try choice.imageEndpoint(for: token, authURL: authURL))
    }

    /// `GET /v2/images/{image_id}`. Glance: "Show image".
    func image(_ id: ImageID) async throws(ImageDeletionError) -> Image {
        let reply = try await send("GET", "images/\(id)", expects: [200])
        guard let image = try? JSONDecoder().decode(Image.self, from: reply.body), image.id == id else {
            throw reply.unusable("the answer does not describe image \(id)")
        }
        return image
    }

    /// `DELETE /v2/images/{image_id}`. Open Telekom Cloud: "Deleting an Image (Native OpenStack API)".
    ///
    /// - Parameter deletingBackup: Whether the backups of a full-server image go with it. Only then is a body sent:
    ///   it is an extension of Open Telekom Cloud, and a DELETE has none elsewhere.
    func delete(_ id: ImageID, deletingBackup: Bool) async throws(ImageDeletionError) -> Reply {
        let body = deletingBackup ? Data(#"{"delete_backup":true}"#.utf8) : nil
        return try await send("DELETE", "images/\(id)", body: body, expects: [204])
    }

    /// `PATCH /v2/images/{image_id}`. Glance: "Update image".
    func setProtection(of id: ImageID, to isProtected: Bool) async throws(ImageDeletionError) {
        _ = try await send(
            "PATCH",
            "images/\(id)",
            body: Data(#"[{"op":"replace","path":"/protected","value":\#(isProtected)}]"#.utf8),
            contentType: "application/openstack-images-v2.1-json-patch",
            expects: [200]
        )
    }

    /// `GET /v2/images/{image_id}/members`: the IDs of the projects that the image is lent to. Glance: "List image
    /// members"; Open Telekom Cloud: "Querying Image Sharing Members (Native OpenStack API)".
    func members(of id: ImageID) async throws(ImageDeletionError) -> [String] {
        struct Members: Decodable {
            var members: [Member]
            struct Member: Decodable {
                var memberId: String
            }
        }
        let reply = try await send("GET", "images/\(id)/members", expects: [200])
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(Members.self, from: reply.body) else {
            throw reply.unusable("the answer is no list of members")
        }
        return answer.members.map(\.memberId)
    }

    /// `GET /v2/images`: one page. Glance: "List images"; Open Telekom Cloud: "Querying Images (Native OpenStack API)".
    ///
    /// - Parameter marker: The image after which the page begins; nil for the first page.
    func page(_ query: ImageQuery, after marker: ImageID?) async throws(ImageDeletionError) -> ImagePage {
        let reply = try await send("GET", "images", query: query.items(after: marker), expects: [200])
        guard let page = try? JSONDecoder().decode(ImagePage.self, from: reply.body) else {
            throw reply.unusable("the answer is no list of images")
        }
        return page
    }

    private func send(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)] = [],
        body: Data? = nil,
        contentType: String = "application/json",
        expects: Set<Int>
    ) async throws(ImageDeletionError) -> Reply {
        let session = try await session()
        return try await authorized.send(with: session.token) { token in
            ServiceRequest(
                service: .image,
                method: method,
                url: session.endpoint.appendingPathComponent(path).with(query),
                headers: ["X-Auth-Token": token.secret.value],
                body: body,
                contentType: contentType,
                expects: expects,
                secrets: [token.secret]
            )
        }
    }
}

extension Reply {
    /// The error for an answer with a good status and a body that makes no sense.
    func unusable(_ reason: String) -> ImageDeletionError {
        .service(ServiceError(service, .unexpected, status: status, message: reason))
    }
}
