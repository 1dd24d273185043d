/// Where the services of a cloud are, as the identity service says.
struct ServiceCatalog: Sendable, Hashable {
    /// The endpoints, of every region and interface, of the services that are spoken to, by their type.
    var endpoints: [String: [CatalogEndpoint]]
    /// The types of the other services, for the words of an error.
    var otherServiceTypes: [String]

    /// The types of services that are spoken to.
    static let serviceTypes = Set(CloudService.allCases.flatMap(\.types))

    /// The types of all services.
    var allServiceTypes: [String] { (endpoints.keys + otherServiceTypes).sorted() }

    /// The endpoints of a service, under the first of its types that has any.
    func endpoints(of service: CloudService) -> [CatalogEndpoint] {
        service.types.lazy.compactMap { endpoints[$0] }.first { !$0.isEmpty } ?? []
    }
}

extension ServiceCatalog {
    /// The catalog that a response lists.
    init(_ services: [CatalogService]) {
        self.init(
            endpoints: Dictionary(
                services.filter { Self.serviceTypes.contains($0.type ?? "") }.map {
                    ($0.type ?? "", $0.catalogEndpoints)
                },
                uniquingKeysWith: +
            ),
            otherServiceTypes: Set(services.compactMap(\.type)).subtracting(Self.serviceTypes).sorted()
        )
    }
}

/// One endpoint of the catalog, as it came.
struct CatalogEndpoint: Sendable, Hashable, Codable {
    var region: String?
    var interface: String?
    var url: String
}

/// One service of the catalog, as the identity service lists it.
struct CatalogService: Decodable {
    var type: String?
    var endpoints: [Endpoint]?

    struct Endpoint: Decodable {
        var region: String?
        var regionId: String?
        var interface: String?
        var url: String?
    }

    var catalogEndpoints: [CatalogEndpoint] {
        (endpoints ?? []).compactMap { entry in
            entry.url.map {
                CatalogEndpoint(region: entry.regionId ?? entry.region, interface: entry.interface, url: $0)
            }
        }
    }
}
