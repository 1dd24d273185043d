public import Foundation

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
        public fileprivate(set) var fate: Fate
        /// Whether its protection is lifted first.
        public let liftsProtection: Bool
        /// What may still spare it.
        public let safeguards: Set<Safeguard>

        init(
            _ id: ImageID,
            _ image: Image?,
            _ fate: Fate,
            liftsProtection: Bool = false,
            safeguards: Set<Safeguard> = []
        ) {
            self.id = id
            self.image = image
            self.fate = fate
            self.liftsProtection = liftsProtection
            self.safeguards = safeguards
        }
    }

    /// What is to become of an image.
    public enum Fate: Sendable, Hashable {
        /// It is to be deleted.
        case delete
        /// It is spared.
        case keep(KeepReason)
        /// It could not be seen, so nothing is done; the error says why.
        case unseen(ImageDeletionError)
        /// An earlier run has deleted it already, as its receipt says.
        case alreadyDeleted
    }

    /// The images in the order asked for, each ID once.
    public private(set) var entries: [Entry]

    /// The entries that are to be deleted.
    public var deletions: [Entry] { entries.filter { $0.fate == .delete } }

    private init(once entries: [Entry]) {
        var seen: Set<ImageID> = []
        self.entries = entries.filter { seen.insert($0.id).inserted }
    }

    /// A plan to delete `ids` unseen.
    public init(deleting ids: [ImageID]) {
        self.init(once: ids.map { Entry($0, nil, .delete) })
    }

    /// A plan to delete what was seen, save what the service would refuse to delete.
    ///
    /// - Parameters:
    ///   - project: The ID of the caller's project; nil where it is not known.
    ///   - liftsProtection: Whether an image is deleted although it is protected.
    ///   - safeguards: What may still spare an image, once it is known: see ``ImageService/checking(_:concurrency:)``.
    public init(
        deleting sightings: [Sighting],
        project: String?,
        liftsProtection: (Image) -> Bool = { _ in false },
        safeguards: Set<Safeguard> = []
    ) {
        self.init(
            once: sightings.map { sighting in
                switch sighting.finding {
                case .success(let image):
                    let lifts = liftsProtection(image)
                    return Entry(
                        sighting.id,
                        image,
                        Self.fate(of: image, project, liftsProtection: lifts),
                        liftsProtection: lifts && image.isProtected,
                        safeguards: safeguards
                    )
                case .failure(let error): return Entry(sighting.id, nil, .unseen(error))
                }
            }
        )
    }

    /// A plan to clean up: of `images`, those that are private to `project` and that any of `rules` selects, the oldest
    /// first.
    ///
    /// The rules do not weaken each other: an image is deleted if one of them selects it and none of them spares it as
    /// one of the newest, all their safeguards hold, and its protection is lifted only if all that select it say so.
    public init(
        selecting images: some Sequence<Image>,
        by rules: [RetentionRule],
        of project: String,
        now: Date
    ) {
        var seen: Set<ImageID> = []
        let own = images.filter { $0.isPrivate(to: project) && seen.insert($0.id).inserted }
        var spared: Set<ImageID> = []
        var selecting: [ImageID: [RetentionRule]] = [:]
        for rule in rules {
            let selected = own.filter { rule.selects($0, now: now) }
            spared.formUnion(rule.spared(of: selected))
            for image in selected { selecting[image.id, default: []].append(rule) }
        }
        let chosen = own.filter { selecting[$0.id] != nil }.sorted { Image.isNewer($1, $0) }
        self.init(
            once: chosen.map { image in
                let rules = selecting[image.id] ?? []
                let liftsProtection = rules.allSatisfy(\.liftsProtection)
                return Entry(
                    image.id,
                    image,
                    spared.contains(image.id)
                        ? .keep(.keepLast) : Self.fate(of: image, project, liftsProtection: liftsProtection),
                    liftsProtection: liftsProtection && image.isProtected,
                    safeguards: rules.reduce(into: []) { $0.formUnion($1.safeguards) }
                )
            }
        )
    }

    private static func fate(of image: Image, _ project: String?, liftsProtection: Bool) -> Fate {
        guard let project = project ?? image.owner, image.isPrivate(to: project) else { return .keep(.notPrivate) }
        return image.isProtected && !liftsProtection ? .keep(.protected) : .delete
    }

    /// This plan without the deletions that `safeguard` guards and that have a reason among `reasons` to be spared.
    public func sparing(_ safeguard: Safeguard, _ reasons: [ImageID: KeepReason]) -> DeletionPlan {
        changing { entry in
            entry.safeguards.contains(safeguard) ? reasons[entry.id].map(Fate.keep) : nil
        }
    }

    /// This plan without the deletions of `ids`, which were done before. An image that was seen is there, whatever was
    /// done before.
    public func passingOver(_ ids: Set<ImageID>) -> DeletionPlan {
        var plan = self
        for index in plan.entries.indices
        where plan.entries[index].image == nil && ids.contains(plan.entries[index].id) {
            plan.entries[index].fate = .alreadyDeleted
        }
        return plan
    }

    func changing(_ fate: (Entry) -> Fate?) -> DeletionPlan {
        var plan = self
        for index in plan.entries.indices where plan.entries[index].fate == .delete {
            if let fate = fate(plan.entries[index]) { plan.entries[index].fate = fate }
        }
        return plan
    }
}
