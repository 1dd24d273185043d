import ImageDeletionEssentials

/// A server as the compute services describe it: Nova ("List Servers Detailed") and, on Open Telekom Cloud, ECS
/// ("Querying Details About ECSs").
struct Server: Sendable {
    var id: String
    /// Its name, or else its ID.
    var label: String
    /// The images that it was created from, by all that is said of it. Empty for a server that boots from a volume, save
    /// in ECS's list.
    var imageIDs: Set<ImageID>
    /// The IDs of the volumes that are attached to it; nil if the service does not say.
    var volumeIDs: Set<String>?
    private var status: String?
    private var task: String?

    /// Whether it is still being built, so that its volumes may be missing.
    var isBuilding: Bool { status == nil || status == "BUILD" }

    /// Whether a snapshot of it may hold its only disk. Shelving moves the disk into a snapshot; a server that failed, or
    /// that was deleted and can still be restored, may have been shelved before.
    var mayDependOnSnapshot: Bool {
        guard let status, task?.contains("shelv") != true else { return true }
        return ["SHELVED", "SHELVED_OFFLOADED", "ERROR", "DELETED", "SOFT_DELETED", "UNKNOWN"].contains(status)
    }

    /// Adds what another service says of the same server.
    mutating func merge(_ other: Server) {
        imageIDs.formUnion(other.imageIDs)
        if let others = other.volumeIDs { volumeIDs = others.union(volumeIDs ?? []) }
    }
}

extension Server: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id, name, image, metadata, status
        case volumes = "os-extended-volumes:volumes_attached"
        case task = "OS-EXT-STS:task_state"
    }

    private enum ImageKeys: String, CodingKey {
        case id
    }

    private enum MetadataKeys: String, CodingKey {
        case image = "metering.image_id"
    }

    private struct Attached: Decodable {
        var id: String
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
        imageIDs = Set(try texts.compactMap { $0 }.filter { !$0.isEmpty }.map { try ImageID($0) })
        volumeIDs = try json.decodeIfPresent([Attached].self, forKey: .volumes).map { Set($0.map(\.id)) }
        status = try? json.decodeIfPresent(String.self, forKey: .status)
        task = try? json.decodeIfPresent(String.self, forKey: .task)
    }
}
