public import Foundation
public import ImageDeletion

/// The keep rules by a definition of its own, which is plain and slow: no calendar, and no order of decisions.
public enum PlainRetention {
    /// Returns the places that `keep` gives images of one group, like `weekly 2026-W47`. The images are active and have a
    /// date.
    public static func places(_ keep: [KeepRule: Int], in group: [Image]) -> [ImageID: Set<String>] {
        let newestFirst = group.sorted { isNewer($0, $1) }
        var places: [ImageID: Set<String>] = [:]
        for (rule, count) in keep {
            // For `last`, every image is a period of its own.
            let periods = newestFirst.map { period(rule, $0.createdAt) ?? $0.id.description }
            for (index, image) in newestFirst.enumerated() {
                let later = Set(periods[..<index])
                let isNewestOfPeriod = !later.contains(periods[index])
                guard later.count < count, isNewestOfPeriod else { continue }
                places[image.id, default: []].insert(rule == .last ? "last" : "\(rule) \(periods[index])")
            }
        }
        return places
    }

    /// Returns whether `one` is newer than `other`; with equal dates, the greater name, then the greater ID, is newer.
    public static func isNewer(_ one: Image, _ other: Image) -> Bool {
        let dates = (one.createdAt ?? .distantFuture, other.createdAt ?? .distantFuture)
        if dates.0 != dates.1 { return dates.0 > dates.1 }
        let names = (Array((one.name ?? "").utf8), Array((other.name ?? "").utf8))
        if names.0 != names.1 { return names.1.lexicographicallyPrecedes(names.0) }
        return one.id.description > other.id.description
    }

    /// Returns the name of the period in which `date`, in 1970 or later, lies; nil for `last`.
    public static func period(_ rule: KeepRule, _ date: Date?) -> String? {
        guard let date else { return nil }
        let number = Int((date.timeIntervalSince1970 / 86_400).rounded(.down))
        let day = Day(number)
        switch rule {
        case .last: return nil
        case .daily: return "\(day.year)-\(twoDigits(day.month))-\(twoDigits(day.day))"
        case .weekly:
            // A week belongs to the year of its Thursday, and 1970-01-01 was one.
            let thursday = Day(number - (number + 3) % 7 + 3)
            return "\(thursday.year)-W\(twoDigits(thursday.dayOfYear / 7 + 1))"
        case .monthly: return "\(day.year)-\(twoDigits(day.month))"
        case .yearly: return "\(day.year)"
        }
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// A day of the Gregorian calendar.
    private struct Day {
        var year = 1970
        var month = 1
        var day = 1
        /// The number of days since January 1.
        var dayOfYear: Int

        /// The day that is `number` days after 1970-01-01.
        init(_ number: Int) {
            func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
            var left = number
            while left >= (isLeap(year) ? 366 : 365) {
                left -= isLeap(year) ? 366 : 365
                year += 1
            }
            dayOfYear = left
            let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            while left >= lengths[month - 1] {
                left -= lengths[month - 1]
                month += 1
            }
            day = left + 1
        }
    }
}
