public import ImageDeletionEssentials

/// Time as a value: what o'clock it is, and how to wait. A test or a simulation brings its own.
public struct WallClock: Sendable {
    /// The time of day.
    public var now: @Sendable () -> Date
    /// Waits so long. Throws `CancellationError`, without waiting any longer, when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void

    /// A clock made of the two.
    public init(now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// This machine's clock.
    public static let system = WallClock(now: { Date() }, sleep: { try await Task.sleep(for: $0) })
}

extension Duration {
    /// The number of seconds, like "30" or "0.5".
    var secondsText: String {
        let milliseconds = Int64((timeInterval * 1000).rounded())
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        if rest == 0 { return "\(whole)" }
        let digits = "\(rest + 1000)".dropFirst()
        return "\(whole).\(digits.prefix(through: digits.lastIndex { $0 != "0" } ?? digits.startIndex))"
    }

    /// The same length of time as Foundation counts it.
    var timeInterval: TimeInterval {
        TimeInterval(components.seconds) + TimeInterval(components.attoseconds) / 1e18
    }
}
