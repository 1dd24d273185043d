import Foundation
import TestSupport

/// Sends signals to a program a given time after one of its requests, which is more precise than the time since its start.
final class SignalScheduler: Sendable {
    private struct State {
        var running: Running?
        var seen = 0
        /// The number of requests before the first signal; nil once the signals are sent.
        var requests: Int?
        var signals: [(pause: Double, number: Int32)] = []
    }

    private let state = Locked(State())

    /// Sends each of `signals` the given milliseconds after the previous one, the first of them after `requests` requests.
    func schedule(_ running: Running, after requests: Int, _ signals: [(pause: Double, number: Int32)]) {
        state.withLock {
            $0.running = running
            $0.requests = requests
            $0.signals = signals
        }
        sendIfDue()
    }

    /// Cancels the signals. Call it when the program has ended: another process may get its ID.
    func cancel() { state.withLock { $0 = State() } }

    func countRequest() {
        state.withLock { $0.seen += 1 }
        sendIfDue()
    }

    private func sendIfDue() {
        state.withLock { state in
            guard state.running != nil, let requests = state.requests, state.seen >= requests else { return }
            state.requests = nil
            let signals = state.signals
            // A thread of its own keeps time better than a queue.
            Thread.detachNewThread {
                for (pause, number) in signals {
                    Thread.sleep(forTimeInterval: pause / 1000)
                    self.state.withLock { $0.running?.signal(number) }
                }
            }
        }
    }
}
