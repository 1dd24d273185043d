package import ImageDeletionEssentials

/// Which of the endpoints in the catalog are meant.
package struct EndpointFilter: Sendable, Hashable {
    /// The image service's, used instead of whatever the catalog says (`OS_IMAGE_ENDPOINT_OVERRIDE`); ends in `/v2`.
    package var override: URL?
    /// The region (`OS_REGION_NAME`); nil where the catalog has but one.
    package var region: String?
    /// `public`, `internal` or `admin` (`OS_INTERFACE`).
    package var interface: String
    /// Whether `http` is taken for hosts that are not loopback addresses.
    package var allowsHTTP: Bool

    /// A choice of these parts.
    package init(
        override: URL? = nil,
        region: String? = nil,
        interface: String = "public",
        allowsHTTP: Bool = false
    ) {
        self.override = override
        self.region = region
        self.interface = interface
        self.allowsHTTP = allowsHTTP
    }

    /// Where the image service's address is from, for people.
    var imageSource: String { override == nil ? "the catalog" : "OS_IMAGE_ENDPOINT_OVERRIDE" }

    /// The image service's address: the override, else the catalog's, else, on Open Telekom Cloud, the identity
    /// service's host with `ims` in its place.
    func imageEndpoint(in catalog: ServiceCatalog, authURL: URL?) throws(ImageDeletionError) -> URL {
        if let override { return override }
        let endpoints = catalog.endpoints(of: .image)
        guard !endpoints.isEmpty else {
            if let url = openTelekomCloud(authURL) { return url }
            throw .configuration([.noImageService(types: catalog.allServiceTypes)])
        }
        // A catalog may have an entry for each version of the API.
        let entry = try entry(
            among: [2, nil, 1].flatMap { version in
                endpoints.filter { URL(string: $0.url).flatMap(ServiceAddress.imageVersion) == version }
            }
        )
        do {
            return try ServiceAddress.image(entry.url, allowsHTTP: allowsHTTP)
        } catch {
            throw .configuration([.address(source: "the catalog", value: ServiceAddress.told(entry.url), error)])
        }
    }

    /// The image service's address, where it is known without a catalog; else nil.
    func imageEndpoint(besides authURL: URL?) -> URL? {
        // The host that is derived is the public one.
        override ?? (interface == "public" ? openTelekomCloud(authURL) : nil)
    }

    /// The address of a service, as the catalog has it.
    func endpoint(of service: CloudService, in catalog: ServiceCatalog) throws(ImageDeletionError) -> URL {
        let endpoints = catalog.endpoints(of: service)
        guard !endpoints.isEmpty else {
            throw .configuration([service == .cinder ? .noVolumeService : .noComputeService])
        }
        let entry = try entry(among: endpoints)
        do {
            return try ServiceAddress(entry.url, allowsHTTP: allowsHTTP).url
        } catch {
            throw .configuration([.address(source: "the catalog", value: ServiceAddress.told(entry.url), error)])
        }
    }

    private func entry(among endpoints: [CatalogEndpoint]) throws(ImageDeletionError) -> CatalogEndpoint {
        let reachable = endpoints.filter { Self.name($0.interface) == interface }
        // A region of nil or "*" is everywhere.
        let here = reachable.filter { region == nil || $0.region == nil || $0.region == "*" || $0.region == region }
        guard let entry = here.first(where: { $0.region == region }) ?? here.first else {
            throw .configuration([
                .noEndpoint(
                    region: region,
                    interface: interface,
                    available: endpoints.map { "\($0.region ?? "*") \($0.interface ?? "public")" }
                )
            ])
        }
        // To guess the region would be to guess what is deleted.
        let regions = Set(here.compactMap(\.region)).subtracting(["*"])
        guard region != nil || regions.count < 2 else {
            throw .configuration([.regionNeeded(regions: regions.sorted())])
        }
        return entry
    }

    /// `publicURL` and `public` are the same.
    static func name(_ interface: String?) -> String {
        let name = (interface ?? "public").lowercased()
        return name.hasSuffix("url") ? String(name.dropLast(3)) : name
    }

    private func openTelekomCloud(_ authURL: URL?) -> URL? {
        guard let host = authURL?.host?.lowercased(), host.hasSuffix(".otc.t-systems.com") else { return nil }
        var labels = host.split(separator: ".").map(String.init)
        guard ["iam", "iam-pub"].contains(labels[0]), region == nil || region == labels[1] else { return nil }
        labels[0] = "ims"
        return URL(string: "https://\(labels.joined(separator: "."))/v2")
    }
}
