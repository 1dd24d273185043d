public import ImageDeletionEssentials

/// An image as the image service describes it.
///
/// Glance: "Show image"; Open Telekom Cloud: "Querying Image Details (Native OpenStack API)".
public struct Image: Sendable, Hashable {
    /// Its ID.
    public var id: ImageID
    /// Its name, which need not be unique; nil where it has none.
    public var name: String?
    /// The ID of the project that owns it: ``TokenProject/id``.
    public var owner: String?
    /// `active` when it can be used; else `queued`, `saving`, `killed`, …
    public var status: String?
    /// `private`, `shared` (lent to other projects), `public` or `community`.
    public var visibility: String?
    /// Whether the service refuses to delete it.
    public var isProtected: Bool
    /// When it was made.
    public var createdAt: Date?
    /// When it was last changed.
    public var updatedAt: Date?
    /// Whether the service leaves it out of ordinary lists (`os_hidden`).
    public var isHidden: Bool
    /// Whether the service knows hidden images: it says of this one whether it is (`os_hidden`).
    package var canBeHidden: Bool
    /// Its size in bytes; nil where the service does not know.
    public var size: Int64?
    /// Its tags; Open Telekom Cloud writes a tag with a value as `key=value`.
    public var tags: [String]
    /// Its additional properties, like `os_distro`, as far as they were asked for: ``ImageQuery/properties``. A value that
    /// is not a string, an integer or a boolean is empty here.
    public var properties: [String: String]
    /// `__imagetype`, on Open Telekom Cloud: `gold` for a public image, `private`, or `shared`.
    public var imageType: String?
    /// The server that it is a snapshot of (`instance_uuid`, where `image_type` is `snapshot`).
    package var snapshotOf: String?
    /// The disks of a snapshot of a volume-backed server (`block_device_mapping`), as JSON.
    package var blockDeviceMapping: String?

    /// An image of which nothing but the ID is known: a start for a test of one's own rules.
    public init(id: ImageID) {
        self.id = id
        isProtected = false
        isHidden = false
        canBeHidden = false
        tags = []
        properties = [:]
    }

    /// Whether it is one that a name, a filter or a policy may select for the project with the ID `project`: owned by
    /// it, `private` or `shared`, and not `gold`.
    public func isPrivate(to project: String) -> Bool {
        owner?.exact == project.exact && ["private", "shared"].contains(visibility) && imageType != "gold"
    }

    /// Whether it has `tag`. Open Telekom Cloud lists an old tag as `key.value` and a new one as `key=value`; the two are
    /// the same tag. Elsewhere they are two: only that service gives `__imagetype`.
    func hasTag(_ tag: String) -> Bool {
        if tags.contains(where: { $0.exact == tag.exact }) { return true }
        guard imageType != nil else { return false }
        let wanted = Self.newSpelling(of: tag)
        return tags.contains { Self.newSpelling(of: $0) == wanted }
    }

    /// Returns the value of its tag `name=value`; nil if it has none, or several.
    func tagValue(named name: String) -> String? {
        let values = tags.compactMap { tag -> String? in
            let bytes = tag.utf8
            let separators = imageType == nil ? "=" : ".="
            guard let index = bytes.firstIndex(where: separators.utf8.contains),
                bytes[..<index].elementsEqual(name.utf8)
            else { return nil }
            return String(tag[bytes.index(after: index)...])
        }
        return Set(values.map(\.exact)).count == 1 ? values.first : nil
    }

    private static func newSpelling(of tag: String) -> [UInt8] {
        var bytes = Array(tag.utf8)
        if let separator = bytes.firstIndex(where: ".=".utf8.contains) { bytes[separator] = UInt8(ascii: "=") }
        return bytes
    }

    /// Whether servers can be made from it, as far as is known: it is `active`, or does not say.
    var isUsable: Bool { status == nil || status == "active" }
}

extension Image: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id, name, owner, status, visibility, size, tags
        case isProtected = "protected"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case isHidden = "os_hidden"
        case imageType = "__imagetype"
        case imageSize = "__image_size"
        case snapshotType = "image_type"
        case server = "instance_uuid"
        case blockDeviceMapping = "block_device_mapping"
    }

    /// Reads the service's JSON. Only the ID must be there and as documented: the other fields may be missing, null,
    /// or of another type in older services, and are nil (or false, or empty) then.
    ///
    /// - Throws: `DecodingError` where there is no ID, or none that is a UUID.
    public init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        id = try json.decode(ImageID.self, forKey: .id)
        name = json.text(.name)
        owner = json.text(.owner)
        status = json.text(.status)
        visibility = json.text(.visibility)
        isProtected = json.flag(.isProtected)
        createdAt = json.text(.createdAt).flatMap(ServiceDate.parse)
        updatedAt = json.text(.updatedAt).flatMap(ServiceDate.parse)
        isHidden = json.flag(.isHidden)
        canBeHidden = json.contains(.isHidden)
        // Open Telekom Cloud leaves `size` at 0, and writes the bytes as text.
        let bytes = try? json.decodeIfPresent(Int64.self, forKey: .size)
        size = if let bytes, bytes > 0 { bytes } else { json.text(.imageSize).flatMap { Int64($0) } ?? bytes }
        tags = (try? json.decodeIfPresent([String].self, forKey: .tags)) ?? []
        imageType = json.text(.imageType)
        snapshotOf = json.text(.snapshotType) == "snapshot" ? json.text(.server) : nil
        let hasMapping = (try? json.decodeNil(forKey: .blockDeviceMapping)) == false
        blockDeviceMapping = hasMapping ? json.text(.blockDeviceMapping) ?? "" : nil
        properties = [:]
        guard let names = decoder.userInfo[.imageProperties] as? Set<String>, !names.isEmpty else { return }
        let additional = try decoder.container(keyedBy: PropertyName.self)
        for name in names {
            let key = PropertyName(stringValue: name)
            properties[name] =
                additional.text(key)
                ?? (try? additional.decode(Bool.self, forKey: key)).map { "\($0)" }
                ?? (try? additional.decode(Int64.self, forKey: key)).map { "\($0)" }
                ?? ((try? additional.decodeNil(forKey: key)) == false ? "" : nil)
        }
    }

    private struct PropertyName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension CodingUserInfoKey {
    /// The names of the additional properties to read, a `Set<String>`.
    static let imageProperties = CodingUserInfoKey(rawValue: "imageProperties")!
}

extension JSONDecoder {
    /// A decoder that reads these additional properties of an image.
    convenience init(imageProperties: Set<String>) {
        self.init()
        userInfo[.imageProperties] = imageProperties
    }
}

extension KeyedDecodingContainer {
    /// Returns the text for `key`; nil where there is none, or something else.
    func text(_ key: Key) -> String? { try? decodeIfPresent(String.self, forKey: key) }

    /// Returns whether `key` is true. Some services write that as a text.
    func flag(_ key: Key) -> Bool { (try? decodeIfPresent(Bool.self, forKey: key)) ?? (text(key) == "true") }
}
