import Foundation

/// One page of the list of images.
struct ImagePage: Decodable {
    var entries: [Entry]
    /// Whether the server says that there is more.
    var hasNext: Bool
    /// Whether the server links its pages at all: the last one has no link then.
    var isLinked: Bool

    private enum CodingKeys: String, CodingKey {
        case images, next, first
    }

    /// The images whose name is of interest. To read the rest of the others would take most of the time for a long list.
    struct NameFilter: Sendable {
        var includes: @Sendable (String?) -> Bool

        /// The key of a decoder's `userInfo` under which a page finds its filter.
        static let key = CodingUserInfoKey(rawValue: "NameFilter")!
    }

    /// One image of the page.
    struct Entry: Decodable {
        var id: ImageID
        var isHidden: Bool
        /// The image; nil where the filter leaves out its name.
        var image: Image?

        private enum CodingKeys: String, CodingKey {
            case id, name
            case isHidden = "os_hidden"
        }

        init(from decoder: any Decoder) throws {
            let json = try decoder.container(keyedBy: CodingKeys.self)
            id = try json.decode(ImageID.self, forKey: .id)
            isHidden = json.flag(.isHidden)
            let filter = decoder.userInfo[NameFilter.key] as? NameFilter
            image = try filter?.includes(json.text(.name)) == false ? nil : Image(from: decoder)
        }
    }

    /// An entry of the list that describes no image. What it stands for is not known, so the whole list is not.
    struct UnusableEntry: Error {
        /// The number of the entry on its page; the first is 1.
        var number: Int
    }

    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        var entries = try json.nestedUnkeyedContainer(forKey: .images)
        self.entries = []
        while !entries.isAtEnd {
            do { self.entries.append(try entries.decode(Entry.self)) } catch {
                throw UnusableEntry(number: self.entries.count + 1)
            }
        }
        // Whatever it is, it says that there is more: a list that ends too early passes for the whole.
        hasNext = try json.contains(.next) && !json.decodeNil(forKey: .next)
        isLinked = hasNext || json.contains(.first)
    }

    /// Whether another page may follow this one, of which `limit` images were asked for.
    func mayBeFollowed(limit: Int) -> Bool {
        if entries.isEmpty { return hasNext }
        // Open Telekom Cloud's own list has no links, and may give fewer images than asked for: only a page with
        // nothing in it is certainly the last.
        return hasNext || !isLinked || entries.count >= limit
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
        let names = isNamed.map(ImagePage.NameFilter.init)
        let ordinary = try await list(query, names, where: isWanted)
        var query = query
        query.isHidden = true
        let hidden = try await list(query, names) { $0.isHidden && isWanted($0) }
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
        for _ in 0..<Self.mostPages {
            let page: ImagePage
            do {
                page = try await self.page(query, after: trail.last, names)
            } catch {
                // A service that does not know the parameter has no hidden images.
                if query.isHidden, listed == 0, case .service(let failure) = error, failure.service == .image,
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
            guard listed <= Self.mostImages else { throw Self.endless("it has more than \(Self.mostImages) images") }
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
        throw Self.endless("it has more than \(Self.mostPages) pages")
    }

    // More than any project has, and less than a server can invent.
    private static let mostPages = 2_000
    private static let mostImages = 250_000

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
        if case .service(let error) = self { [400, 404].contains(error.status) } else { false }
    }
}
