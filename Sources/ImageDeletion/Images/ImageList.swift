import ImageDeletionEssentials

extension ImageClient {
    /// Reads the whole list, page after page, and keeps the images that `isWanted` says so of: memory grows with
    /// those, not with the list. Hidden images are in a list of their own, which comes second.
    func images(
        _ query: ImageQuery,
        named isNamed: (@Sendable (String?) -> Bool)? = nil,
        where isWanted: (Image) -> Bool
    ) async throws(ImageDeletionError) -> [Image] {
        let (ordinary, hidden): ([Image], [Image])
        do throws(ImageDeletionError) {
            ordinary = try await list(query, isNamed, where: isWanted)
            var query = query
            query.isHidden = true
            hidden = try await list(query, isNamed) { $0.isHidden && isWanted($0) }
        } catch {
            // A 403 to a list says that the account lacks the permission, and nothing about an image.
            guard var error = error.serviceError, error.service == .image, error.kind == .forbidden else { throw error }
            error.kind = .lacksPermission
            throw .service(error)
        }
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
            guard listed <= Self.maximumImages else {
                throw Self.endless("it has more than \(Self.maximumImages) images")
            }
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
