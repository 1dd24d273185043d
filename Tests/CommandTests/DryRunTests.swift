import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import delete_image

/// What a dry run shows is what the run does.
@Suite("Dry run", .timeLimit(.minutes(2)))
struct DryRunTests {
    /// A cloud and some files, in memory.
    private struct World {
        let cloud: DemoCloud
        let files = Locked<[String: Data]>([:])
        let clock = TestClock()

        init(_ images: [DemoImage]) {
            let clock = clock
            cloud = DemoCloud(images: images, now: { clock.now })
        }

        func run(_ arguments: [String]) async throws -> (
            report: Report, status: delete_image.ExitStatus, errors: String
        ) {
            let (output, errors) = (Locked(""), Locked(""))
            let (cloud, files) = (cloud, files)
            let status = await Command.run(
                ["--json", "--no-token-cache", "--timeout", "31", "--retries", "0"] + arguments,
                in: Surroundings(
                    environment: cloud.environment,
                    currentDirectory: URL(fileURLWithPath: "/nowhere", isDirectory: true),
                    transport: { cloud },
                    clock: clock.clock,
                    random: { 0.5 },
                    read: { files.value[$0] ?? Data() },
                    write: { path, data, _ in files.withLock { $0[path] = data } },
                    references: { _, _, _ in [:] },
                    ask: { _ in .nobody },
                    print: { line in output.withLock { $0 += line } },
                    printError: { line in errors.withLock { $0 += line + "\n" } },
                    interruptions: AsyncStream { _ in }
                )
            )
            return (try JSONDecoder().decode(Report.self, from: Data(output.value.utf8)), status, errors.value)
        }
    }

    private static func image(_ number: Int, _ dice: inout Dice) -> DemoImage {
        let owner = dice.pick([DemoImage.projectID, DemoImage.projectID, DemoImage.projectID, "another"])
        var image = DemoImage(
            id: Sample.id(number),
            name: dice.pick(["nightly-\(number)", "nightly-\(number)", "base"]),
            owner: owner,
            visibility: dice.pick(["private", "private", "private", "shared", "public", "community"]),
            isProtected: dice.once(in: 4),
            isHidden: dice.once(in: 6),
            createdAt: TestClock().now - Double(dice.number(1...9)) * 86_400,
            tags: dice.some(["ci"]),
            members: dice.once(in: 2) ? ["third"] : [],
            usedBy: dice.once(in: 4) ? "web-\(number)" : nil
        )
        if owner != DemoImage.projectID, dice.once(in: 2) { image.members.append(DemoImage.projectID) }
        return image
    }

    /// What the command line selects; files that it needs are written.
    private static func selection(_ world: World, _ dice: inout Dice) -> [String] {
        switch dice.number(0...4) {
        case 0: return dice.some((1...9).map(Sample.id)) + [Sample.id(1)]
        case 1: return ["base", "nightly-2"]
        case 2:
            world.files.withLock { $0["list"] = Data((2...5).map { Sample.id($0) + "\n" }.joined().utf8) }
            return ["--from", "list"]
        case 3: return ["--match", "nightly-*", "--keep-last", "\(dice.number(0...2))"]
        default:
            let policy = #"{"rules":{"a":{"tag":"ci","keepLast":1},"b":{"olderThan":"5d","unlessInUse":true}}}"#
            world.files.withLock { $0["policy"] = Data(policy.utf8) }
            return ["--policy", "policy"]
        }
    }

    @Test("The run does what the dry run showed, for every image and with its status", arguments: 0..<8)
    func sameFate(block: Int) async throws {
        for seed in (block * 50)..<(block * 50 + 50) {
            var dice = Dice(seed: seed)
            let images = (1...8).map { Self.image($0, &dice) }
            let world = World(images)
            var arguments = Self.selection(world, &dice) + dice.some(["--ignore-missing", "--unless-shared"])
            if dice.once(in: 2) { arguments.append("--unless-in-use") }
            if dice.once(in: 3), !arguments.contains("--policy") { arguments.append("--unprotect") }
            if dice.once(in: 3) {
                let plan = try await world.run(arguments + ["--plan", "plan"])
                guard [.done, .incomplete].contains(plan.status), plan.report.error == nil else { continue }
                arguments = ["--apply", "plan"] + dice.some(["--ignore-missing"])
            }
            let look = try await world.run(arguments + ["--dry-run"])
            #expect(await world.cloud.currentImages.count == images.count, "seed \(seed)")
            let receipt = try TemporaryFolder()
            let isWritten = dice.once(in: 3)
            let run = try await world.run(
                arguments + ["--yes"] + (isWritten ? ["--receipt", receipt.file("receipt").path] : [])
            )
            try await expect(run, toBeAs: look, images, in: world, "seed \(seed): \(arguments)")
        }
    }

    private func expect(
        _ run: (report: Report, status: delete_image.ExitStatus, errors: String),
        toBeAs look: (report: Report, status: delete_image.ExitStatus, errors: String),
        _ images: [DemoImage],
        in world: World,
        _ comment: Comment
    ) async throws {
        #expect(run.report.images.map(\.id) == look.report.images.map(\.id), comment)
        var gone: Set<String> = []
        var hasFailed = false
        for (done, shown) in zip(run.report.images, look.report.images) {
            let isForeign = images.contains { $0.id == shown.id && $0.owner != DemoImage.projectID }
            switch shown.outcome {
            case "wouldDelete" where isForeign:
                // The service decides, and this one refuses.
                hasFailed = true
                #expect(done.outcome == "failed" && done.status == 403, comment)
                #expect(shown.detail?.contains("The service decides") == true, comment)
            case "wouldDelete":
                gone.insert(shown.id)
                #expect(done.outcome == "deleted", comment)
            default: #expect((done.outcome, done.reason) == (shown.outcome, shown.reason), comment)
            }
        }
        #expect(Set(await world.cloud.currentImages.map(\.id)) == Set(images.map(\.id)).subtracting(gone), comment)
        if !hasFailed { #expect(run.status == look.status, comment) }
    }
}
