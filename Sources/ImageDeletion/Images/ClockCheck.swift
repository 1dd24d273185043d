import ImageDeletionEssentials

/// Remembers how much this machine's clock differs from the image service's, by the last response that it sent.
actor ClockCheck {
    private var latest: TimeInterval?

    /// Notes what a response's `Date` says, in seconds; positive if this machine's clock is ahead.
    func note(_ difference: TimeInterval) { latest = difference }

    /// The difference in seconds, if it is more than five minutes: then no age of an image and no grace
    /// period can be trusted. Nil if it is small, or no response has said.
    var difference: TimeInterval? { latest.flatMap { abs($0) > Token.margin ? $0 : nil } }
}
