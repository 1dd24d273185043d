/// Under which conditions a selected image is deleted.
public struct DeletionTerms: Sendable, Hashable {
    /// Whether it is deleted although it is protected; the protection is lifted first.
    public var liftsProtection: Bool
    /// What may still spare it, once it is known: see ``ImageService/checking(_:concurrency:)``.
    public var safeguards: Set<Safeguard>
    /// The names of the rules that selected it, of those that have one; for people.
    public var rules: [String]

    /// Terms of these parts; without any, only what the plan knows of the image spares it.
    public init(liftsProtection: Bool = false, safeguards: Set<Safeguard> = [], rules: [String] = []) {
        self.liftsProtection = liftsProtection
        self.safeguards = safeguards
        self.rules = rules
    }

    /// The terms of an image that all of `rules` select. None weakens another: the safeguards of all hold, and protection
    /// is lifted only if all say so.
    init(_ rules: [RetentionRule]) {
        liftsProtection = rules.allSatisfy(\.liftsProtection)
        safeguards = rules.reduce(into: []) { $0.formUnion($1.safeguards) }
        self.rules = rules.compactMap(\.name)
    }
}
