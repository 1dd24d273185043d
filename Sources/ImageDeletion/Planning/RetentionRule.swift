import ImageDeletionEssentials

/// Which of a project's private images may be deleted, and what keeps some of them.
public struct RetentionRule: Sendable, Hashable {
    /// The largest number of images that a keep rule can keep.
    package static let maximumKeep = 1_000_000

    /// The name, for people; nil if it has none.
    public var name: String?
    /// Patterns for the image's name, of which one must match; none: every name. An image without a name has an empty
    /// one.
    public var namePatterns: [Glob]
    /// Patterns for the names of images that are kept, whatever else selects them, and that ``keep`` does not count.
    public var exclusions: [Glob]
    /// Tags that the image must have, all of them.
    public var tags: [String]
    /// Conditions for the image's properties, all of which must be true.
    public var properties: [PropertyFilter]
    /// The minimum age of an image that may be deleted. An image without a date is never old enough.
    public var olderThan: MinimumAge?
    /// How many images each keep rule keeps, 1 or more. They count all images with a matching name, tags and properties,
    /// whatever their age. Only `active` images are counted.
    public var keep: [KeepRule: Int]
    /// Divides the images into groups, which ``keep`` counts one by one. An image without the key is kept. Nil: all
    /// images are one group.
    public var groupKey: GroupKey?
    /// The time between a mark on an image and its deletion; nil if images are deleted at once. An image that is marked
    /// and no longer selected loses its mark.
    public var grace: GracePeriod?
    /// Whether protected images are deleted too.
    public var liftsProtection: Bool
    /// The safeguards that may keep an image.
    public var safeguards: Set<Safeguard>

    /// Creates a rule. Without name patterns, tags, properties and age it selects every image, and planning with it is an
    /// error.
    public init(
        name: String? = nil,
        namePatterns: [Glob] = [],
        tags: [String] = [],
        olderThan: MinimumAge? = nil,
        keep: [KeepRule: Int] = [:],
        liftsProtection: Bool = false,
        safeguards: Set<Safeguard> = []
    ) {
        self.name = name
        self.namePatterns = namePatterns
        exclusions = []
        self.tags = tags
        properties = []
        self.olderThan = olderThan
        self.keep = keep
        self.liftsProtection = liftsProtection
        self.safeguards = safeguards
    }

    /// The fields of an image that decide whether a rule selects it, and which images are the newest of which group.
    static let fields: Set = ["name", "tags", "owner", "visibility", "createdAt", "imageType", "properties"]

    /// Whether anything narrows what the rule selects. A rule that would select every image of a project is a mistake.
    public var hasFilters: Bool {
        !namePatterns.isEmpty || !tags.isEmpty || !properties.isEmpty || olderThan != nil
    }

    /// The names of the image properties that have to be read.
    var propertyNames: Set<String> {
        Set(properties.map(\.name)).union(groupKey?.property.map { [$0] } ?? [])
    }

    /// Returns the reason why the rule is not valid; nil if it is.
    func problem(now: Date) -> RuleProblem? {
        if let date = olderThan?.futureDate(of: now) { return .futureDate(date) }
        for rule in KeepRule.allCases {
            if let number = keep[rule], number < 1 { return .keepCount(rule: rule.rawValue, number) }
        }
        if let groupKey, keep.isEmpty { return .groupsWithoutKeepRule(groupKey.text) }
        return hasFilters ? nil : .noFilter
    }

    /// Returns whether the rule may select an image with this name.
    package func matches(name: String?) -> Bool {
        namePatterns.isEmpty || namePatterns.contains { $0.matches(name ?? "") }
    }

    /// Returns whether `image` has the name, the tags and the properties, whatever its age.
    func matches(_ image: Image) -> Bool {
        matches(name: image.name) && tags.allSatisfy(image.hasTag) && properties.allSatisfy { $0.matches(image) }
    }

    /// Returns whether `image` is older than ``olderThan``, counted from `now`.
    func isOldEnough(_ image: Image, now: Date) -> Bool {
        guard let olderThan else { return true }
        return image.createdAt.map { $0 < olderThan.cutoff(now: now) } ?? false
    }

    /// Returns whether the rule has to know `image`: to delete it, to count it or to remove its mark.
    func needs(_ image: Image, now: Date) -> Bool {
        matches(image)
            && (!keep.isEmpty || isOldEnough(image, now: now) || grace != nil && !image.marks.isEmpty)
    }
}

extension [RetentionRule] {
    /// The names of the image properties that have to be read.
    var propertyNames: Set<String> { reduce(into: []) { $0.formUnion($1.propertyNames) } }
}
