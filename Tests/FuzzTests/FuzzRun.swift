import Foundation
import TestSupport
import Testing

/// Inputs for one target, each all in its seed.
struct FuzzRun {
    let target: FuzzTarget
    private var verdicts: [FuzzTarget.Verdict: Int] = [:]
    private var slowest: [(time: Duration, seed: Int, size: Int)] = []

    init(_ target: FuzzTarget) { self.target = target }

    /// What is fed in with `seed`.
    func input(_ seed: Int) -> (Data, SeededGenerator) {
        var generator = SeededGenerator(seed: seed)
        let input = Mutation(of: target.samples).input(&generator)
        return (input, generator)
    }

    /// Feeds in what `seed` makes, and records what does not hold.
    mutating func feed(_ seed: Int) async {
        let replay = "DELETE_IMAGE_FUZZ_SEED=\(target.name):\(seed) swift test --filter FuzzTests"
        var (input, generator) = input(seed)
        let start = ContinuousClock.now
        do {
            let verdict = try await RunningSeeds.note(replay) {
                try await target.check(input, &generator)
            }
            verdicts[verdict, default: 0] += 1
        } catch {
            Issue.record("\(target.name), seed \(seed): \(error)\n\(replay)")
        }
        slowest.append((ContinuousClock.now - start, seed, input.count))
        if slowest.count > 100 { shorten() }
    }

    /// Feeds in one input after the other until `end`.
    mutating func feed(from first: Int, until end: ContinuousClock.Instant) async {
        var seed = first
        while ContinuousClock.now < end {
            await feed(seed)
            seed += 1
        }
        shorten()
        let times = slowest.map { "\($0.time) (seed \($0.seed), \($0.size) bytes)" }.joined(separator: ", ")
        print("\(target.name): \(seed - first) inputs from seed \(first), \(summary); slowest: \(times)")
    }

    /// Inputs that are all refused, or all accepted, have gone no way into what reads them.
    var isWorthIt: Bool { verdicts[.accepted, default: 0] > 0 && verdicts[.refused, default: 0] > 0 }

    var summary: String { "\(verdicts[.accepted, default: 0]) accepted, \(verdicts[.refused, default: 0]) refused" }

    private mutating func shorten() { slowest = Array(slowest.sorted { $0.time > $1.time }.prefix(3)) }
}
