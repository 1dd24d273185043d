import ImageDeletionEssentials

/// Asks the compute services about servers, and the block storage service about the volumes that they boot from.
struct ComputeClient: Sendable {
    var authorized: AuthorizedConnection
    var choice: EndpointChoice

    /// Returns the project's servers, each once.
    ///
    /// One list serves all images. It is asked of Nova and, where the catalog has it, of Open Telekom Cloud's ECS, which
    /// also knows the image of a server that boots from a volume.
    ///
    /// - Throws: ``ImageDeletionError/configuration(_:)`` if the catalog has neither.
    func servers() async throws(ImageDeletionError) -> [Server] {
        let token = try await authorized.tokens.describedToken()
        let hasNova = try endpoint(of: .nova, for: token) != nil
        let hasECS = try endpoint(of: .ecs, for: token) != nil
        guard hasNova || hasECS else { throw .configuration([.noComputeService]) }
        var servers: [Server] = []
        if hasNova { servers += try await list(ServerPage.self, of: .nova) }
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
    /// - Throws: ``ImageDeletionError/configuration(_:)`` if the catalog has no block storage service.
    func volumes() async throws(ImageDeletionError) -> [Volume] {
        _ = try await authorized.tokens.describedToken()
        return try await list(VolumePage.self, of: .cinder)
    }

    /// A list of one of the services.
    private struct Resource {
        var service: ServiceError.Service
        /// The types that the service may have in the catalog.
        var types: [String]
        var path: String
        /// The problem of a catalog without the service.
        var missing: ConfigurationProblem

        static let nova = Resource(
            service: .compute,
            types: ["compute"],
            path: "servers/detail",
            missing: .noComputeService
        )
        static let ecs = Resource(
            service: .compute,
            types: ["ecs"],
            path: "cloudservers/detail",
            missing: .noComputeService
        )
        static let cinder = Resource(
            service: .volume,
            types: Token.volumeServiceTypes,
            path: "volumes/detail",
            missing: .noVolumeService
        )
    }

    private func endpoint(of resource: Resource, for token: Token) throws(ImageDeletionError) -> URL? {
        for type in resource.types {
            if let endpoint = try choice.endpoint(of: type, for: token) { return endpoint }
        }
        return nil
    }

    private static let pageSize = 1000
    // More than any project has, and less than a service can invent.
    private static let mostPages = 1000
    private static let mostItems = 200_000

    /// Reads a list to its end. Pages go on after the last item seen, until one has nothing in it: a service may give
    /// fewer than asked for, and no link.
    private func list<P: Page>(_: P.Type, of resource: Resource) async throws(ImageDeletionError) -> [P.Item] {
        var items: [P.Item] = []
        var markers: Set<String> = []
        var marker: String?
        for _ in 0..<Self.mostPages {
            var query = [(name: "limit", value: "\(Self.pageSize)")]
            if let marker { query.append(("marker", marker)) }
            let page = try await page(P.self, of: resource, query)
            items += page.items
            guard items.count <= Self.mostItems else { throw Self.endless(P.self, resource) }
            guard let last = page.items.last else { return items }
            guard markers.insert(P.id(last)).inserted else { throw Self.endless(P.self, resource) }
            marker = P.id(last)
        }
        throw Self.endless(P.self, resource)
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
        for number in 1...Self.mostPages {
            let query = [(name: "offset", value: "\(number)"), ("limit", "\(Self.pageSize)")]
            let page = try await page(ServerPage.self, of: .ecs, query)
            servers += page.servers
            guard servers.count <= Self.mostItems else { throw Self.endless(ServerPage.self, .ecs) }
            if page.servers.isEmpty { return servers }
        }
        throw Self.endless(ServerPage.self, .ecs)
    }

    private static func endless(_ page: any Page.Type, _ resource: Resource) -> ImageDeletionError {
        .service(ServiceError(resource.service, .unexpected, message: "the list of \(page.noun) does not end"))
    }

    private func page<P: Page>(
        _: P.Type,
        of resource: Resource,
        _ query: [(name: String, value: String)]
    ) async throws(ImageDeletionError) -> P {
        let reply: Reply
        do {
            reply = try await authorized.send { token throws(ImageDeletionError) in
                guard let endpoint = try endpoint(of: resource, for: token) else {
                    throw .configuration([resource.missing])
                }
                return ServiceRequest(
                    service: resource.service,
                    method: "GET",
                    url: endpoint.appendingPathComponent(resource.path).with(query),
                    headers: ["X-Auth-Token": token.secret.value],
                    expects: [200],
                    secrets: [token.secret]
                )
            }
        } catch {
            throw error.cause
        }
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
