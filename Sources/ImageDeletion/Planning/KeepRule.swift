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

    /// The rule and the period, like `weekly 2026-W47`.
    public var description: String { ([rule.rawValue] + (period.map { [$0] } ?? [])).joined(separator: " ") }
}

extension RetentionRule {
    /// Returns the images that the rule keeps because of their place among `images`, and those that have no place.
    ///
    /// An upload that failed, or is still under way, takes no other image's place.
    func kept(of images: [Image]) -> [ImageID: KeepReason] {
        var reasons: [ImageID: KeepReason] = [:]
        var groups: [ExactText: [Image]] = [:]
        for image in images {
            if image.createdAt == nil {
                reasons[image.id] = .undated
            } else if let groupKey {
                if let value = groupKey.value(of: image) {
                    groups[value.exact, default: []].append(image)
                } else {
                    reasons[image.id] = .ungrouped(groupKey)
                }
            } else {
                groups[ExactText(""), default: []].append(image)
            }
        }
        for (group, images) in groups {
            reasons.merge(places(in: images, group: groupKey == nil ? nil : group.text)) { $1 }
        }
        return reasons
    }

    /// Returns why images of one group are kept.
    private func places(in images: [Image], group: String?) -> [ImageID: KeepReason] {
        let newest = images.sorted(by: Image.isNewer)
        let active = newest.filter(\.isUsable)
        var places: [ImageID: [KeptPlace]] = [:]
        for rule in KeepRule.allCases {
            var left = keep[rule] ?? 0
            var previous: String?
            for image in active where left > 0 {
                let period = image.createdAt.flatMap(rule.period)
                guard period == nil || period != previous else { continue }
                places[image.id, default: []].append(KeptPlace(rule: rule, period: period, group: group))
                previous = period
                left -= 1
            }
        }
        var reasons = places.mapValues(KeepReason.place)
        // Without an active image, nothing replaces the others.
        let oldest = newest.lastIndex { places[$0.id] != nil } ?? newest.endIndex
        for image in newest[..<oldest] where !image.isUsable { reasons[image.id] = .notActive }
        return reasons
    }
}

extension Image {
    /// Orders images by date, then by name and ID, so that the result does not depend on the order of the list. An image
    /// without a date counts as new.
    static func isNewer(_ one: Image, _ other: Image) -> Bool {
        let (date, otherDate) = (one.createdAt ?? .distantFuture, other.createdAt ?? .distantFuture)
        if date != otherDate { return date > otherDate }
        let (name, otherName) = ((one.name ?? "").exact, (other.name ?? "").exact)
        return name == otherName ? one.id.description > other.id.description : name > otherName
    }
}
