import ImageDeletionEssentials

/// The image service's calls, each with a token that it takes.
struct ImageClient: Sendable {
    var authorized: AuthorizedConnection
    var authURL: URL?
    var choice: EndpointChoice
    private let notFoundCheck = NotFoundCheck()
    /// The endpoint of the latest token: the catalog is searched once for all images.
    private let endpoint = Locked<(secret: Secret, url: URL)?>(nil)
    let clockCheck = ClockCheck()

    init(authorized: AuthorizedConnection, authURL: URL?, choice: EndpointChoice) {
        self.authorized = authorized
        self.authURL = authURL
        self.choice = choice
    }

    var tokens: TokenSource { authorized.tokens }
    var clock: WallClock { authorized.connection.clock }

    /// A token, and the endpoint that it is for.
    func session() async throws(ImageDeletionError) -> (token: Token, endpoint: URL) {
        let token = try await tokens.token()
        return (token, try imageEndpoint(for: token))
    }

    private func imageEndpoint(for token: Token) throws(ImageDeletionError) -> URL {
        if let known = endpoint.withLock({ $0 }), known.secret == token.secret { return known.url }
        let url = try choice.imageEndpoint(for: token, authURL: authURL)
        endpoint.withLock { $0 = (token.secret, url) }
        return url
    }

    /// `GET /v2/images/{image_id}`. Glance: "Show image".
    func image(_ id: ImageID) async throws(ImageDeletionError) -> Image {
        let reply = try await reply(to: Call(method: "GET", path: "images/\(id)"))
        guard let image = try? JSONDecoder().decode(Image.self, from: reply.body), image.id == id else {
            throw reply.unusable("the answer does not describe image \(id)")
        }
        await notFoundCheck.noteAnswer()
        return image
    }

    /// `DELETE /v2/images/{image_id}`. Open Telekom Cloud: "Deleting an Image (Native OpenStack API)".
    ///
    /// - Parameter deletingBackup: Whether the backups of a full-server image go with it. Only then is a body sent:
    ///   it is an extension of Open Telekom Cloud, and a DELETE has none elsewhere.
    func delete(_ id: ImageID, deletingBackup: Bool) async throws(RequestFailure) -> Reply {
        let body = deletingBackup ? Data(#"{"delete_backup":true}"#.utf8) : nil
        return try await send(Call(method: "DELETE", path: "images/\(id)", body: body, expects: [204]))
    }

    /// `PATCH /v2/images/{image_id}`. Glance: "Update image".
    func setProtection(of id: ImageID, to isProtected: Bool) async throws(RequestFailure) {
        _ = try await send(
            Call(
                method: "PATCH",
                path: "images/\(id)",
                body: Data(#"[{"op":"replace","path":"/protected","value":\#(isProtected)}]"#.utf8),
                contentType: "application/openstack-images-v2.1-json-patch"
            )
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
        let reply = try await reply(to: Call(method: "GET", path: "images/\(id)/members"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(Members.self, from: reply.body) else {
            throw reply.unusable("the response is not a list of members")
        }
        return answer.members.map(\.memberId)
    }

    /// `GET /v2/images`: one page. Glance: "List images"; Open Telekom Cloud: "Querying Images (Native OpenStack API)".
    ///
    /// - Parameters:
    ///   - marker: The image after which the page begins; nil for the first page.
    ///   - names: The images to read as a whole; nil for all of them.
    func page(
        _ query: ImageQuery,
        after marker: ImageID?,
        _ names: ImagePage.NameFilter?
    ) async throws(ImageDeletionError) -> ImagePage {
        let reply: Reply
        do throws(ImageDeletionError) {
            reply = try await self.reply(
                to: Call(method: "GET", path: Self.listPath, query: query.items(after: marker))
            )
        } catch {
            // A later page says so of its marker.
            throw marker == nil && error.isNotFound ? try await noImageService() : error
        }
        let page: ImagePage
        do {
            page = try ImagePage(reply.body, names)
        } catch let entry as ImagePage.UnusableEntry {
            throw reply.unusable("entry \(entry.number) of a page of the list of images has no image ID")
        } catch {
            throw reply.unusable("the response is not a list of images")
        }
        if let date = reply.date { await clockCheck.note(clock.now().timeIntervalSince(date)) }
        await notFoundCheck.noteAnswer()
        return page
    }

    /// One of the calls above, before there is a token for it.
    private struct Call {
        var method: String
        var path: String
        var query: [(name: String, value: String)] = []
        var body: Data?
        var contentType = "application/json"
        var expects: Set<Int> = [200]
    }

    private func reply(to call: Call) async throws(ImageDeletionError) -> Reply {
        do { return try await send(call) } catch { throw error.cause }
    }

    private func send(_ call: Call) async throws(RequestFailure) -> Reply {
        do throws(RequestFailure) {
            return try await sendUnchecked(call)
        } catch {
            guard error.cause.isNotFound, call.path != Self.listPath else { throw error }
            do throws(ImageDeletionError) {
                try await notFoundCheck.pass { () throws(ImageDeletionError) in try await checkNotFound() }
            } catch let problem {
                throw RequestFailure(cause: problem, attempts: error.attempts, mayHaveActed: error.mayHaveActed)
            }
            throw error
        }
    }

    /// Checks what a 404 depends on: a token for a project, and an image service v2 at the address.
    private func checkNotFound() async throws(ImageDeletionError) {
        if try await tokens.token().project == nil {
            guard authURL != nil else { throw .configuration([.tokenOfUnknownProject]) }
            _ = try await tokens.describedToken()
        }
        if await notFoundCheck.hasAnswered { return }
        let failure: ServiceError
        do throws(RequestFailure) {
            let reply = try await sendUnchecked(
                Call(method: "GET", path: Self.listPath, query: [(name: "limit", value: "1")])
            )
            if (try? ImagePage(reply.body)) != nil { return }
            failure = ServiceError(.image, .unexpected, status: reply.status)
        } catch {
            guard case .service(let error) = error.cause else { throw error.cause }
            failure = error
        }
        switch failure.kind {
        // It knows the list, and keeps it from this account.
        case .forbidden, .lacksRight: return
        case .notFound, .rejected, .redirected, .unexpected: throw try await noImageService()
        default: throw .service(failure)
        }
    }

    private func noImageService() async throws(ImageDeletionError) -> ImageDeletionError {
        let source = choice.override == nil ? "the catalog" : "OS_IMAGE_ENDPOINT_OVERRIDE"
        return .configuration([.noImageServiceAt(try await session().endpoint, source: source)])
    }

    private static let listPath = "images"

    private func sendUnchecked(_ call: Call) async throws(RequestFailure) -> Reply {
        try await authorized.send { token throws(ImageDeletionError) in
            ServiceRequest(
                service: .image,
                method: call.method,
                url: try imageEndpoint(for: token).appendingPathComponent(call.path).with(call.query),
                headers: ["X-Auth-Token": token.secret.value],
                body: call.body,
                contentType: call.contentType,
                expects: call.expects,
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
