import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

/// `--grace` and `--restore` on the command line, in a policy, a plan and a receipt.
@Suite("Grace period on the command line")
struct GraceCommandTests {
    private static let images = (1...3).map { DemoImage.old($0, "nightly-\($0)", day: $0) }
    private static let grace = ["--match", "nightly-*", "--keep-last", "1", "--grace", "7d", "--yes"]

    private func run(
        _ arguments: [String],
        _ cloud: DemoCloud,
        files: Locked<[String: Data]> = Locked([:]),
        answer: Terminal.Answer = .unavailable
    ) async -> CommandRun {
        await CommandRun(json: arguments, on: FaultyTransport(cloud), of: cloud, files: files, answer: answer)
    }

    private func marks(_ cloud: DemoCloud) async -> Int {
        await cloud.currentImages.count { $0.tags.contains { $0.hasPrefix("delete-after-") } }
    }

    @Test("A dry run predicts what the run does, for each step")
    func dryRun() async throws {
        let cloud = DemoCloud(images: Self.images)
        let steps = [
            (Self.grace, ["wouldMark", "wouldMark", "kept keepLast"], ["marked", "marked", "kept keepLast"]),
            (
                Self.grace, ["kept inGrace", "kept inGrace", "kept keepLast"],
                ["kept inGrace", "kept inGrace", "kept keepLast"]
            ),
            (["--restore", "nightly-1"], ["wouldUnmark"], ["unmarked"]),
            (["--restore", "nightly-1"], ["kept notMarked"], ["kept notMarked"]),
        ]
        for (arguments, predicted, done) in steps {
            let before = await cloud.currentImages
            let dryRun = await run(arguments + ["--dry-run"], cloud)
            #expect(await cloud.currentImages == before)
            let run = await run(arguments, cloud)
            for (run, expected) in [(dryRun, predicted), (run, done)] {
                #expect(run.status == .done)
                let fates = try run.report.images.map {
                    [$0.outcome, $0.reason].compactMap(\.self).joined(separator: " ")
                }
                #expect(fates == expected)
            }
        }
    }

