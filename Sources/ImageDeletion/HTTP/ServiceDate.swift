import ImageDeletionEssentials

/// Dates as OpenStack writes them: UTC, with or without a fraction of a second.
enum ServiceDate {
    /// The form without separators, like `20261204T112000Z`.
    static let compact = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)

    static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    /// Returns the time that `text` names. OpenStack services may leave the zone out, or write a space for the `T`; they
    /// mean UTC.
    static func parse(_ text: String) -> Date? {
        complete(text) ?? complete(text.replacing(" ", with: "T") + "Z")
    }

    private static func complete(_ text: String) -> Date? {
        let hasFraction = text.utf8.contains(UInt8(ascii: "."))
        return try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction))
    }
}
