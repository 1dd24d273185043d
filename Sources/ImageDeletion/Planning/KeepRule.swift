import ImageDeletionEssentials

/// A rule that keeps the newest images, or the newest image of each of the latest days, weeks, months or years.
///
/// Periods are those of UTC. Images are counted as `restic forget` (0.14) counts snapshots.
public enum KeepRule: String, Sendable, Hashable, CaseIterable {
    /// The newest images.
    case last
    /// The newest image of each of the latest days that have one.
    case daily
    /// The newest image of each of the latest ISO 8601 weeks that have one. A week begins on Monday.
    case weekly
    /// The newest image of each of the latest months that have one.
    case monthly
    /// The newest image of each of the latest years that have one.
    case yearly

    /// The name of the period in which `date` lies, like `2026-11-20`, `2026-W47`, `2026-11` or `2026`; nil for
    /// ``last``, which has no periods.
    func period(of date: Date) -> String? {
        if self == .last { return nil }
        let parts = Self.calendar.dateComponents([.year, .month, .day, .yearForWeekOfYear, .weekOfYear], from: date)
        func number(_ part: Int?) -> String { (part ?? 0) < 10 ? "0\(part ?? 0)" : "\(part ?? 0)" }
        let month = "\(number(parts.year))-\(number(parts.month))"
        return switch self {
        case .last: nil
        case .daily: "\(month)-\(number(parts.day))"
        case .weekly: "\(number(parts.yearForWeekOfYear))-W\(number(parts.weekOfYear))"
        case .monthly: month
        case .yearly: number(parts.year)
        }
    }

    private static let calendar = {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        return calendar
    }()
}

/// The place that a ``KeepRule`` gives an image.
public struct KeptPlace: Sendable, Hashable, CustomStringConvertible {
    /// The rule that keeps the image.
    public let rule: KeepRule
    /// The period of which it is the newest image, like `2026-W47`; nil for ``KeepRule/last``.
    public let period: String?
    /// The group in which the rule counts it; nil if the rule has no groups.
    public let group: String?

    init(rule: KeepRule, period: String?, group: String?) {
        (self.rule, self.period, self.group) = (rule, period, group)
    }

    /// Reads a ``description``, which does not name the group; nil for another text.
    init?(_ description: String) {
        let parts = description.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard let rule = KeepRule(rawValue: parts[0]), parts.count == (rule == .last ? 1 : 2) else { return nil }
        self.init(rule: rule, period: parts.dropFirst().first, group: nil)
    }

    /// The rule and the period, like `weekly 2026-W47`.
    public var description: String { ([rule.rawValue] + (period.map { [$0] } ?? [])).joined(separator: " ") }
}
