/// A part of a rule that cannot be meant.
package enum RuleProblem: Sendable, Hashable {
    /// This text is not a pattern for names: see ``Glob``.
    case pattern(String)
    /// This text is neither a length of time nor a date: see ``MinimumAge``.
    case age(String)
}

extension RuleProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pattern(let text):
            "“\(printable(text, limit: 60))” is no pattern (a [ needs its ], a range like [a-z] goes upward, and a \\ stands "
                + "before what it makes literal)"
        case .age(let text):
            "“\(printable(text, limit: 60))” is no age (90m, 12h, 30d, 2w) and no date (2026-10-01, 2026-10-01T08:00:00Z)"
        }
    }
}
