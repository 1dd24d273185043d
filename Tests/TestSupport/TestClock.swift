public import Foundation
public import ImageDeletion

/// A clock under a test's control. Waiting takes no time, but is noted and moves the clock; only a request's deadline
/// is really waited for, because it is there to be cancelled.
public final class TestClock: Sendable {
    private struct State {
        var now: Date
        var waits: [Duration] = []
    }

    private let state: Locked<State>
    private let deadline: Duration
    private let deadlinesPass: Bool

    /// - Parameters:
    ///   - deadline: The deadline of the requests that this clock is for.
    ///   - deadlinesPass: Whether deadlines pass at once, for requests that are never answered.
    public init(
        now: Date = Date(timeIntervalSince1970: 1_795_000_000),
        deadline: Duration = .seconds(31),
        deadlinesPass: Bool = false
    ) {
        state = Locked(State(now: now))
        self.deadline = deadline
        self.deadlinesPass = deadlinesPass
    }

    public var now: Date { state.value.now }
    /// How long was waited, each time.
    public var waits: [Duration] { state.value.waits }

    public func advance(by seconds: TimeInterval) { state.withLock { $0.now += seconds } }

    public var clock: WallClock { WallClock(now: { self.now }, sleep: sleep) }

    @Sendable private func sleep(_ duration: Duration) async throws {
        if duration == deadline {
            if !deadlinesPass { try await Task.sleep(for: .seconds(3600)) }
            return
        }
        try Task.checkCancellation()
        state.withLock {
            $0.waits.append(duration)
            $0.now += Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        }
    }
}
