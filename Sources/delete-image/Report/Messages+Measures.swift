import ImageDeletionEssentials

/// Time and size as people read them.
extension Messages {
    /// An age in whole days, hours or minutes: "21d", "5h", "12m", "<1m".
    static func age(_ date: Date, now: Date) -> String {
        let seconds = max(0, now.timeIntervalSince(date))
        return switch seconds {
        case ..<60: "<1m"
        case ..<3600: "\(Int(seconds / 60))m"
        case ..<(24 * 3600): "\(Int(seconds / 3600))h"
        default: "\(Int(seconds / 86400))d"
        }
    }

    /// A time where the reader is: "2026-11-24 14:05:00+01:00".
    static func time(_ date: Date) -> String {
        // FoundationEssentials knows no other zones than UTC and those with a constant offset.
        var seconds = time_t(date.timeIntervalSince1970)
        var local = tm()
        localtime_r(&seconds, &local)
        let zone = TimeZone(secondsFromGMT: local.tm_gmtoff) ?? .gmt
        return date.formatted(
            Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: zone).year().month().day()
                .time(includingFractionalSeconds: false).timeZone(separator: .colon)
        )
    }

    /// A size: "2.2 GiB".
    static func size(_ bytes: Int64) -> String {
        var value = Double(max(0, bytes))
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 { return unit == "B" ? "\(Int(value)) B" : "\(value.inTenths) \(unit)" }
            value /= 1024
        }
        return "\(value.inTenths) TiB"
    }
}

extension Double {
    /// The number with one digit after the point, for a number that is not negative.
    var inTenths: String {
        let tenths = Int((self * 10).rounded(.toNearestOrEven))
        return "\(tenths / 10).\(tenths % 10)"
    }
}
