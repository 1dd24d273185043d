/// Under which conditions a selected image is deleted.
package struct DeletionConditions: Sendable, Hashable {
    /// Whether it is deleted although it is protected; the protection is lifted first.
    var liftsProtection: Bool
    /// What may still keep it, once it is known.
    package var safeguards: Set<Safeguard>
    /// The names of the rules that selected it, of those that have one; for people.
    var rules: [String]
    /// The time between its mark and its deletion; nil if it is deleted at once.
    package var grace: GracePeriod?

    init(
        liftsProtection: Bool = false,
        safeguards: Set<Safeguard> = [],
        rules: [String] = [],
        grace: GracePeriod? = nil
    ) {
        self.liftsProtection = liftsProtection
        self.safeguards = safeguards
        self.rules = rules
        self.grace = grace
    }

    /// The conditions of an image that all of `rules` select. None weakens another: the safeguards of all hold, and protection
    /// is lifted only if all say so.
    ///
    /// - Parameter covering: The rules whose filters match the image, whatever its age. Its grace period is the longest of
    ///   theirs.
    init(_ rules: [RetentionRule], covering: [RetentionRule]) {
        grace = covering.compactMap(\.grace).max { $0.seconds < $1.seconds }
        liftsProtection = !rules.isEmpty && rules.allSatisfy(\.liftsProtection)
        safeguards = rules.reduce(into: []) { $0.formUnion($1.safeguards) }
        self.rules = rules.compactMap(\.name)
    }
}
