public import Foundation

/// The image service of the demo cloud.
struct DemoImages {
    private var images: [DemoImage]

    init(_ images: [DemoImage]) { self.images = images }

    var all: [DemoImage] { images }

    mutating func put(_ image: DemoImage) {
        images.removeAll { $0.id == image.id }
        images.append(image)
    }

    mutating func answer(_ method: String, id: String, project: String) -> DemoAnswer {
        guard let index = images.firstIndex(where: { $0.id == id && $0.isVisible(to: project) }) else {
            let message = method == "DELETE" ? "Failed to find image \(id) to delete" : "No image found with ID \(id)"
            return .glance(404, message)
        }
        let image = images[index]
        switch method {
        case "GET":
            return .json(200, image.json)
        case "DELETE" where image.owner != project:
            return .glance(403, "You are not authorized to complete delete_image action.")
        case "DELETE" where image.isProtected:
            return .glance(403, "Image \(id) is protected and cannot be deleted.")
        case "DELETE":
            images.remove(at: index)
            return DemoAnswer(status: 204)
        default:
            return .glance(405, "The method \(method) is not allowed for this resource.")
        }
    }
}

/// An image of the demo cloud.
public struct DemoImage: Sendable, Hashable {
    /// A UUID in lower case.
    public var id: String
    /// Its name.
    public var name: String
    /// The ID of the project that owns it.
    public var owner: String
    /// `private`, `shared` or `public`.
    public var visibility: String
    /// Whether deletion is refused.
    public var isProtected: Bool
    /// When it was made.
    public var createdAt: Date
    /// Its size in bytes.
    public var size: Int64
    /// Its tags.
    public var tags: [String]
    /// The projects that it is shared with.
    public var members: [String]
    /// The server that was created from it, if there is one.
    public var usedBy: String?

    /// The project that signs in to the demo cloud.
    public static let projectID = DemoIdentity.projectID

    /// An image; by default a private one of the project that signs in.
    public init(
        id: String,
        name: String,
        owner: String = DemoImage.projectID,
        visibility: String = "private",
        isProtected: Bool = false,
        createdAt: Date = Date(timeIntervalSince1970: 1_790_000_000),
        size: Int64 = 2_147_483_648,
        tags: [String] = [],
        members: [String] = [],
        usedBy: String? = nil
    ) {
        self.id = id
        self.name = name
        self.owner = owner
        self.visibility = visibility
        self.isProtected = isProtected
        self.createdAt = createdAt
        self.size = size
        self.tags = tags
        self.members = members
        self.usedBy = usedBy
    }

    func isVisible(to project: String) -> Bool {
        owner == project || visibility == "public" || members.contains(project)
    }

    /// Glance's description of it.
    var json: [String: Any] {
        let date = createdAt.formatted(.iso8601)
        return [
            "id": id, "name": name, "owner": owner, "visibility": visibility, "protected": isProtected,
            "status": "active", "size": size, "tags": tags, "created_at": date, "updated_at": date,
            "min_ram": 0, "min_disk": 0, "container_format": "bare", "disk_format": "qcow2",
            "__os_type": "Linux", "__imagetype": visibility == "public" ? "gold" : visibility,
            "self": "/v2/images/\(id)", "file": "/v2/images/\(id)/file", "schema": "/v2/schemas/image",
        ]
    }
}