    @Test("The report says when the grace period ends")
    func report() async throws {
        let cloud = DemoCloud(images: Self.images)
        let run = await run(Self.grace, cloud)
        let rows = try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])["images"]
        let dates = try #require(rows as? [[String: Any]]).map { $0["dueAt"] as? String }
        #expect(dates[0]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        #expect(dates[2] == nil)
        let text = await CommandRun(
            Self.grace + ["--no-token-cache"],
            in: .inMemory(cloud.environment, FaultyTransport(cloud))
        )
        #expect(text.output.contains("nightly-1"))
        #expect(text.output.contains("hidden  in its grace period until "))
        #expect(text.output.contains("3 images: 3 kept."))
    }

    @Test("Asks before it marks, and marks nothing after a no")
    func question() async throws {
        let cloud = DemoCloud(images: Self.images)
        #expect(await run(Array(Self.grace.dropLast()), cloud, answer: .no).status == .interrupted)
        #expect(await run(Array(Self.grace.dropLast()), cloud).status == .usage)
        #expect(await marks(cloud) == 0)
        #expect(await run(Array(Self.grace.dropLast()), cloud, answer: .yes).status == .done)
        #expect(await marks(cloud) == 2)
    }

    @Test("Marks count for --max-deletions")
    func limit() async throws {
        let cloud = DemoCloud(images: Self.images)
        #expect(await run(Self.grace + ["--max-deletions", "1"], cloud).status == .usage)
        #expect(await marks(cloud) == 0)
        #expect(await run(Self.grace + ["--max-deletions", "2"], cloud).status == .done)
    }

    @Test("A plan carries marks, which are set anew when it is applied")
    func plan() async throws {
        let cloud = DemoCloud(images: Self.images)
        let files = Locked<[String: Data]>([:])
        #expect(await run(Self.grace.dropLast() + ["--plan", "/plan"], cloud, files: files).status == .done)
        #expect(await marks(cloud) == 0)
        let plan = try #require(files.value["/plan"])
        #expect(String(decoding: plan, as: UTF8.self).contains(#""action" : "mark""#))
        let applied = await run(["--apply", "/plan"], cloud, files: files)
        #expect(try applied.report.images.map(\.outcome) == ["marked", "marked", "kept"])

        // An image that was marked since has changed.
        let again = await run(["--apply", "/plan"], cloud, files: files)
        #expect(try again.report.images.map(\.reason) == ["changed", "changed", "keepLast"])

        _ = await run(["--restore", "nightly-1", "--plan", "/restore"], cloud, files: files)
        #expect(await marks(cloud) == 2)
        #expect(
            try await run(["--apply", "/restore"], cloud, files: files).report.images.map(\.outcome) == ["unmarked"]
        )
        #expect(await marks(cloud) == 1)
    }

    @Test("A policy rule has a grace period")
    func policy() async throws {
        let cloud = DemoCloud(images: Self.images)
        let json = #"{"rules":{"nightlies":{"match":"nightly-*","keepLast":1,"grace":"7d"}}}"#
        let run = await run(["--policy", "/policy", "--yes"], cloud, files: Locked(["/policy": Data(json.utf8)]))
        #expect(try run.report.images.map(\.outcome) == ["marked", "marked", "kept"])
    }

    @Test("A receipt records marks, and a later run goes on")
    func receipt() async throws {
        let cloud = DemoCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let arguments = Self.grace + ["--receipt", folder.file("receipt").path]
        for _ in 1...2 { #expect(await run(arguments, cloud).status == .done) }
        let lines = try String(contentsOf: folder.file("receipt"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count { $0.contains(#""outcome":"marked""#) && $0.contains(#""dueAt":""#) } == 2)
        #expect(lines.count { $0.contains(#""reason":"inGrace""#) } == 2)
        #expect(!lines.contains { $0.contains(#""outcome":"begun""#) })
    }

    @Test(
        "Refuses what does not go together",
        arguments: [
            ["--grace", "0d", "--match", "x"], ["--grace", "366d", "--match", "x"], ["--grace", "7d"],
            ["--grace", "7d", "--policy"], ["--grace", "7d", "--apply", "/plan"], ["--restore"],
            ["--restore", "--match", "x"], ["--restore", "--policy"], ["--restore", "--grace", "7d", "x"],
        ]
    )
    func usage(arguments: [String]) async throws {
        let cloud = DemoCloud(images: Self.images)
        let run = await run(arguments, cloud)
        #expect(run.status == .usage)
        #expect(await cloud.currentImages == Self.images)
    }

    @Test("The demo shows what the same command does when the grace period is over")
    func demo() async throws {
        let run = await CommandRun(
            ["--demo", "--match", "nightly-*", "--older-than", "14d", "--grace", "7d", "--yes"],
            in: .inMemory([:], FaultyTransport(DemoCloud(images: [])))
        )
        #expect(run.status == .done)
        #expect(run.output.contains("8 images: 8 marked."))
        #expect(run.output.contains("The same command, 7d later:"))
        #expect(run.output.contains("15 images: would delete 8 (18.8 GiB), would mark 7 (16.1 GiB)."))
    }

    @Test("--demo --grace alone shows groups, a weekly rule, a hidden image and marks")
    func demoAlone() async throws {
        let run = await CommandRun(
            ["--demo", "--grace", "7d"],
            in: .inMemory([:], FaultyTransport(DemoCloud(images: [])))
        )
        #expect(run.status == .done)
        for text in [
            "of group “main”", "keep-weekly", "  hidden  ", "27 images: 17 marked, 10 kept.", "would delete 17",
        ] {
            #expect(run.output.contains(text), "\(text)")
        }
    }

    @Test("A run whose images are marked but cannot be hidden succeeds")
    func notHidden() async throws {
        let cloud = DemoCloud(images: Self.images)
        let transport = FaultyTransport(cloud) { request, _ in
            request.method == "PATCH" ? .answer(403, body: #"{"error":{"code":"IMG.0026","message":"no"}}"#) : nil
        }
        let run = await CommandRun(json: Self.grace, on: transport, of: cloud)
        #expect(run.status == .done)
        #expect(try run.report.images.map(\.status) == [nil, nil, nil])
        #expect(try run.report.images[0].detail?.contains("could not be hidden") == true)
    }

    @Test("An image that was named and is protected fails the run, marked or not")
    func namedAndProtected() async throws {
        let cloud = DemoCloud(images: Self.images)
        _ = await run(Self.grace, cloud)
        var image = try #require(await cloud.currentImages.first { $0.name == "nightly-1" })
        image.isProtected = true
        await cloud.put(image)
        for outcome in ["unmarked", "kept"] {
            let run = await run(["--yes", "--grace", "7d", "nightly-1"], cloud)
            #expect(run.status == .incomplete)
            #expect(try run.report.images.map(\.outcome) == [outcome])
        }
    }
}
