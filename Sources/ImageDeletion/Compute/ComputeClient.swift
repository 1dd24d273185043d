import ImageDeletionEssentials

/// Asks the compute services about servers, and the block storage service about the volumes that they boot from.
struct ComputeClient: Sendable {
    var connection: ServiceConnection
    var authorization: any Authorization

    /// Returns the project's servers, each once.
    ///
    /// One list serves all images. It is asked of Nova and, where the catalog has it, of Open Telekom Cloud's ECS, which
    /// also knows the image of a server that boots from a volume.
    ///
    /// - Throws: ``ImageDeletionError/Code/configuration`` if the catalog has neither.
    func servers() async throws(ImageDeletionError) -> [Server] {
        let hasNova = try await authorization.offers(.nova)
        let hasECS = try await authorization.offers(.ecs)
        guard hasNova || hasECS else { throw .configuration([.noComputeService]) }
        var servers: [Server] = []
        if hasNova { servers += try await list(ServerPage.self, of: .nova, "servers/detail") }
        if hasECS { servers += try await ecsServers() }
        var indices: [String: Int] = [:]
        return servers.reduce(into: []) { merged, server in
            if let index = indices[server.id] {
                merged[index].merge(server)
            } else {
                indices[server.id] = merged.count
                merged.append(server)
            }
        }
    }

    /// Returns the project's volumes (`GET /v3/{project_id}/volumes/detail`).
    ///
    /// - Throws: ``ImageDeletionError/Code/configuration`` if the catalog has no block storage service.
    func volumes() async throws(ImageDeletionError) -> [Volume] {
        try await list(VolumePage.self, of: .cinder, "volumes/detail")
    }

    private static let pageSize = 1000
    // More than any project has, and less than a service can invent.
    private static let maximumPages = 1000
    private static let maximumItems = 200_000

    /// Reads a list to its end. Pages go on after the last item seen, until one has nothing in it: a service may give
    /// fewer than asked for, and no link.
    private func list<P: Page>(
        _: P.Type,
        of service: CloudService,
        _ path: String
    ) async throws(ImageDeletionError) -> [P.Item] {
        var items: [P.Item] = []
        var markers: Set<String> = []
        var marker: String?
        for _ in 0..<Self.maximumPages {
            var query = [(name: "limit", value: "\(Self.pageSize)")]
            if let marker { query.append(("marker", marker)) }
            let page = try await page(P.self, of: service, path, query)
            items += page.items
            guard items.count <= Self.maximumItems else { throw Self.endless(P.self, service) }
            guard let last = page.items.last else { return items }
            guard markers.insert(P.id(last)).inserted else { throw Self.endless(P.self, service) }
            marker = P.id(last)
        }
        throw Self.endless(P.self, service)
    }

    /// Reads ECS's list until two readings agree: its pages are numbered, so that a server that goes meanwhile moves
    /// another one to a page that was read already.
    private func ecsServers() async throws(ImageDeletionError) -> [Server] {
        var earlier: Set<String>?
        for _ in 0..<5 {
            let servers = try await ecsReading()
            let ids = Set(servers.map(\.id))
            if ids == earlier { return servers }
            earlier = ids
        }
        throw .service(ServiceError(.compute, .unexpected, message: "the list of servers keeps changing"))
    }

    /// Pages are numbered from 1, until one has nothing in it.
    private func ecsReading() async throws(ImageDeletionError) -> [Server] {
        var servers: [Server] = []
        for number in 1...Self.maximumPages {
            let query = [(name: "offset", value: "\(number)"), ("limit", "\(Self.pageSize)")]
            let page = try await page(ServerPage.self, of: .ecs, "cloudservers/detail", query)
            servers += page.servers
            guard servers.count <= Self.maximumItems else { throw Self.endless(ServerPage.self, .ecs) }
            if page.servers.isEmpty { return servers }
        }
        throw Self.endless(ServerPage.self, .ecs)
    }

    private static func endless(_ page: any Page.Type, _ service: CloudService) -> ImageDeletionError {
        .service(ServiceError(service.name, .unexpected, message: "the list of \(page.noun) does not end"))
    }

    private func page<P: Page>(
        _: P.Type,
        of service: CloudService,
        _ path: String,
        _ query: [(name: String, value: String)]
    ) async throws(ImageDeletionError) -> P {
        let request = ServiceRequest(service: service, method: "GET", path: path, query: query)
        let reply: Reply
        do { reply = try await connection.send(request, authorizedBy: authorization) } catch { throw error.cause }
        guard let page = try? JSONDecoder().decode(P.self, from: reply.body) else {
            throw reply.unusable("the response is not a list of \(P.noun)")
        }
        return page
    }
}

/// One page of a list.
private protocol Page: Decodable {
    associatedtype Item
    static var noun: String { get }
    var items: [Item] { get }
    static func id(_ item: Item) -> String
}

private struct ServerPage: Page {
    static let noun = "servers"
    var servers: [Server]
    var items: [Server] { servers }
    static func id(_ server: Server) -> String { server.id }
}

private struct VolumePage: Page {
    static let noun = "volumes"
    var volumes: [Volume]
    var items: [Volume] { volumes }
    static func id(_ volume: Volume) -> String { volume.id }
}
