package import ImageDeletion
public import ImageDeletionEssentials

/// An image of the demo cloud.
public struct DemoImage: Sendable, Hashable {
    /// A UUID in lower case.
    public var id: String
    /// Its name.
    public var name: String
    /// The ID of the project that owns it.
    public var owner: String
    /// `private`, `shared`, `community` or `public`.
    public var visibility: String
    /// Whether deletion is refused.
    public var isProtected: Bool
    /// Whether ordinary lists leave it out.
    public var isHidden: Bool
    /// When it was made.
    public var createdAt: Date
    /// When it was last changed.
    public var updatedAt: Date
    /// `active`, `queued`, …
    public var status: String
    /// Its size in bytes.
    public var size: Int64
    /// Its tags.
    public var tags: [String]
    /// The projects that it is shared with.
    public var members: [String]
    /// The server that uses it, if there is one.
    public var usedBy: String?
    /// How the server uses it.
    public var use: Use

    /// How a server uses an image.
    public enum Use: Sendable, Hashable {
        /// It was created from it.
        case disk
        /// It boots from a volume that was created from it.
        case volume
        /// It is shelved, and the image is the snapshot that holds its disk.
        case shelved
    }

    /// The project that signs in to the demo cloud.
    public static let projectID = DemoIdentity.projectID

    /// An image; by default a private one of the project that signs in.
    public init(
        id: String,
        name: String,
        owner: String = DemoImage.projectID,
        visibility: String = "private",
        isProtected: Bool = false,
        isHidden: Bool = false,
        createdAt: Date = Date(timeIntervalSince1970: 1_790_000_000),
        status: String = "active",
        size: Int64 = 2_147_483_648,
        tags: [String] = [],
        members: [String] = [],
        usedBy: String? = nil,
        use: Use = .disk
    ) {
        self.id = id
        self.name = name
        self.owner = owner
        self.visibility = visibility
        self.isProtected = isProtected
        self.isHidden = isHidden
        self.createdAt = createdAt
        updatedAt = createdAt
        self.status = status
        self.size = size
        self.tags = tags
        self.members = members
        self.usedBy = usedBy
        self.use = use
    }

    func isVisible(to project: String) -> Bool {
        owner == project || ["public", "community"].contains(visibility) || members.contains(project)
    }

    /// The ID of the server that uses it.
    var serverID: String { "server-of-\(id)" }
    /// The ID of the volume between the two.
    var volumeID: String { "volume-of-\(id)" }

    /// The description of it by Open Telekom Cloud's image service: the size is in `__image_size`, as text.
    package var json: [String: JSONValue] {
        let snapshot: [String: JSONValue] = ["image_type": "snapshot", "instance_uuid": .text(serverID)]
        let image: [String: JSONValue] = [
            "id": .text(id), "name": .text(name), "owner": .text(owner), "visibility": .text(visibility),
            "protected": .flag(isProtected), "os_hidden": .flag(isHidden), "status": .text(status), "size": 0,
            "virtual_size": nil, "checksum": nil, "tags": .list(tags.map { .text($0) }),
            "created_at": .text(createdAt.formatted(.iso8601)), "updated_at": .text(updatedAt.formatted(.iso8601)),
            "min_ram": 0, "max_ram": "0", "min_disk": 40, "container_format": "bare", "disk_format": "zvhd2",
            "__image_size": "\(size)", "__imagetype": .text(visibility == "public" ? "gold" : visibility),
            "__isregistered": "true", "__image_source_type": "uds", "__os_type": "Linux", "__os_bit": "64",
            "__os_version": "Debian GNU/Linux 12 64bit", "__platform": "Debian", "__data_origin": nil,
            "virtual_env_type": "FusionCompute", "self": "/v2/images/\(id)", "file": "/v2/images/\(id)/file",
            "schema": "/v2/schemas/image",
        ]
        return image.merging(use == .shelved ? snapshot : [:]) { $1 }
    }
}
