public import ImageDeletionEssentials

/// How old an image has to be: a length of time, or a moment before which it was made.
public enum MinimumAge: Sendable, Hashable {
    /// Made more than this many seconds ago. A day has 24 hours, whatever clocks did meanwhile.
    case seconds(Int)
    /// Made before this moment.
    case date(Date)

    /// Reads a length of time (`90m`, `12h`, `30d`, `2w`; seven digits at the most), or an ISO 8601 date (`2026-10-01`)
    /// or date-time (`2026-10-01T08:00:00+02:00`). Without an offset it is UTC, as the image service shows its times; a
    /// date is its first moment.
    ///
    /// - Throws: ``ImageDeletionError/Code/rule`` for anything else.
    public init(_ text: String) throws(ImageDeletionError) {
        if let seconds = Self.length(text) {
            self = .seconds(seconds)
        } else if let date = Self.moment(text) {
            self = .date(date)
        } else {
            throw .rule(.age(text))
        }
    }

    /// The moment before which an image must have been made; one made just then is not old enough.
    package func cutoff(now: Date) -> Date {
        switch self {
        case .seconds(let seconds): now.addingTimeInterval(-Double(seconds))
        case .date(let date): date
        }
    }

    /// The moment, where it is one that has not come yet, else nil: every image is older than that, which nobody means.
    public func futureDate(of now: Date) -> Date? {
        if case .date(let date) = self, date > now { date } else { nil }
    }

    /// Returns the seconds of a length of time; nil if `text` is something else.
    static func length(_ text: String) -> Int? {
        let units: [Character: Int] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        guard let unit = text.last.flatMap({ units[$0] }), text.count <= 8 else { return nil }
        let digits = text.dropLast()
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) else { return nil }
        return number * unit
    }

    private static func moment(_ text: String) -> Date? {
        let form = /(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2}))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))?)?/
        guard let match = text.wholeMatch(of: form.asciiOnlyDigits())?.output else { return nil }
        func number(_ digits: Substring?) -> Int { digits.flatMap { Int($0) } ?? 0 }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = DateComponents(
            calendar: calendar,
            year: number(match.1),
            month: number(match.2),
            day: number(match.3),
            hour: number(match.4),
            minute: number(match.5),
            second: number(match.6)
        )
        let (hours, minutes) = (number(match.8), number(match.9))
        // A calendar takes 30 February for 2 March; we do not.
        guard parts.isValidDate, let date = parts.date, hours < 24, minutes < 60 else { return nil }
        return date.addingTimeInterval(Double(hours * 60 + minutes) * (match.7 == "-" ? 60 : -60))
    }
}
