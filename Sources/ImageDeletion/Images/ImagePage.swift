import ImageDeletionEssentials

/// One page of the list of images.
struct ImagePage {
    var entries: [Entry] = []
    /// Whether the server says that there is more.
    var hasNext = false
    /// Whether the server links its pages at all: the last one has no link then.
    var isLinked = false

    /// Returns whether an image with this name may be of interest.
    typealias NameFilter = @Sendable (String?) -> Bool

    /// One image of the page.
    struct Entry {
        var id: ImageID
        var isHidden: Bool
        /// The image; nil where the filter leaves out its name.
        var image: Image?
    }

    /// An entry of the list that describes no image. What it stands for is not known, so the whole list is not.
    struct UnusableEntry: Error {
        /// The number of the entry on its page; the first is 1.
        var number: Int
    }

    /// Reads the page. Of an image whose name is not in `names`, only the beginning of its values is read.
    ///
    /// - Throws: ``UnusableEntry``, or ``JSONCursor/Fault`` for what is not a page.
    init(_ json: Data, _ names: NameFilter? = nil, properties: Set<String> = []) throws {
        let decoder = JSONDecoder(imageProperties: properties)
        var hasImages = false
        try json.withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            try cursor.members { key, cursor in
                switch String(decoding: key, as: UTF8.self) {
                case "images":
                    guard !hasImages else { throw JSONCursor.Fault() }
                    hasImages = true
                    try cursor.elements { cursor in
                        do {
                            entries.append(try Entry(&cursor, names, decoder))
                        } catch {
                            throw UnusableEntry(number: entries.count + 1)
                        }
                    }
                case "next":
                    // Whatever it is, it says that there is more: a list that ends too early passes for the whole.
                    if !cursor.text(in: try cursor.value()).elementsEqual("null".utf8) { hasNext = true }
                case "first":
                    isLinked = true
                    try cursor.value()
                default: try cursor.value()
                }
            }
            guard hasImages, cursor.next() == nil else { throw JSONCursor.Fault() }
        }
        isLinked = isLinked || hasNext
    }

    /// Whether another page may follow this one, of which `limit` images were asked for.
    func mayBeFollowed(limit: Int) -> Bool {
        if entries.isEmpty { return hasNext }
        // Open Telekom Cloud's own list has no links, and may give fewer images than asked for: only a page with
        // nothing in it is certainly the last.
        return hasNext || !isLinked || entries.count >= limit
    }
}

extension ImagePage.Entry {
    /// Reads the entry at the cursor, and moves past it.
    fileprivate init(_ cursor: inout JSONCursor, _ names: ImagePage.NameFilter?, _ decoder: JSONDecoder) throws {
        var end = cursor
        if let names, let entry = Self.leftOut(&end, names) {
            self = entry
            cursor = end
            return
        }
        let image = try decoder.decode(Image.self, from: Data(cursor.text(in: cursor.value())))
        self.init(id: image.id, isHidden: image.isHidden, image: image)
    }

    /// Returns the entry at the cursor if its name is not in `names`, and moves past it. What is not as simple as services write it, a key that
    /// is there twice or an escape, is the decoder's to read: nil.
    private static func leftOut(_ cursor: inout JSONCursor, _ names: ImagePage.NameFilter) -> Self? {
        var id: ImageID?
        var name: String?
        var isHidden: Bool?
        let isSimple: Void? = try? cursor.members { key, cursor in
            if key.isText("id") {
                guard id == nil else { throw JSONCursor.Fault() }
                id = try ImageID(plain(cursor.string()))
            } else if key.isText("name") {
                guard name == nil else { throw JSONCursor.Fault() }
                name = try plain(cursor.string())
            } else if key.isText("os_hidden") {
                guard isHidden == nil else { throw JSONCursor.Fault() }
                let value = try cursor.text(in: cursor.value())
                isHidden = value.isText("true") || value.isText("\"true\"")
            } else {
                try cursor.value()
            }
        }
        guard isSimple != nil, let id, let name, !names(name) else { return nil }
        return Self(id: id, isHidden: isHidden ?? false, image: nil)
    }

    private static func plain(_ text: UnsafeRawBufferPointer) throws -> String {
        guard !text.contains(UInt8(ascii: "\\")) else { throw JSONCursor.Fault() }
        return String(decoding: text, as: UTF8.self)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func isText(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, let baseAddress else { return false }
        return memcmp(baseAddress, text.utf8Start, count) == 0
    }
}
