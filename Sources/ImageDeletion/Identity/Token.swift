import ImageDeletionEssentials

/// A token of the identity service with what came along: its end, its project, and where the image service is.
struct Token: Sendable, Hashable, Codable {
    /// What goes into `X-Auth-Token`.
    var secret: Secret
    /// When it ends; nil where nobody has said so.
    var expiresAt: Date?
    /// The project that it is for; nil where nobody has said so.
    var project: TokenProject?
    /// The domain of the project.
    var projectDomain: ProjectDomain?
    /// The catalog's endpoints, of every region and interface, of the services that are spoken to, by their type; nil
    /// where nobody has said so.
    var endpoints: [String: [CatalogEndpoint]]?
    /// The types of the other services in the catalog, for the words of an error.
    var otherServiceTypes: [String] = []

    /// The catalog that came along; an empty one where nobody has said so.
    var catalog: ServiceCatalog { ServiceCatalog(endpoints: endpoints ?? [:], otherServiceTypes: otherServiceTypes) }

    /// A token is used until this long before its end, so that none ends on the way.
    static let margin: TimeInterval = 5 * 60

    /// Whether it can still be taken from the cache.
    func isFresh(at now: Date) -> Bool {
        expiresAt.map { now < $0 - Self.margin } ?? true
    }

    /// Whether it is still worth sending. One that was born with less than the margin to live is used to its end.
    func isUsable(at now: Date, obtainedAt: Date) -> Bool {
        guard let expiresAt else { return true }
        return isFresh(at: now) || (!isFresh(at: obtainedAt) && now < expiresAt)
    }
}

/// A project as the identity service names it: the one that a token is for.
public struct TokenProject: Sendable, Hashable, Codable {
    /// Its ID, which its images bear as ``Image/owner``.
    public var id: String
    /// Its name; nil where the service does not say.
    public var name: String?
}

/// A project's domain as the identity service names it.
struct ProjectDomain: Sendable, Hashable, Codable {
    var id: String?
    var name: String?
}

extension Secret: Codable {
    /// Decodes a plain string.
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the secret itself: only the token cache does so.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
