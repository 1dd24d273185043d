/// A service of the cloud, as catalogs tell one from another.
enum CloudService: CaseIterable, Sendable {
    case identity
    case image
    case nova
    /// Open Telekom Cloud's own API beside its Nova.
    case ecs
    /// The block storage service, version 3 of its API.
    case cinder

    /// The types under which catalogs list it, the preferred first. The identity service is known without a catalog.
    var types: [String] {
        switch self {
        case .identity: []
        case .image: ["image"]
        case .nova: ["compute"]
        case .ecs: ["ecs"]
        case .cinder: ["block-storage", "volumev3", "volume"]
        }
    }

    /// The service as errors and records name it.
    var name: ServiceError.Service {
        switch self {
        case .identity: .identity
        case .image: .image
        case .nova, .ecs: .compute
        case .cinder: .volume
        }
    }
}
