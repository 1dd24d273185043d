package import ImageDeletionEssentials

/// How often a request that failed in passing is sent again, and how long to wait before each further try.
///
/// In passing fails what had no connection, or lost it, or had no complete answer in time, or was answered with 408,
/// 429, 500, 502, 503 or 504.
///
/// The wait doubles from try to try and is drawn at random below that ("full jitter"), so that many clients that
/// failed together do not come back together. A server's `Retry-After` (RFC 9110, 10.2.3: seconds or a date) is the
/// least that is waited. Neither is ever longer than ``maximumDelay``.
public struct RetryPolicy: Sendable {
    /// Further tries after the first; 0 sends each request once.
    public var retries: Int
    /// The upper bound of the first wait.
    public var initialDelay: Duration
    /// The bound of every wait, whatever the server asks for.
    public var maximumDelay: Duration
    /// A random number from 0 up to, but not, 1: what part of the bound is waited.
    public var random: @Sendable () -> Double

    /// A policy; the defaults are those of the command.
    public init(
        retries: Int = 4,
        initialDelay: Duration = .milliseconds(500),
        maximumDelay: Duration = .seconds(60),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.retries = retries
        self.initialDelay = initialDelay
        self.maximumDelay = maximumDelay
        self.random = random
    }

    /// How long to wait after the `attempt`th try (the first is 1), which got `response`, if it got one.
    func wait(afterAttempt attempt: Int, response: HTTPResponse?, now: Date) -> Duration {
        let ceiling = min(maximumDelay, initialDelay * (1 << min(attempt - 1, 16)))
        let asked = response?.headers["Retry-After"].flatMap { Self.retryAfter($0, now: now) }
        return min(maximumDelay, max(ceiling * random(), asked ?? .zero))
    }

    /// `Retry-After` as a length of time; nil where it is neither whole seconds nor an HTTP date.
    static func retryAfter(_ value: String, now: Date) -> Duration? {
        let value = value.split { " \t".contains($0) }.joined(separator: " ")
        // Ten digits are three centuries, and no more than an `Int` holds.
        if let seconds = UInt(value.prefix(10)), value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            return .seconds(Int(seconds))
        }
        return HTTPDate.parse(value).map { .seconds(max(0, $0.timeIntervalSince(now))) }
    }

    /// The answers that may be another one a moment later.
    static let retryableStatuses: Set<Int> = [408, 429, 500, 502, 503, 504]
}

/// Dates in HTTP headers (RFC 9110, 5.6.7), in the one form that servers still send.
package enum HTTPDate {
    /// Returns the time that `text` names, like `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func parse(_ text: String) -> Date? {
        // Not a `DateFormatter`: to set one up takes longer than a request on a fast network.
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", parts[1].utf8.count == 2,
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return try? Date("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z", strategy: .iso8601)
    }

    /// Returns `date` in this form.
    package static func text(_ date: Date) -> String {
        let parts = date.formatted(.iso8601).split { "-TZ".contains($0) }
        let day = Int((date.timeIntervalSince1970 / 86_400).rounded(.down))
        let month = months[(Int(parts[1]) ?? 1) - 1]
        // 1 January 1970 was a Thursday.
        return "\(weekdays[(day + 4) % 7]), \(parts[2]) \(month) \(parts[0]) \(parts[3]) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
