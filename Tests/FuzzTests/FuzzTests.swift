import Foundation
import TestSupport
import Testing

/// Whatever comes from elsewhere, it is read or refused, and does no harm.
///
/// ```sh
/// DELETE_IMAGE_FUZZ_SECONDS=3600 swift test --filter FuzzTests       # an hour, other inputs each time
/// DELETE_IMAGE_FUZZ_SEED=plans:7 swift test --filter FuzzTests       # one input again, and what it is
/// ```
///
/// If the process crashes or hangs, ``RunningSeeds`` has the command for its input.
@Suite("Fuzzing", .serialized, .timeLimit(.minutes(FuzzOptions.seconds == nil ? 10 : 1440)))
struct FuzzTests {
    @Test("Accepts or rejects random input without harm", arguments: FuzzTarget.all)
    func foreignBytes(target: FuzzTarget) async throws {
        var run = FuzzRun(target)
        if let replayed = FuzzOptions.replayed {
            #expect(FuzzTarget.all.contains { $0.name == replayed.first }, "there is no such target")
            guard replayed.first == target.name else { return }
            let seed = try #require(replayed.last.flatMap { Int($0) }, "DELETE_IMAGE_FUZZ_SEED is TARGET:NUMBER")
            print(String(decoding: run.input(seed).0, as: UTF8.self))
            await run.feed(seed)
            print(run.summary)
        } else if let seconds = FuzzOptions.seconds {
            let share = Duration.seconds(seconds / Double(FuzzTarget.all.count))
            await run.feed(from: Int.random(in: 0..<1 << 40), until: .now + share)
        } else {
            let seeds = Array(0..<target.inputs)
            let sample = Sampling.of(seeds, max(20, target.inputs / 8))
            for seed in sample { await run.feed(seed) }
            for seed in seeds where !run.isWorthIt && !sample.contains(seed) { await run.feed(seed) }
            #expect(run.isWorthIt, "\(target.name): \(run.summary)")
        }
    }
}

/// What the variables ask for.
private enum FuzzOptions {
    private static let variables = ProcessInfo.processInfo.environment
    static let seconds = variables["DELETE_IMAGE_FUZZ_SECONDS"].flatMap(Double.init)
    static let replayed = variables["DELETE_IMAGE_FUZZ_SEED"]?.split(separator: ":").map(String.init)
}
