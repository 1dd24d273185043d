import ImageDeletionEssentials

/// Remembers how much this machine's clock differs from the image service's, by the last list that it sent.
actor ClockCheck {
    /// In seconds; positive where this machine's clock is ahead. Nil where no list has said.
    private(set) var difference: TimeInterval?

    /// Notes what a response's `Date` says.
    func note(_ difference: TimeInterval) { self.difference = difference }
}
