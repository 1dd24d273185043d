/// A text that a clean-up is told to select by, and that cannot be meant.
public enum RuleFault: Error, Sendable, Hashable {
    /// This text is no pattern for names: see ``Glob``.
    case pattern(String)
    /// This text is no length of time and no date: see ``MinimumAge``.
    case age(String)

    /// What the text is not, and what would be one: "no age (90m, …)", for a sentence like "… is no age".
    package var expectation: String {
        switch self {
        case .pattern:
            #"no pattern (a [ needs its ], a range like [a-z] goes upward, and a \ stands before what it makes literal)"#
        case .age: "no age (90m, 12h, 30d, 2w) and no date (2026-10-01, 2026-10-01T08:00:00Z)"
        }
    }
}
