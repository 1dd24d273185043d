import ImageDeletionEssentials

/// The image service's calls.
struct ImageClient: Sendable {
    var connection: ServiceConnection
    var authorization: any Authorization
    /// Where the image service's address is from, for people.
    var addressSource: String
    private let notFoundCheck = NotFoundCheck()
    let clockCheck = ClockCheck()

    /// `GET /v2/images/{image_id}`. Glance: "Show image".
    ///
    /// - Parameter properties: The names of the additional properties to read.
    func image(_ id: ImageID, properties: Set<String> = []) async throws(ImageDeletionError) -> Image {
        let reply = try await reply(to: request("GET", "images/\(id)"))
        guard let image = try? JSONDecoder(imageProperties: properties).decode(Image.self, from: reply.body),
            image.id == id
        else {
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
        var request = request("DELETE", "images/\(id)")
        request.body = deletingBackup ? Data(#"{"delete_backup":true}"#.utf8) : nil
        request.expects = [204]
        return try await send(request)
    }

    /// A field of an image that is true or false.
    enum Flag: String {
        case protected
        case hidden = "os_hidden"
    }

    /// `PATCH /v2/images/{image_id}`. Glance: "Update image".
    ///
    /// - Returns: The image as the service describes it now; nil if it does not.
    @discardableResult
    func set(_ flag: Flag, of id: ImageID, to value: Bool) async throws(RequestFailure) -> Image? {
        var request = request("PATCH", "images/\(id)")
        request.body = Data(#"[{"op":"replace","path":"/\#(flag.rawValue)","value":\#(value)}]"#.utf8)
        request.contentType = "application/openstack-images-v2.1-json-patch"
        let reply = try await send(request)
        return try? JSONDecoder().decode(Image.self, from: reply.body)
    }

    /// `PUT /v2/images/{image_id}/tags/{tag}`. Glance: "Add image tag"; Open Telekom Cloud: "Adding a Tag (Native OpenStack
    /// API)".
    func addTag(_ tag: String, to id: ImageID) async throws(RequestFailure) -> Reply {
        var request = request("PUT", "images/\(id)/tags/\(tag)")
        request.expects = [204]
        return try await send(request)
    }

    /// `DELETE /v2/images/{image_id}/tags/{tag}`. Glance: "Delete image tag"; Open Telekom Cloud: "Deleting an Image Tag
    /// (Native OpenStack API)".
    func removeTag(_ tag: String, from id: ImageID) async throws(RequestFailure) -> Reply {
        var request = request("DELETE", "images/\(id)/tags/\(tag)")
        request.expects = [204]
        return try await send(request)
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
        let reply = try await reply(to: request("GET", "images/\(id)/members"))
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
            reply = try await self.reply(to: request("GET", Self.listPath, query.items(after: marker)))
        } catch {
            // A later page says so of its marker.
            throw marker == nil && error.isNotFound ? try await noImageService() : error
        }
        let page: ImagePage
        do {
            page = try ImagePage(reply.body, names, properties: query.properties)
        } catch let entry as ImagePage.UnusableEntry {
            throw reply.unusable("entry \(entry.number) of a page of the list of images has no image ID")
        } catch {
            throw reply.unusable("the response is not a list of images")
        }
        await notFoundCheck.noteAnswer()
        return page
    }

    private func request(
        _ method: String,
        _ path: String,
        _ query: [(name: String, value: String)] = []
    ) -> ServiceRequest {
        ServiceRequest(service: .image, method: method, path: path, query: query)
    }

    private func reply(to request: ServiceRequest) async throws(ImageDeletionError) -> Reply {
        let reply: Reply
        do { reply = try await send(request) } catch { throw error.cause }
        if let date = reply.date { await clockCheck.note(connection.clock.now().timeIntervalSince(date)) }
        return reply
    }

    private func send(_ request: ServiceRequest) async throws(RequestFailure) -> Reply {
        do throws(RequestFailure) {
            return try await connection.send(request, authorizedBy: authorization)
        } catch {
            guard error.cause.isNotFound, request.path != Self.listPath else { throw error }
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
        if try await authorization.project() == nil { throw .configuration([.tokenOfUnknownProject]) }
        if await notFoundCheck.hasAnswered { return }
        let failure: ServiceError
        do throws(RequestFailure) {
            let list = request("GET", Self.listPath, [(name: "limit", value: "1")])
            let reply = try await connection.send(list, authorizedBy: authorization)
            if (try? ImagePage(reply.body)) != nil { return }
            failure = ServiceError(.image, .unexpected, status: reply.status)
        } catch {
            guard let error = error.cause.serviceError else { throw error.cause }
            failure = error
        }
        switch failure.kind {
        // It knows the list, and keeps it from this account.
        case .forbidden, .lacksPermission: return
        case .notFound, .rejected, .redirected, .unexpected: throw try await noImageService()
        default: throw .service(failure)
        }
    }

    private func noImageService() async throws(ImageDeletionError) -> ImageDeletionError {
        .configuration([.noImageServiceAt(try await authorization.endpoint(of: .image), source: addressSource)])
    }

    private static let listPath = "images"
}

extension Reply {
    /// The error for an answer with a good status and a body that makes no sense.
    func unusable(_ reason: String) -> ImageDeletionError {
        .service(ServiceError(service, .unexpected, status: status, message: reason))
    }
}
