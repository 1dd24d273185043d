public import ImageDeletionEssentials

/// Which images a clean-up selects, and which of those it spares.
public struct RetentionRule: Sendable, Hashable {
    /// How many images a rule can spare at the most.
    package static let maximumKeepLast = 1_000_000

    /// Its name, for people; nil where it has none.
    public var name: String?
    /// Patterns for the image's name, of which one must match; none: every name. An image without a name has an empty
    /// one.
    public var namePatterns: [Glob]
    /// Tags that the image must bear, all of them.
    public var tags: [String]
    /// How old the image must be; an image that has no date is never old enough.
    public var olderThan: MinimumAge?
    /// How many of the selected images to keep, the newest; 0: none. Those that are not `active` are not counted, nor are
    /// those without a creation time, which are kept as well.
    public var keepLast: Int
    /// Whether protected images are deleted too.
    public var liftsProtection: Bool
    /// What else keeps an image.
    public var safeguards: Set<Safeguard>

    /// A rule of these parts; without name patterns, tags and age it selects every image.
    public init(
        name: String? = nil,
        namePatterns: [Glob] = [],
        tags: [String] = [],
        olderThan: MinimumAge? = nil,
        keepLast: Int = 0,
        liftsProtection: Bool = false,
        safeguards: Set<Safeguard> = []
    ) {
        self.name = name
        self.namePatterns = namePatterns
        self.tags = tags
        self.olderThan = olderThan
        self.keepLast = keepLast
        self.liftsProtection = liftsProtection
        self.safeguards = safeguards
    }

    /// The fields of an image that decide whether a rule selects it, and which images are the newest.
    static let fields: Set = ["name", "tags", "owner", "visibility", "hidden", "createdAt", "imageType"]

    /// Whether anything narrows what the rule selects. One that would select every image of a project is a mistake.
    public var hasFilters: Bool { !namePatterns.isEmpty || !tags.isEmpty || olderThan != nil }

    /// Returns the reason why the rule cannot be meant; nil if there is none.
    func problem(now: Date) -> RuleProblem? {
        if let date = olderThan?.futureDate(of: now) { return .futureDate(date) }
        if keepLast < 0 { return .negativeKeepLast(keepLast) }
        return hasFilters ? nil : .noFilter
    }

    /// Whether the rule may select an image with this name.
    package func selects(name: String?) -> Bool {
        namePatterns.isEmpty || namePatterns.contains { $0.matches(name ?? "") }
    }

    /// Whether `image` has the name, the tags and the age, this counted from `now`.
    public func selects(_ image: Image, now: Date) -> Bool {
        guard selects(name: image.name) else { return false }
        guard tags.allSatisfy(image.hasTag) else { return false }
        guard let olderThan else { return true }
        return image.createdAt.map { $0 < olderThan.cutoff(now: now) } ?? false
    }

    /// Returns the images of `selected` that ``keepLast`` keeps: so many that can be used, what is newer than the last of
    /// these, and what has no date to rank it by. An upload that failed, or is still under way, takes no other image's
    /// place.
    func kept(of selected: [Image]) -> [ImageID: KeepReason] {
        guard keepLast > 0 else { return [:] }
        var usable = 0
        let newest = selected.filter { $0.createdAt != nil }.sorted(by: Image.isNewer).prefix { image in
            defer { if image.isUsable { usable += 1 } }
            return usable < keepLast
        }
        let undated = selected.filter { $0.createdAt == nil }
        return Dictionary(
            newest.map { ($0.id, .keepLast) } + undated.map { ($0.id, .undated) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension Image {
    /// The order in which "the newest" is meant: by date, then by ID, so that it does not depend on the list's. An
    /// image without a date counts as new.
    static func isNewer(_ one: Image, _ other: Image) -> Bool {
        let (date, otherDate) = (one.createdAt ?? .distantFuture, other.createdAt ?? .distantFuture)
        return date == otherDate ? one.id.description > other.id.description : date > otherDate
    }
}
