/// What the image service is asked to list (the query of `GET /v2/images`). It may list more than was asked for;
/// whoever asks looks again.
public struct ImageQuery: Sendable, Hashable {
    /// The ID of the project that owns the images: ``TokenProject/id``. Visibility is not asked for: our own images are
    /// `private` or, lent out, `shared`, and one request can ask for one of the two only.
    public var owner: String
    /// The name, whole; nil for any. A name with a colon is not sent: Glance takes what stands before it for an operator.
    public var name: String?
    /// Tags that the images have, all of them. A tag with `.` or `=`, which services spell in different ways, is not sent.
    public var tags: [String]
    /// How many images a page is to hold, 1 or more; a server may give fewer (Glance: 1000 at the most).
    public var pageSize: Int

    /// The names of the additional properties to read of each image. They are not sent to the server.
    public var properties: Set<String> = []

    /// Whether the images that ordinary lists leave out are asked for, and no others.
    var isHidden = false

    /// A query of these parts.
    public init(owner: String, name: String? = nil, tags: [String] = [], pageSize: Int = 500) {
        self.owner = owner
        self.name = name
        self.tags = tags
        self.pageSize = pageSize
    }

    func items(after marker: ImageID?) -> [(name: String, value: String)] {
        var items = [("owner", owner), ("limit", "\(pageSize)")]
        if let name, !name.utf8.contains(UInt8(ascii: ":")) { items.append(("name", name)) }
        items += tags.filter { !$0.contains { ".=".contains($0) } }.map { ("tag", $0) }
        if isHidden { items.append(("os_hidden", "true")) }
        if let marker { items.append(("marker", "\(marker)")) }
        return items
    }
}
