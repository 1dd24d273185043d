/// Each image with its fate: what was decided before anything is done, and all that can be carried out.
///
/// A plan is made by values alone; it asks no network, clock or file. What is shown and what is done is the same plan.
public struct DeletionPlan: Sendable, Hashable {
    /// What is to become of one image.
    public struct Entry: Sendable, Hashable {
        /// The image's ID.
        public let id: ImageID
        /// The image as it was seen; nil where nobody looked.
        public let image: Image?
        /// What is to become of it.
        public let fate: Fate
    }

    /// What is to become of an image.
    public enum Fate: Sendable, Hashable {
        /// It is to be deleted.
        case delete
        /// It is spared.
        case keep(KeepReason)
        /// It could not be seen, so nothing is done; the error says why.
        case unseen(ImageDeletionError)
    }

    /// The images in the order asked for, each ID once.
    public let entries: [Entry]

    /// A plan to delete `ids` unseen.
    public init(deleting ids: [ImageID]) {
        entries = Self.once(ids.map { Entry(id: $0, image: nil, fate: .delete) })
    }

    /// A plan to delete what was seen, save what the service would refuse to delete.
    ///
    /// - Parameter project: The ID of the caller's project; nil where it is not known.
    public init(deleting sightings: [Sighting], project: String?) {
        entries = Self.once(
            sightings.map { sighting in
                switch sighting.finding {
                case .success(let image): Entry(id: sighting.id, image: image, fate: Self.fate(of: image, project))
                case .failure(let error): Entry(id: sighting.id, image: nil, fate: .unseen(error))
                }
            }
        )
    }

    private static func fate(of image: Image, _ project: String?) -> Fate {
        if let project = project ?? image.owner, !image.isPrivate(to: project) { return .keep(.notPrivate) }
        return image.isProtected ? .keep(.protected) : .delete
    }

    private static func once(_ entries: [Entry]) -> [Entry] {
        var seen: Set<ImageID> = []
        return entries.filter { seen.insert($0.id).inserted }
    }
}

/// Why an image is spared.
public enum KeepReason: String, Sendable, Hashable {
    /// It is protected from deletion.
    case protected
    /// It is public, or another project's.
    case notPrivate
}
