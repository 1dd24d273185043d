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

    /// A number that a variable may set; nil where it is none.
    private static func number(_ name: String, otherwise value: Int) -> Int? {
        variables[name].map { Int($0) } ?? value
    }

    @Test("Whatever happens, only what was meant goes, and what is told is true")
    func scenarios() async throws {
        if Self.variables["DELETE_IMAGE_SEED"] != nil {
            let seed = try #require(Self.number("DELETE_IMAGE_SEED", otherwise: 0))
            return print(await Self.check(seed).trace.joined(separator: "\n"))
        }
        let firsts = Sampling.of(Array(stride(from: 1, to: 300, by: 30)), 1)
        let first = try #require(Self.number("DELETE_IMAGE_FIRST_SEED", otherwise: firsts[0]))
        let count = try #require(Self.number("DELETE_IMAGE_SEEDS", otherwise: Sampling.count(300, sample: 30)))
        let lanes = ProcessInfo.processInfo.activeProcessorCount
        let tally = await withTaskGroup { group in
            for lane in 0..<lanes {
                group.addTask {
                    var tally: [String: Int] = [:]
                    for seed in stride(from: first + lane, to: first + count, by: lanes) {
                        tally.merge(await Self.check(seed).tally, uniquingKeysWith: +)
                    }
                    return tally
                }
            }
            return await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        }
        // Days on which nothing comes show nothing. In fewer days than these, something may not come.
        if count >= 300 { #expect(Self.events.filter { tally[$0] == nil } == []) }
        if Self.variables["DELETE_IMAGE_SEEDS"] != nil {
            for event in tally.sorted(by: <) { print(event.value, event.key) }
        }
    }

    /// What must have come in as many days as are tried.
    private static let events: [String] = {
        let faults = ["refused", "reset", "reset after", "silence", "drip", "late", "oversized", "answer"]
        let methods = ["GET", "DELETE"]
        let outcomes = ["deleted", "kept", "missing", "failed", "pending", "wouldDelete"]
        let statuses = [
            "done", "incomplete", "usage", "input", "unavailable", "denied", "configuration", "interrupted",
        ]
        let events = ["remove", "rename", "protect", "use", "share", "add", "revokeTokens", "changePassword", "setClock"]
        return methods.flatMap { method in faults.map { "\(method) \($0)" } } + [
            "POST answer", "POST reset", "GET list", "rehearsal",
        ]
            + outcomes.map { "outcome: \($0)" } + statuses.map { "status: \($0)" }
            + (events + ["spoilCache"]).map { "external: \($0)" }
    }()

    @Test("The same seed is the same scenario", arguments: [1, 7, 23, 42, 99])
    func replay(seed: Int) async {
        let (first, second) = (await Self.check(seed).trace, await Self.check(seed).trace)
        #expect(first == second)
    }

    /// Lets the scenario pass and checks what must be true after it.
    ///
    /// - Returns: What happened in it, one after the other, and how often what.
    @discardableResult
    private static func check(_ seed: Int) async -> (trace: [String], tally: [String: Int]) {
        let (ledger, problems) = await RunningSeeds.note(replay(seed)) {
            await withCheckedContinuation { continuation in
                // A thread of its own, which no other code runs on meanwhile.
                let thread = Thread { continuation.resume(returning: outcome(of: seed)) }
                thread.stackSize = 8 << 20
                thread.start()
            }
        }
        for problem in problems {
            Issue.record("seed \(seed): \(problem)\n\(replay(seed))")
        }
        return (ledger?.trace ?? [], ledger?.tally ?? [:])
    }

    private static func replay(_ seed: Int) -> String {
        "DELETE_IMAGE_SEED=\(seed) swift test --filter SimulationTests"
    }

    private static func outcome(of seed: Int) -> (ledger: Ledger?, problems: [String]) {
        do {
            let scenario = try Scenario(seed: seed)
            do { try scenario.run() } catch { return (scenario.ledger, ["it does not end: \(error)"]) }
            return (scenario.ledger, Invariants(scenario: scenario).violations())
        } catch {
            return (nil, ["it cannot begin: \(error)"])
        }
    }
}
