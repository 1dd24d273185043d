import Foundation
import ImageDeletion

/// Sends through another transport, so many requests a second and no more: for a cloud that counts them.
///
/// The deadline of a request (`ServiceConnection.timeout`) includes its waiting.
actor PacedTransport: HTTPTransport {
    private let base: any HTTPTransport
    private let pause: TimeInterval
    private let clock: WallClock
    /// When the next request may leave.
    private var next = Date.distantPast

    init(_ base: any HTTPTransport, requestsPerSecond: Double, clock: WallClock = .system) {
        self.base = base
        pause = 1 / requestsPerSecond
        self.clock = clock
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let now = clock.now()
        let turn = max(now, next)
        // Before anything is waited for: while this request waits, others ask for their turn.
        next = turn + pause
        if turn > now { try await clock.sleep(.seconds(turn.timeIntervalSince(now))) }
        return try await base.send(request)
    }
}
