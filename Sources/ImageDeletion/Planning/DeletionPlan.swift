public import ImageDeletionEssentials

/// What is to become of each image, decided before anything is done.
///
/// ``ImageService/plan(_:options:)`` makes one, and ``ImageService/delete(_:options:onOutcome:)`` carries it out. What is
/// shown and what is done is the same plan.
public struct DeletionPlan: Sendable, Hashable {
    /// What is to become of one image.
    public struct Entry: Sendable, Hashable {
        /// The image's ID.
        public let id: ImageID
        /// The image as it was seen; nil if nobody looked, or it could not be seen.
        public let image: Image?
        /// What is to become of it.
        public internal(set) var action: Action
        /// Whether the image was seen to be public, a community image, or another project's.
        public internal(set) var affectsOthers = false
        /// Under which conditions it is deleted.
        package var conditions: DeletionConditions
        /// Whether an earlier run began to delete it: if it is gone, that run deleted it.
        var wasBegun = false

        /// The names of the rules that select it, of those that have one.
        public var rules: [String] { conditions.rules }
        /// Whether its protection is lifted first: that was asked for, and it was seen to be protected.
        public var liftsProtection: Bool { conditions.liftsProtection && image?.isProtected ?? false }

        init(_ id: ImageID, _ image: Image?, _ action: Action, _ conditions: DeletionConditions) {
            self.id = id
            self.image = image
            self.action = action
            self.conditions = conditions
        }
    }

    /// What is to become of an image.
    public enum Action: Sendable, Hashable {
        /// It is to be deleted.
        case delete
        /// It is to be deleted if nothing speaks against it, which is still to be checked. As long as it is not, the image
        /// is kept.
        case unchecked
        /// It is to be marked: deleted by a later run, if it is still selected after this time.
        case mark(until: Date)
        /// It is kept, and the mark that announced its deletion is to be removed. The reason is nil if that was asked for.
        case unmark(KeepReason?)
        /// It is kept, for this reason.
        case keep(KeepReason)
        /// It could not be seen, so nothing is done; the error says why.
        case unseen(ImageDeletionError)
        /// An earlier run has deleted it already, as its receipt says.
        case alreadyDeleted
    }

    /// Where the images are, whose they are, and for whom the plan was made.
    public internal(set) var session: ImageSession
    /// When the plan was made.
    public let createdAt: Date
    /// The images in the order asked for, each ID once.
    public internal(set) var entries: [Entry]
    /// The names that were asked for and that no image has, if that is allowed (``DeletionOptions/ignoresMissing``).
    public let missingNames: [String]
    /// The names of the image properties that the rules read.
    let propertyNames: Set<String>

    /// The entries that are to be deleted.
    public var deletions: [Entry] { entries.filter { $0.action == .delete } }

    /// The entries that are to be marked for deletion.
    public var marks: [Entry] { entries.filter { if case .mark = $0.action { true } else { false } } }

    /// The entries of which something is to be changed.
    package var changes: [Entry] { entries.filter(\.changesImage) }

    package init(
        _ entries: [Entry],
        at session: ImageSession,
        createdAt: Date,
        missingNames: [String] = [],
        propertyNames: Set<String> = []
    ) {
        self.entries = entries.once
        self.propertyNames = propertyNames
        self.session = session
        self.createdAt = createdAt
        self.missingNames = missingNames
    }
}

extension DeletionPlan.Action {
    /// Why the image is kept; nil if it is not, or if that was asked for.
    package var keepReason: KeepReason? {
        switch self {
        case .keep(let reason): reason
        case .unmark(let reason): reason
        case .delete, .unchecked, .mark, .unseen, .alreadyDeleted: nil
        }
    }
}

