package import ImageDeletionEssentials

/// A part of a rule that is not valid.
package enum RuleProblem: Sendable, Hashable {
    /// This text is not a pattern for names: see ``Glob``.
    case pattern(String)
    /// This text is neither a length of time nor a date: see ``MinimumAge``.
    case age(String)
    /// Every image is older than this date, which is in the future.
    case futureDate(Date)
    /// Nothing narrows what the rule selects, so that it would select every image of the project.
    case noFilter
    /// A keep rule keeps fewer than one image.
    case keepCount(rule: String, Int)
    /// Groups by this key are of no use without a keep rule.
    case groupsWithoutKeepRule(String)
    /// This text is not a key for groups: see ``GroupKey``.
    case groupKey(String)
    /// This text is not a pattern with one part in parentheses.
    case capture(String)
    /// This text is not a grace period: see ``GracePeriod``.
    case gracePeriod(String)
    /// This text is not a condition for a property: see ``PropertyFilter``.
    case property(String)
}

extension RuleProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pattern(let text):
            "\(quoted(text)) is not a valid pattern: a [ needs its ], a range like [a-z] goes upward, "
                + "and a \\ stands before a literal character"
        case .age(let text):
            "\(quoted(text)) is not an age (90m, 12h, 30d, 2w) or a date (2026-10-01, 2026-10-01T08:00:00Z)"
        case .futureDate(let date):
            "the date \(ServiceDate.text(date)) is in the future, so every image would be older"
        case .noFilter: "the rule would select every image; it needs a name pattern, a tag, a property or an age"
        case .keepCount(let rule, let number):
            "keep \(rule) is \(number), which would keep nothing; it must be 1 or more"
        case .groupsWithoutKeepRule(let key): "\(quoted(key)) makes groups, and no keep rule counts them"
        case .groupKey(let text): "\(quoted(text)) is not property:NAME, tag:NAME or name:PATTERN"
        case .capture(let text): "\(quoted(text)) must have exactly one part in parentheses, as in (*)-nightly-*"
        case .gracePeriod(let text): "\(quoted(text)) is not a grace period (12h, 7d, 2w), from 1m to 365d"
        case .property(let text): "\(quoted(text)) is not KEY=VALUE, KEY or !KEY"
        }
    }
}
