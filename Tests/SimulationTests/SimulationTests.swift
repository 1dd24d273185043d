import Foundation
import TestSupport
import Testing

/// Runs the whole command in memory through scenarios with faults, interruptions and concurrent changes. A seed determines
/// each scenario:
///
/// ```sh
/// DELETE_IMAGE_SEED=7 swift test --filter SimulationTests                          # one, with all that happens
/// DELETE_IMAGE_SEEDS=100000 TMPDIR=/dev/shm swift test --filter SimulationTests    # many
/// ```
@Suite("Simulation", .timeLimit(.minutes(600)))
struct SimulationTests {
    private static let variables = ProcessInfo.processInfo.environment

    /// Returns the value of an environment variable, `value` if it is not set, or nil if it is not a number.
    private static func number(_ name: String, otherwise value: Int) -> Int? {
        variables[name].map { Int($0) } ?? value
    }

    @Test("Deletes only what the command line selects and reports what happened, whatever fails")
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
        // Scenarios without faults prove nothing. In fewer scenarios than these, a kind of event may not occur.
        if count >= 300 { #expect(Self.events.filter { tally[$0] == nil } == []) }
        if Self.variables["DELETE_IMAGE_SEEDS"] != nil {
            for event in tally.sorted(by: <) { print(event.value, event.key) }
        }
    }

    /// The events that must occur in a large number of scenarios.
    private static let events: [String] = {
        let faults = ["refused", "reset", "reset after", "silence", "drip", "late", "oversized", "answer"]
        let methods = ["GET", "DELETE"]
        let outcomes = [
            "deleted", "marked", "unmarked", "kept", "missing", "failed", "pending", "wouldDelete", "wouldMark",
        ]
        let statuses = [
            "done", "incomplete", "usage", "input", "unavailable", "denied", "configuration", "interrupted",
        ]
        let events = [
            "remove", "rename", "protect", "use", "restore", "share", "add", "revokeTokens", "changePassword",
            "setClock",
        ]
        return methods.flatMap { method in faults.map { "\(method) \($0)" } } + [
            "deleted after a grace period", "POST answer", "POST reset", "GET list", "rehearsal",
        ]
            + outcomes.map { "outcome: \($0)" } + statuses.map { "status: \($0)" }
            + (events + ["spoilCache"]).map { "external: \($0)" }
    }()

    @Test("Repeats a scenario from its seed", arguments: [1, 7, 23, 42, 99])
    func replay(seed: Int) async {
        let (first, second) = (await Self.check(seed).trace, await Self.check(seed).trace)
        #expect(first == second)
    }

    /// Runs a scenario and checks the invariants after it.
    ///
    /// - Returns: The trace of its events and the number of each kind.
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
