public import ImageDeletionEssentials

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
        /// Under which conditions it is deleted.
        public let terms: DeletionTerms
        /// Whether the image was seen to be public, a community image, or another project's.
        public let affectsOthers: Bool
        /// Whether an earlier run began to delete it: if it is gone, that run deleted it.
        public fileprivate(set) var wasBegun = false

        /// Whether its protection is lifted first: the terms say so, and it was seen to be protected.
        public var liftsProtection: Bool { terms.liftsProtection && image?.isProtected ?? false }

        init(
            _ id: ImageID,
            _ image: Image?,
            _ fate: Fate,
            _ terms: DeletionTerms = DeletionTerms(),
            affectsOthers: Bool = false
        ) {
            self.id = id
            self.image = image
            self.fate = fate
            self.terms = terms
            self.affectsOthers = affectsOthers
        }
    }

    /// What is to become of an image.
    public enum Fate: Sendable, Hashable {
        /// It is to be deleted.
        case delete
        /// It is spared, for this reason.
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

    /// A plan to delete `ids` unseen: none is spared but by the service.
    public init(deleting ids: [ImageID]) {
        self.init(once: ids.map { Entry($0, nil, .delete) })
    }

    /// A plan to delete each of the images that were looked up, whoever owns it, unless it is protected.
    ///
    /// Only the service can say whether the caller may delete an image of another project, or one that is public.
    /// ``Entry/affectsOthers`` marks these images.
    ///
    /// - Parameters:
    ///   - sightings: The result of looking up each image; an image that was not found is left alone.
    ///   - project: The ID of the caller's project; nil where it is not known.
    ///   - terms: The conditions under which an image is deleted.
    public init(
        deleting sightings: [Sighting],
        project: String?,
        terms: (ImageID) -> DeletionTerms = { _ in DeletionTerms() }
    ) {
        self.init(
            once: sightings.map { sighting in
                switch sighting.finding {
                case .success(let image):
                    let terms = terms(sighting.id)
                    let owner = project ?? image.owner ?? ""
                    // Of another project's image, the service looks at the permission before the protection.
                    let fate = image.owner?.exact == owner.exact ? Self.fate(of: image, terms) : .delete
                    return Entry(sighting.id, image, fate, terms, affectsOthers: !image.isPrivate(to: owner))
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
    /// What the safeguards need to know comes after: see ``ImageService/checking(_:concurrency:)``.
    ///
    /// - Parameters:
    ///   - images: All that the rules may select and count; others of the project may be left out.
    ///   - rules: What is selected, and what is spared of it.
    ///   - project: The ID of the caller's project.
    ///   - now: The moment from which ages are counted.
    public init(
        selecting images: some Sequence<Image>,
        by rules: [RetentionRule],
        of project: String,
        now: Date
    ) {
        var seen: Set<ImageID> = []
        let own = images.filter { $0.isPrivate(to: project) && seen.insert($0.id).inserted }
        var kept: [ImageID: KeepReason] = [:]
        var selecting: [ImageID: [RetentionRule]] = [:]
        for rule in rules {
            let selected = own.filter { rule.selects($0, now: now) }
            kept.merge(rule.kept(of: selected)) { $1 }
            for image in selected { selecting[image.id, default: []].append(rule) }
        }
        let chosen = own.filter { selecting[$0.id] != nil }.sorted { Image.isNewer($1, $0) }
        self.init(
            once: chosen.map { image in
                let terms = DeletionTerms(selecting[image.id] ?? [])
                let fate = kept[image.id].map(Fate.keep) ?? Self.fate(of: image, terms)
                return Entry(image.id, image, fate, terms)
            }
        )
    }

    private static func fate(of image: Image, _ terms: DeletionTerms) -> Fate {
        image.isProtected && !terms.liftsProtection ? .keep(.protected) : .delete
    }

    /// This plan without the deletions that `safeguard` guards and that have a reason among `reasons` to be spared.
    ///
    /// - Parameters:
    ///   - safeguard: Only entries whose ``DeletionTerms/safeguards`` have it are spared.
    ///   - reasons: Why, by image; those of other images are passed over.
    public func sparing(_ safeguard: Safeguard, _ reasons: [ImageID: KeepReason]) -> DeletionPlan {
        changing { entry in
            entry.terms.safeguards.contains(safeguard) ? reasons[entry.id].map(Fate.keep) : nil
        }
    }

    /// This plan without the deletions that earlier runs did. An image that was seen is there, whatever was done before.
    ///
    /// - Parameters:
    ///   - deleted: What was deleted: ``Receipt/deleted``.
    ///   - begun: What was about to be, and was if it is gone: ``Receipt/begun``.
    public func passingOver(_ deleted: Set<ImageID>, begun: Set<ImageID> = []) -> DeletionPlan {
        var plan = self
        for (index, entry) in entries.enumerated() {
            // An image that was seen was not deleted by the earlier run.
            guard entry.image == nil else { continue }
            plan.entries[index].wasBegun = begun.contains(entry.id)
            let isGone = if case .unseen(let error) = entry.fate { error.isNotFound } else { false }
            if deleted.contains(entry.id) || isGone && begun.contains(entry.id) {
                plan.entries[index].fate = .alreadyDeleted
            }
        }
        return plan
    }

    /// This plan with what `later`, made after another look, says of the images that are to be deleted: of use where
    /// somebody was asked in between. What only one of the two plans names stays as it is in this one.
    public func renewed(by later: DeletionPlan) -> DeletionPlan {
        let entries = Dictionary(later.entries.map { ($0.id, $0) }) { first, _ in first }
        return changing { entries[$0.id]?.fate }
    }

    func changing(_ fate: (Entry) -> Fate?) -> DeletionPlan {
        var plan = self
        for index in plan.entries.indices where plan.entries[index].fate == .delete {
            if let fate = fate(plan.entries[index]) { plan.entries[index].fate = fate }
        }
        return plan
    }
}