extension DeletionPlan: CustomStringConvertible {
    /// A line for each image: what is to become of it, its ID, its name, and why it is kept.
    public var description: String {
        preview.map { outcome in
            [
                outcome.result.kind.rawValue, outcome.id.description, printable(outcome.image?.name ?? "", limit: 255),
                outcome.keepReason?.name ?? outcome.error?.description ?? "",
            ].filter { !$0.isEmpty }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension [DeletionPlan.Entry] {
    /// The first entry for each ID.
    var once: [DeletionPlan.Entry] {
        var seen: Set<ImageID> = []
        return filter { seen.insert($0.id).inserted }
    }
}

// MARK: Deciding

extension DeletionPlan.Entry {
    /// Whether something is to be done.
    package var changesImage: Bool {
        switch action {
        case .delete, .mark, .unmark: true
        case .unchecked, .keep, .unseen, .alreadyDeleted: false
        }
    }

    /// An image that was named, unseen: only the service keeps it.
    package init(unseen id: ImageID) {
        self.init(id, nil, .delete, DeletionConditions())
    }

    /// An image that was named, looked up, and is to lose its marks.
    init(restoring lookup: ImageLookup) {
        switch lookup.result {
        case .success(let image):
            // A run that was cut off may have left the image hidden.
            let isUnmarked = image.marks.isEmpty && !image.isHidden
            let action = isUnmarked ? DeletionPlan.Action.keep(.notMarked) : .unmark(nil)
            self.init(lookup.id, image, action, DeletionConditions())
        case .failure(let error): self.init(lookup.id, nil, .unseen(error), DeletionConditions())
        }
    }

    /// An image that was named and looked up, whoever owns it.
    ///
    /// Only the service can say whether the caller may delete an image of another project, or one that is public.
    ///
    /// - Parameters:
    ///   - lookup: The result of looking it up; an image that was not found is left alone.
    ///   - project: The ID of the caller's project; nil if it is not known.
    ///   - conditions: The conditions under which it is deleted.
    init(_ lookup: ImageLookup, project: String?, _ conditions: DeletionConditions) {
        switch lookup.result {
        case .success(let image):
            self.init(lookup.id, image, .unchecked, conditions)
            let owner = project ?? image.owner ?? ""
            affectsOthers = !image.isPrivate(to: owner)
            // Of another project's image, the service looks at the permission before the protection.
            if image.owner?.exact == owner.exact { keepIfProtected() }
        case .failure(let error): self.init(lookup.id, nil, .unseen(error), conditions)
        }
    }

    /// Decides about a project's images by its rules, and returns those that any of `rules` selects, or keeps because of
    /// their place, the oldest first.
    ///
    /// The rules do not weaken each other: an image is deleted if one of them selects it and none of them keeps or excludes
    /// it, all their safeguards hold, and its protection is lifted only if all that select it say so.
    ///
    /// - Parameters:
    ///   - images: All that the rules may select and count; others of the project may be left out.
    ///   - rules: What is selected, and what is kept of it.
    ///   - project: The ID of the caller's project.
    ///   - now: The moment from which ages are counted.
    package static func selected(
        from images: some Sequence<Image>,
        by rules: [RetentionRule],
        of project: String,
        now: Date
    ) -> [DeletionPlan.Entry] {
        var seen: Set<ImageID> = []
        let own = images.filter { $0.isPrivate(to: project) && seen.insert($0.id).inserted }
        let exclusions = rules.flatMap(\.exclusions)
        var kept: [ImageID: KeepReason] = [:]
        for image in own where exclusions.contains(where: { $0.matches(image.name ?? "") }) {
            kept[image.id] = .excluded
        }
        let counted = kept.isEmpty ? own : own.filter { kept[$0.id] == nil }
        var selecting: [ImageID: [RetentionRule]] = [:]
        var covering: [ImageID: [RetentionRule]] = [:]
        for rule in rules {
            if !rule.keep.isEmpty {
                kept.merge(rule.kept(of: counted.filter(rule.matches))) { $0.merged(with: $1) }
            }
            for image in own where rule.matches(image) {
                if rule.isOldEnough(image, now: now) { selecting[image.id, default: []].append(rule) }
                if rule.grace != nil { covering[image.id, default: []].append(rule) }
            }
        }
        for image in own where selecting[image.id] == nil && covering[image.id] != nil && !image.marks.isEmpty {
            if kept[image.id]?.kind.isPlace != true { kept[image.id] = .notSelected }
        }
        return own.filter { selecting[$0.id] != nil || kept[$0.id]?.isListed == true }
            .sorted { Image.isNewer($1, $0) }
            .map { image in
                let conditions = DeletionConditions(
                    selecting[image.id] ?? [],
                    covering: covering[image.id] ?? []
                )
                var entry = DeletionPlan.Entry(image.id, image, .unchecked, conditions)
                if let reason = kept[image.id] { entry.action = .keep(reason) } else { entry.keepIfProtected() }
                return entry
            }
    }

    private mutating func keepIfProtected() {
        if image?.isProtected == true, !conditions.liftsProtection { action = .keep(.protected) }
    }

    /// Decides anew after another look at an image that was to be deleted: one that has changed since is kept.
    func decidedAnew(_ lookup: ImageLookup, project: String?) -> DeletionPlan.Entry {
        var entry = DeletionPlan.Entry(lookup, project: project, conditions)
        guard let image, let now = entry.image else { return entry }
        if case .unmark = action { entry.action = action } else if entry.action != .unchecked { return entry }
        let differences = image.differences(from: now)
        if !differences.isEmpty { entry.action = .keep(.changed(differences)) }
        return entry
    }
}

extension Image {
    /// The names of the fields in which `other` is not like this image. Times count to the second.
    func differences(from other: Image) -> [String] {
        func isSame(_ one: Date?, _ two: Date?) -> Bool { one.map(ServiceDate.text) == two.map(ServiceDate.text) }
        return [
            ("name", name?.exact == other.name?.exact), ("owner", owner?.exact == other.owner?.exact),
            ("status", status == other.status), ("visibility", visibility == other.visibility),
            ("protected", isProtected == other.isProtected), ("hidden", isHidden == other.isHidden),
            ("createdAt", isSame(createdAt, other.createdAt)), ("updatedAt", isSame(updatedAt, other.updatedAt)),
            ("size", size == other.size),
            ("tags", tags.map(\.exact).sorted() == other.tags.map(\.exact).sorted()),
            ("imageType", imageType == other.imageType),
            ("properties", properties.mapValues(\.exact) == other.properties.mapValues(\.exact)),
        ].filter { !$0.1 }.map(\.0)
    }
}
