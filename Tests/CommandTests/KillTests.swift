import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// `kill -9` at random times, many of them while the cache, the receipt or the plan is written.
///
/// Of a hundred kills about three leave the draft of a token cache, and one an image that is gone without a line.
/// `DELETE_IMAGE_KILLS=5000 swift test --filter KillTests` kills more often.
@Suite("Killed", .timeLimit(.minutes(60)))
struct KillTests {
    private static let lanes = 4
    private static let kills =
        (ProcessInfo.processInfo.environment["DELETE_IMAGE_KILLS"].flatMap(Int.init) ?? Sampling.count(200, sample: 24))
        / lanes

    @Test("Loses no record, deletes nothing twice, and leaves no token behind after kill -9", arguments: 1...lanes)
    func killed(seed: Int) async throws {
        var generator = SeededGenerator(seed: seed)
        let project = try KilledProject()
        var kills = 0
        while kills < Self.kills {
            await project.begin()
            var isDone = false
            while !isDone, kills < Self.kills {
                if generator.once(in: 4) {
                    kills += try await planning(project, &generator, "seed \(seed), kill \(kills)")
                } else {
                    isDone = try await !deleting(project, &generator, "seed \(seed), kill \(kills)")
                    kills += isDone ? 0 : 1
                }
            }
            try await finishing(project, "seed \(seed), kill \(kills)")
        }
        // Drafts of writers that were killed hold tokens, too.
        #expect(try await project.run(["--forget-token"]).0.status == 0)
        #expect(try project.files(with: "MII") == [])
        #expect(try project.files(with: "demo-pa55w0rd") == [])
        let names = try FileManager.default.contentsOfDirectory(atPath: project.folder.url.path)
        #expect(names.filter { $0.hasPrefix("token-cache.json") } == ["token-cache.json.lock"])
    }

    /// Has the cache be written in this run, or not.
    private func spoilToken(_ project: KilledProject, _ generator: inout SeededGenerator) async {
        switch generator.number(0...3) {
        case 0: try? FileManager.default.removeItem(at: project.folder.file("token-cache.json"))
        case 1: await project.cloud.cloud.revokeAllTokens()
        default: break
        }
    }

    /// Deletes and kills.
    ///
    /// - Returns: Whether the run was killed before it was done.
    private func deleting(_ project: KilledProject, _ generator: inout SeededGenerator, _ moment: Comment) async throws
        -> Bool
    {
        await spoilToken(project, &generator)
        let told = Set(try project.lines().filter { $0.outcome == "deleted" }.map(\.id))
        let goneBefore = await project.gone()
        let requestsBefore = generator.number(0...(3 + project.images.count - goneBefore.count))
        let (run, requests) = try await project.run(
            project.arguments,
            killedAfter: requestsBefore,
            Double.random(in: 0...(requestsBefore == 0 ? 60 : 6), using: &generator)
        )
        #expect(run.errors == "", moment)
        #expect(requests.count { $0.method == "POST" } <= 1, moment)
        #expect(!requests.contains { $0.method == "DELETE" && told.contains($0.imageID) }, moment)
        try project.expectSoundCache()
        let gone = await project.gone()
        let toldNow = try project.lines().filter { $0.outcome == "deleted" }.map(\.id)
        #expect(Set(toldNow).count == toldNow.count, moment)
        #expect(gone.isSuperset(of: toldNow), moment)
        // Only what was under way may be gone without a word.
        #expect(gone.subtracting(goneBefore).subtracting(toldNow).count <= KilledProject.concurrency, moment)
        return run.status == -SIGKILL
    }

    /// Runs to the end: all that was asked for is gone, and it is told how.
    private func finishing(_ project: KilledProject, _ moment: Comment) async throws {
        let goneBefore = await project.gone()
        let (run, requests) = try await project.run(["--json", "--ignore-missing"] + project.arguments)
        #expect(run.status == 0, moment)
        #expect(run.errors == "", moment)
        #expect(requests.count { $0.method == "POST" } <= 1, moment)
        #expect(await project.gone() == Set(project.images), moment)
        let lines = try project.lines()
        let deleted = Set(lines.filter { $0.outcome == "deleted" }.map(\.id))
        let missing = Set(lines.filter { $0.outcome == "missing" }.map(\.id))
        #expect(deleted.union(missing) == Set(project.images), moment)
        // Of an ID alone nobody knows who deleted it; of a name the receipt knows which image it meant.
        #expect(missing.isDisjoint(with: project.named) && goneBefore.isSuperset(of: missing), moment)
        for image in try run.report().images {
            #expect(image.outcome == (deleted.contains(image.id) ? "deleted" : "missing"), moment)
        }
    }

    /// Saves a plan and kills.
    ///
    /// - Returns: How often it was killed.
    private func planning(_ project: KilledProject, _ generator: inout SeededGenerator, _ moment: Comment) async throws
        -> Int
    {
        await spoilToken(project, &generator)
        let before = try project.planned()
        let (run, _) = try await project.run(
            ["--match", "nightly-*", "--plan", project.plan.path],
            killedAfter: generator.number(1...2),
            Double.random(in: 0...30, using: &generator)
        )
        #expect(run.errors == "", moment)
        try project.expectSoundCache()
        let left = Set(project.images).subtracting(await project.gone())
        let after = try project.planned()
        #expect(after == before || after == left, moment)
        return run.status == -SIGKILL ? 1 : 0
    }
}

extension LoopbackServer.Request {
    fileprivate var imageID: String { path.split(separator: "/").last.map(String.init) ?? "" }
}
