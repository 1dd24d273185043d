public import Foundation

/// A plan in a file, to be read, approved and carried out later.
///
/// It is JSON, names the cloud and the project that it was made for, and for each image what it looked like: carried
/// out, it deletes those of its images that still look so, and no other.
public struct SavedPlan: Sendable, Hashable, Codable {
    /// The format and its version.
    public static let schema = "delete-image-plan/1"

    private var schema = SavedPlan.schema
    /// When it was made, ISO 8601.
    public var createdAt: String
    /// The image service that it was made for, and nothing else.
    public var endpoint: String
    /// The project that it was made for, and nothing else.
    public var project: TokenProject
    /// Who made it, as far as the settings say: user name or ID. Only for people.
    public var user: String?
    /// Its images, those that are kept among them.
    public var images: [Entry]

    /// One image.
    public struct Entry: Sendable, Hashable, Codable {
        /// The image's ID.
        public var id: String
        /// `delete` or `keep`.
        public var fate: String
        /// Why it is kept.
        public var reason: String?
        /// Whether its protection is lifted first.
        public var unprotect: Bool?
        /// What the image looked like.
        public var name: String?
        var owner: String?
        var status: String?
        var visibility: String?
        var protected: Bool
        var createdAt: String?
        var updatedAt: String?
        var size: Int64?
        var tags: [String]
        var imageType: String?
    }

    /// What makes a plan unfit to be carried out.
    public enum Fault: Error, Sendable, Hashable {
        /// It is no plan of this version; the words say where it goes wrong.
        case malformed(String)
        /// It was made for another image service.
        case otherEndpoint(String)
        /// It was made for another project.
        case otherProject(TokenProject)
    }

    /// What of `plan` can be carried out later; images that nobody saw cannot.
    public init(_ plan: DeletionPlan, at session: ImageService.Session, project: TokenProject, now: Date) {
        createdAt = ServiceDate.text(now)
        endpoint = session.endpoint.absoluteString
        self.project = project
        user = session.user
        images = plan.entries.compactMap { entry in
            entry.image.map { Entry($0, entry) }
        }
    }

    /// Reads a plan.
    public init(json: Data) throws(Fault) {
        let plan: SavedPlan
        do {
            plan = try JSONDecoder().decode(SavedPlan.self, from: json)
        } catch {
            throw .malformed((error as? DecodingError)?.place ?? "it is no JSON")
        }
        guard plan.schema == Self.schema else { throw .malformed("schema: it is not \(Self.schema)") }
        var seen: Set<ImageID> = []
        for (index, image) in plan.images.enumerated() {
            guard let id = try? ImageID(image.id) else { throw .malformed("images[\(index)].id: no image ID") }
            guard seen.insert(id).inserted else { throw .malformed("images[\(index)].id: it is there twice") }
            guard ["delete", "keep"].contains(image.fate) else {
                throw .malformed("images[\(index)].fate: neither delete nor keep")
            }
        }
        self = plan
    }

    /// The file's content, as people can read it.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Makes sure that the plan is for the cloud and the project of `session`.
    public func check(_ session: ImageService.Session, project: TokenProject) throws(Fault) {
        guard endpoint == session.endpoint.absoluteString else { throw .otherEndpoint(endpoint) }
        guard self.project.id == project.id else { throw .otherProject(self.project) }
    }

    /// The images to be deleted.
    public var deletions: [ImageID] { images.filter { $0.fate == "delete" }.compactMap { try? ImageID($0.id) } }

    /// What is left to do of this plan, now that its images look like `sightings`: those that have changed are kept.
    ///
    /// Sightings of other images than those to be deleted are passed over.
    ///
    /// - Parameter safeguards: What may still spare an image, once it is known.
    public func plan(
        _ sightings: [Sighting],
        safeguards: Set<Safeguard> = []
    ) -> DeletionPlan {
        let then = Dictionary(images.map { ($0.id.lowercased(), $0) }) { first, _ in first }
        let lifting = Set(images.filter { $0.unprotect ?? false }.map { $0.id.lowercased() })
        let wanted = Set(deletions)
        return DeletionPlan(
            deleting: sightings.filter { wanted.contains($0.id) },
            project: project.id,
            liftsProtection: { lifting.contains($0.id.description) },
            safeguards: safeguards
        ).changing { entry in
            guard let image = entry.image, let entryThen = then[entry.id.description] else { return nil }
            let differences = entryThen.differences(from: image)
            return differences.isEmpty ? nil : .keep(.changed(differences))
        }
    }
}

extension SavedPlan.Entry {
    init(_ image: Image, _ entry: DeletionPlan.Entry) {
        id = image.id.description
        switch entry.fate {
        case .keep(let reason): (fate, self.reason) = ("keep", reason.name)
        case .delete, .unseen, .alreadyDeleted: fate = "delete"
        }
        if entry.liftsProtection { unprotect = true }
        name = image.name
        owner = image.owner
        status = image.status
        visibility = image.visibility
        protected = image.isProtected
        createdAt = image.createdAt.map(ServiceDate.text)
        updatedAt = image.updatedAt.map(ServiceDate.text)
        size = image.size
        tags = image.tags.sorted()
        imageType = image.imageType
    }

    /// The names of the fields in which `image` is not as it was.
    func differences(from image: Image) -> [String] {
        let now = SavedPlan.Entry(image, DeletionPlan.Entry(image.id, image, .delete))
        return [
            ("name", name == now.name), ("owner", owner == now.owner), ("status", status == now.status),
            ("visibility", visibility == now.visibility), ("protected", protected == now.protected),
            ("createdAt", createdAt == now.createdAt), ("updatedAt", updatedAt == now.updatedAt),
            ("size", size == now.size), ("tags", tags == now.tags), ("imageType", imageType == now.imageType),
        ].filter { !$0.1 }.map(\.0)
    }
}

extension DecodingError {
    /// Where in the document something is wrong, and what: "rules.nightly.keepLast: a whole number is expected".
    var place: String {
        let (context, words): (Context, String) =
            switch self {
            case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
                (context, "\(Self.jsonName(of: type)) is expected")
            case .keyNotFound(let key, let context): (context, "\(key.stringValue) is missing")
            case .dataCorrupted(let context): (context, "it is no JSON")
            @unknown default: (Context(codingPath: [], debugDescription: ""), "\(self)")
            }
        let path = context.codingPath.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return path.isEmpty ? words : "\(path): \(words)"
    }

    private static func jsonName(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is [Any].Type: "a list"
        default: "an object"
        }
    }
}
