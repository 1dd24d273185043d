import ImageDeletion
import ImageDeletionEssentials

/// A line at the terminal that says how far long work is, and goes when the work has ended.
///
/// It comes after a second, because whatever is shorter needs none; then it is drawn once a second, and with each step.
final class ProgressLine: Sendable {
    /// What is counted.
    enum Unit: String {
        case requests = "requests answered"
        case images = "images done"
    }

    private struct Work {
        var unit: Unit
        var total: Int?
        var isShown = false
        var done = 0
        var began: Date
    }

    private let clock: WallClock
    private let show: (@Sendable (String?) -> Void)?
    private let state = Locked<(work: Work?, drawing: Task<Void, Never>?)>((nil, nil))

    /// - Parameter show: Puts a text into the place of the one before; nil where nothing can be replaced.
    init(clock: WallClock, show: (@Sendable (String?) -> Void)?) {
        self.clock = clock
        self.show = show
    }

    /// From now on, this is what is done.
    ///
    /// - Parameters:
    ///   - unit: What is counted.
    ///   - total: How many there are to be; nil where nobody knows.
    func begin(_ unit: Unit, of total: Int? = nil) {
        guard show != nil else { return }
        let drawing = Task {
            while true {
                do { try await clock.sleep(.seconds(1)) } catch { return }
                draw()
            }
        }
        state.withLock { $0 = (Work(unit: unit, total: total, began: clock.now()), drawing) }
    }

    /// One more is done.
    func step(_ unit: Unit) {
        state.withLock { state in
            guard state.work?.unit == unit else { return }
            state.work?.done += 1
            if let work = state.work, work.isShown { show?(text(work)) }
        }
    }

    /// Nothing is done any more.
    func end() {
        guard let show else { return }
        state.withLock { state in
            state.drawing?.cancel()
            if state.work != nil { show(nil) }
            state = (nil, nil)
        }
    }

    private func draw() {
        // Shown under the lock: after the end, nothing is shown, also not in the name of what comes next.
        state.withLock { state in
            if Task.isCancelled { return }
            state.work?.isShown = true
            if let work = state.work { show?(text(work)) }
        }
    }

    private func text(_ work: Work) -> String {
        let rate = Double(work.done) / max(1, clock.now().timeIntervalSince(work.began))
        let number = work.total.map { "\(work.done) of \($0)" } ?? "\(work.done)"
        let facts = [
            "\(number) \(work.unit.rawValue)",
            work.done > 0 ? "\(rate < 10 ? rate.inTenths : "\(Int(rate.rounded()))") a second" : nil,
            work.done > 0 ? work.total.map { "\(Self.time(Double($0 - work.done) / rate)) left" } : nil,
        ]
        return facts.compactMap { $0 }.joined(separator: ", ")
    }

    private static func time(_ seconds: Double) -> String {
        let seconds = Int(seconds.rounded(.up))
        return seconds < 120 ? count(seconds, "second") : count((seconds + 59) / 60, "minute")
    }
}
