/// Under which conditions a selected image is deleted.
package struct DeletionConditions: Sendable, Hashable {
    /// Whether it is deleted although it is protected; the protection is lifted first.
    var liftsProtection: Bool
    /// What may still keep it, once it is known.
    package var safeguards: Set<Safeguard>
    /// The names of the rules that selected it, of those that have one; for people.
    var rules: [String]

    init(liftsProtection: Bool = false, safeguards: Set<Safeguard> = [], rules: [String] = []) {
        self.liftsProtection = liftsProtection
        self.safeguards = safeguards
        self.rules = rules
    }

    /// The conditions of an image that all of `rules` select. None weakens another: the safeguards of all hold, and protection
    /// is lifted only if all say so.
    init(_ rules: [RetentionRule]) {
        liftsProtection = !rules.isEmpty && rules.allSatisfy(\.liftsProtection)
        safeguards = rules.reduce(into: []) { $0.formUnion($1.safeguards) }
        self.rules = rules.compactMap(\.name)
    }
}
