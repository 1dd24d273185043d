import Foundation
import TestSupport
import Testing

/// The whole command, in memory, through days that are as bad as they can be. Each is all in its seed:
///
/// ```sh
/// DELETE_IMAGE_SEED=7 swift test --filter SimulationTests                          # one, with all that happens
/// DELETE_IMAGE_SEEDS=100000 TMPDIR=/dev/shm swift test --filter SimulationTests    # many
/// ```
@Suite("Simulation", .timeLimit(.minutes(600)))
struct SimulationTests {
    private static let variables = ProcessInfo.processInfo.environment
    private static let seed = variables["DELETE_IMAGE_SEED"].flatMap(Int.init)
    private static let first = variables["DELETE_IMAGE_FIRST_SEED"].flatMap(Int.init) ?? 1
    private static let count = variables["DELETE_IMAGE_SEEDS"].flatMap(Int.init) ?? 200

    @Test("Whatever happens, only what was meant goes, and what is told is true")
    func days() async {
        if let seed = Self.seed { return print(await Self.check(seed).joined(separator: "\n")) }
        let lanes = ProcessInfo.processInfo.activeProcessorCount
        await withTaskGroup { group in
            for lane in 0..<lanes {
                group.addTask {
                    for seed in stride(from: Self.first + lane, to: Self.first + Self.count, by: lanes) {
                        _ = await Self.check(seed)
                    }
                }
            }
        }
    }

    @Test("The same seed is the same day", arguments: [1, 7, 23, 42, 99])
    func replay(seed: Int) async {
        let (first, second) = (await Self.check(seed), await Self.check(seed))
        #expect(first == second)
    }

    /// Lets the day pass and checks what must be true after it.
    ///
    /// - Returns: What happened in it.
    private static func check(_ seed: Int) async -> [String] {
        let (trace, problems) = await withCheckedContinuation { continuation in
            // A thread of its own, which no other code runs on meanwhile.
            let thread = Thread {
                continuation.resume(returning: LastWords.during(replay(seed)) { outcome(of: seed) })
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        for problem in problems {
            Issue.record("seed \(seed): \(problem)\n\(replay(seed))")
        }
        return trace
    }

    private static func replay(_ seed: Int) -> String {
        "DELETE_IMAGE_SEED=\(seed) swift test --filter SimulationTests"
    }

    private static func outcome(of seed: Int) -> (trace: [String], problems: [String]) {
        do {
            let day = try Day(seed: seed)
            do { try day.pass() } catch { return (day.ledger.trace, ["it does not end: \(error)"]) }
            return (day.ledger.trace, Invariants(day: day).violations())
        } catch {
            return ([], ["it cannot begin: \(error)"])
        }
    }
}
