import Foundation

/// Asks the compute service which images servers were created from.
struct ComputeClient: Sendable {
    var authorized: AuthorizedConnection
    var choice: EndpointChoice

    /// The names of the project's servers, by the ID of the image that each was created from.
    ///
    /// One list serves all images. It is asked of Nova (`GET /servers/detail`, "List Servers Detailed") and, where the
    /// catalog has it, of Open Telekom Cloud's ECS (`GET /v1/{project_id}/cloudservers/detail`, "Querying Details About
    /// ECSs"), which also knows the image of a server that boots from a volume.
    ///
    /// - Throws: ``ImageDeletionError/configuration(_:)`` where the catalog has neither.
    func serversByImage() async throws(ImageDeletionError) -> [ImageID: [String]] {
        let token = try await authorized.tokens.describedToken()
        let hasNova = try choice.endpoint(of: "compute", for: token) != nil
        let hasECS = try choice.endpoint(of: "ecs", for: token) != nil
        guard hasNova || hasECS else { throw .configuration([.noComputeService]) }
        var servers: [Server] = []
        if hasNova { servers += try await novaServers() }
        if hasECS { servers += try await ecsServers() }
        var names: [ImageID: [String]] = [:]
        // Both services may name the same server.
        var told: [ImageID: Set<String>] = [:]
        for server in servers {
            for id in server.imageIDs where told[id, default: []].insert(server.label).inserted {
                names[id, default: []].append(server.label)
            }
        }
        return names
    }

    private static let pageSize = 1000
    // More than any project has, and less than a service can invent.
    private static let mostPages = 1000
    private static let mostServers = 200_000

    /// Pages go on after the last server seen, until one has nothing in it: a service may give fewer than asked for, and
    /// no link.
    private func novaServers() async throws(ImageDeletionError) -> [Server] {
        var servers: [Server] = []
        var markers: Set<String> = []
        var marker: String?
        for _ in 0..<Self.mostPages {
            var query = [(name: "limit", value: "\(Self.pageSize)")]
            if let marker { query.append(("marker", marker)) }
            let page = try await page("compute", "servers/detail", query)
            servers += page.servers
            guard servers.count <= Self.mostServers else { throw Self.endless }
            guard let last = page.servers.last?.id else { return servers }
            guard markers.insert(last).inserted else { throw Self.endless }
            marker = last
        }
        throw Self.endless
    }

    /// Pages are numbered from 1, until one has nothing in it.
    private func ecsServers() async throws(ImageDeletionError) -> [Server] {
        var servers: [Server] = []
        for number in 1...Self.mostPages {
            let query = [(name: "offset", value: "\(number)"), ("limit", "\(Self.pageSize)")]
            let page = try await page("ecs", "cloudservers/detail", query)
            servers += page.servers
            guard servers.count <= Self.mostServers else { throw Self.endless }
            if page.servers.isEmpty { return servers }
        }
        throw Self.endless
    }

    private static let endless = ImageDeletionError.service(
        ServiceError(.compute, .unexpected, message: "the list of servers does not end")
    )

    private func page(
        _ type: String,
        _ path: String,
        _ query: [(name: String, value: String)]
    ) async throws(ImageDeletionError) -> ServerPage {
        let reply: Reply
        do {
            reply = try await authorized.send { token throws(ImageDeletionError) in
                guard let endpoint = try choice.endpoint(of: type, for: token) else {
                    throw .configuration([.noComputeService])
                }
                return ServiceRequest(
                    service: .compute,
                    method: "GET",
                    url: endpoint.appendingPathComponent(path).with(query),
                    headers: ["X-Auth-Token": token.secret.value],
                    expects: [200],
                    secrets: [token.secret]
                )
            }
        } catch {
            throw error.cause
        }
        guard let page = try? JSONDecoder().decode(ServerPage.self, from: reply.body) else {
            throw reply.unusable("the answer is no list of servers")
        }
        return page
    }
}

/// One page of servers, as both services describe them.
private struct ServerPage: Decodable {
    var servers: [Server]
}

private struct Server: Decodable {
    var id: String
    var label: String
    /// The images that it was made from, by all that is said of it.
    var imageIDs: Set<ImageID>

    private enum CodingKeys: String, CodingKey {
        case id, name, image, metadata
    }

    private enum ImageKeys: String, CodingKey {
        case id
    }

    private enum MetadataKeys: String, CodingKey {
        case image = "metering.image_id"
    }

    /// An image that is named in a way that is not understood is an error: the server may be made from any.
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        id = try json.decode(String.self, forKey: .id)
        let name = try? json.decodeIfPresent(String.self, forKey: .name)
        label = name.flatMap { $0.isEmpty ? nil : $0 } ?? id
        let image = try? json.nestedContainer(keyedBy: ImageKeys.self, forKey: .image)
        let metadata = try? json.nestedContainer(keyedBy: MetadataKeys.self, forKey: .metadata)
        let texts = [
            try image?.decode(String.self, forKey: .id) ?? json.decodeIfPresent(String.self, forKey: .image),
            try metadata?.decodeIfPresent(String.self, forKey: .image),
        ]
        // Empty for a server that boots from a volume.
        imageIDs = Set(try texts.compactMap { $0 }.filter { !$0.isEmpty }.map { try ImageID($0) })
    }
}
