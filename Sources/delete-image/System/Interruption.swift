import ImageDeletion

/// What Ctrl-C does: the first finishes what is under way and starts nothing more, the second gives up. What is under
/// way is also given up when it takes too long: SwiftPM kills its plugins some 25 seconds after Ctrl-C.
actor Interruption {
    private static let grace = Duration.seconds(10)

    private(set) var isRequested = false
    private var giveUp: @Sendable () -> Void = {}
    private var deleter: ImageDeleter?

    /// From now on, `giveUp` is how the run is given up.
    func watch(giveUp: @escaping @Sendable () -> Void) {
        self.giveUp = giveUp
        if isRequested { giveUp() }
    }

    /// From now on, `deleter` is what is stopped in an orderly way.
    func deletionsBegin(_ deleter: ImageDeleter) async {
        self.deleter = deleter
        if isRequested { await deleter.stop() }
    }

    /// Interrupts.
    ///
    /// - Returns: What to tell the person who asked for it; nil where there is nothing to wait for.
    func request(clock: WallClock) async -> String? {
        guard !isRequested, let deleter else {
            isRequested = true
            giveUp()
            return nil
        }
        isRequested = true
        await deleter.stop()
        Task {
            try? await clock.sleep(Self.grace)
            giveUp()
        }
        return "interrupted: deletions under way are finished, no more are started. Once more to give them up."
    }
}
