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
    init(_ json: Data, _ names: NameFilter? = nil) throws {
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
                            entries.append(try Entry(&cursor, names))
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
    fileprivate init(_ cursor: inout JSONCursor, _ names: ImagePage.NameFilter?) throws {
        var end = cursor
        if let names, let entry = Self.leftOut(&end, names) {
            self = entry
            cursor = end
            return
        }
        let image = try JSONDecoder().decode(Image.self, from: Data(cursor.text(in: cursor.value())))
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

extension ImageClient {
    /// Reads the whole list, page after page, and keeps the images that `isWanted` says so of: memory grows with
    /// those, not with the list. Hidden images are in a list of their own, which comes second.
    func images(
        _ query: ImageQuery,
        named isNamed: (@Sendable (String?) -> Bool)? = nil,
        where isWanted: (Image) -> Bool
    ) async throws(ImageDeletionError) -> [Image] {
        let ordinary = try await list(query, isNamed, where: isWanted)
        var query = query
        query.isHidden = true
        let hidden = try await list(query, isNamed) { $0.isHidden && isWanted($0) }
        // An image that was hidden in between is in both.
        let hiddenIDs = Set(hidden.map(\.id))
        return ordinary.filter { !hiddenIDs.contains($0.id) } + hidden
    }

    /// Reads one of the lists.
    ///
    /// Pages go on after the last image seen. Lists change while they are read: a page may come twice, and the image
    /// that the next page should follow may be gone.
    private func list(
        _ query: ImageQuery,
        _ names: ImagePage.NameFilter?,
        where isWanted: (Image) -> Bool
    ) async throws(ImageDeletionError) -> [Image] {
        var wanted: [ImageID: Image] = [:]
        var order: [ImageID] = []
        // The images of the last page: behind the last of them that is still there, the list goes on.
        var trail: [ImageID] = []
        var markers: Set<ImageID> = []
        var setbacks = 0
        var dropped = 1
        var listed = 0
        for _ in 0..<Self.maximumPages {
            let page: ImagePage
            do {
                page = try await self.page(query, after: trail.last, names)
            } catch {
                // A service that does not know the parameter has no hidden images.
                if query.isHidden, listed == 0, let failure = error.serviceError, failure.service == .image,
                    failure.status == 400
                {
                    return []
                }
                guard !trail.isEmpty, error.saysMarkerIsGone else { throw error }
                // Whole pages may be gone: look for one that is left in bigger and bigger steps, at last from the
                // beginning.
                trail.removeLast(min(dropped, trail.count))
                dropped *= 2
                if trail.isEmpty {
                    setbacks += 1
                    markers = []
                    dropped = 1
                }
                guard setbacks < 4 else { throw error }
                continue
            }
            // A service that ignores the parameter would list everything once more.
            if query.isHidden, listed == 0, !page.entries.isEmpty, !page.entries.contains(where: \.isHidden) {
                return []
            }
            listed += page.entries.count
            guard listed <= Self.maximumImages else { throw Self.endless("it has more than \(Self.maximumImages) images") }
            for entry in page.entries {
                // What comes again may have changed, and may not be wanted any more.
                let known = wanted[entry.id]
                wanted[entry.id] = entry.image.flatMap { isWanted($0) ? $0 : nil }
                if known == nil, wanted[entry.id] != nil { order.append(entry.id) }
            }
            guard page.mayBeFollowed(limit: query.pageSize) else {
                return order.compactMap { wanted.removeValue(forKey: $0) }
            }
            guard let last = page.entries.last?.id else { throw Self.incomplete }
            if !markers.insert(last).inserted {
                setbacks += 1
                guard setbacks < 4 else { throw Self.endless("the same page comes again and again") }
            }
            trail = page.entries.map(\.id)
            dropped = 1
        }
        throw Self.endless("it has more than \(Self.maximumPages) pages")
    }

    // More than any project has, and less than a server can invent.
    private static let maximumPages = 2_000
    private static let maximumImages = 250_000

    private static let incomplete = ImageDeletionError.service(
        ServiceError(.image, .unexpected, message: "a page of the list of images is empty but is not the last one")
    )

    private static func endless(_ reason: String) -> ImageDeletionError {
        .service(ServiceError(.image, .unexpected, message: "the list of images does not end: " + reason))
    }
}

extension ImageDeletionError {
    /// Glance answers 400 to a marker that it does not find; 404 would mean the same.
    fileprivate var saysMarkerIsGone: Bool {
        [400, 404].contains(serviceError?.status)
    }
}
