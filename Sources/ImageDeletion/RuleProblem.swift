package import ImageDeletionEssentials

/// A part of a rule that cannot be meant.
package enum RuleProblem: Sendable, Hashable {
    /// This text is not a pattern for names: see ``Glob``.
    case pattern(String)
    /// This text is neither a length of time nor a date: see ``MinimumAge``.
    case age(String)
    /// Every image is older than this date, which is in the future.
    case futureDate(Date)
    /// Nothing narrows what the rule selects, so that it would select every image of the project.
    case noFilter
    /// Fewer than no images are to be kept.
    case negativeKeepLast(Int)
}

extension RuleProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pattern(let text):
            "\(quoted(text)) is no pattern (a [ needs its ], a range like [a-z] goes upward, and a \\ stands "
                + "before what it makes literal)"
        case .age(let text):
            "\(quoted(text)) is no age (90m, 12h, 30d, 2w) and no date (2026-10-01, 2026-10-01T08:00:00Z)"
        case .futureDate(let date):
            "the date \(ServiceDate.text(date)) is in the future, so every image would be older"
        case .noFilter: "the rule would select every image; it needs a name pattern, a tag or an age"
        case .negativeKeepLast(let number): "the rule keeps \(number) images; the number must not be negative"
        }
    }
}
