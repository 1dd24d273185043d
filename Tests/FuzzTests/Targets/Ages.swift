import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// How old an image has to be.
    static let ages = FuzzTarget(
        "ages",
        inputs: 500,
        samples: [
            "90m", "12h", "30d", "2w", "0d", "9999999w", "2026-10-01", "2026-10-01T08:00:00+02:00", "2024-02-29 23:59Z",
            "2026-10-01t08:00z", "0001-01-01", "9999-12-31T23:59:59-2359", "2026-02-30", "2026-04-31T10:00", "30", "d",
        ]
    ) { input, _ in
        let text = String(decoding: input, as: UTF8.self)
        guard let age = try? MinimumAge(text) else { return .refused }
        let now = Date(timeIntervalSince1970: 1_795_000_000)
        switch age {
        case .seconds(let seconds):
            let units: [Character: Int] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
            let unit = text.last.flatMap { units[$0] } ?? 0
            try must(Int(text.dropLast()).map { $0 * unit } == seconds, "\(text) is taken for \(seconds) s")
            try must(age.cutoff(now: now) <= now, "\(text) lies ahead")
        case .date(let date):
            try must(text.hasPrefix(/[0-9]{4}-[0-9]{2}-[0-9]{2}/), "\(text) is taken for \(date)")
            if let other = try? Date(text, strategy: .iso8601) {
                try must(date == other, "\(text) is taken for \(date), and not \(other)")
            }
            let words = date.formatted(.iso8601)
            // An offset may lead out of the years that have four digits.
            if words.count == 20, !words.hasPrefix("0000") {
                try must(try MinimumAge(words) == age, "written again, \(text) is another moment: \(date)")
                let isLocal = text.dropFirst(10).contains { "+-".contains($0) }
                try must(isLocal || words.hasPrefix(text.prefix(10)), "\(text) is taken for another day: \(date)")
            }
            try must((age.futureDate(of: now) == nil) == (date <= now), "\(text) lies ahead, and nobody is told")
            try must(age.cutoff(now: now) == date, "\(text) is another moment than \(date)")
        }
        return .accepted
    }
}

extension String {
    fileprivate func hasPrefix(_ form: some RegexComponent) -> Bool { prefixMatch(of: form) != nil }
}
