import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import delete_image

@Suite(
    "At a terminal",
    .serialized,
    .enabled(if: Executable.hasTerminals, "no script(1) here that makes terminals"),
    .timeLimit(.minutes(10))
)
struct TerminalTests {
    private static let dryRun = [
        "--demo", "--match", "nightly-*", "--older-than", "14d", "--keep-last", "3", "--dry-run",
    ]

    private func run(
        _ arguments: [String],
        type: String? = "xterm",
        columns: Int = 80,
        _ environment: [String: String] = [:]
    ) async throws -> Executable.Finished {
        try await Executable.deleteImage.startAtTerminal(
            arguments,
            type: type,
            columns: columns,
            environment: environment
        ).finished()
    }

    @Test("Aligns the table and fits each row into 80 columns")
    func lines() async throws {
        let lines = screen(try await run(Self.dryRun).output)
        let header = try #require(lines.first { $0.contains("NAME") })
        let rows = lines.filter { $0.contains("nightly-") }
        #expect(rows.count == 11)
        #expect(lines.allSatisfy { $0.count <= 80 })
        for row in rows {
            #expect(row.firstRange(of: "nightly-")?.lowerBound == header.firstRange(of: "NAME")?.lowerBound)
            #expect(row.count == header.count)
        }
        // What is remarked has a line of its own, below.
        let kept = try #require(lines.firstIndex { $0.hasPrefix("  keep") })
        #expect(lines[kept + 1] == "          keep-last")
    }

    @Test("Prints remarks beside the row, or below it when the terminal is narrow")
    func widths() async throws {
        let wide = screen(try await run(Self.dryRun, columns: 120).output)
        #expect(wide.count { $0.hasPrefix("  keep") && $0.hasSuffix("  keep-last") } == 3)
        let narrow = screen(try await run(Self.dryRun, columns: 60).output)
        #expect(narrow.allSatisfy { $0.count <= 60 })
        let first = try #require(narrow.firstIndex { $0.hasPrefix("  delete") })
        #expect(narrow[first].split(separator: " ").count == 2)
        #expect(narrow[first + 1].hasPrefix("          nightly-"))
    }

    @Test("Shortens a long name at a terminal, but not in a log")
    func longNames() async throws {
        let name = "ubuntu-24.04-" + String(repeating: "x", count: 60) + "-2026-11-24"
        let cloud = try LoopbackCloud(images: [.old(1, name)])
        let arguments = ["--no-token-cache", "--dry-run", Sample.id(1)]
        let lines = screen(try await run(arguments, columns: 90, cloud.environment).output)
        let row = try #require(lines.first { $0.hasPrefix("  delete") })
        #expect(row.wholeMatch(of: #/.*  ubuntu-24\.\S*…\S*-2026-11-24 +\d+d  2\.0 GiB/#) != nil)
        #expect(row.count <= 90)
        #expect(try await cloud.run(["--dry-run", Sample.id(1)]).output.contains(name))
    }

    @Test("Aligns wide characters")
    func wideNames() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "映像-1"), .old(2, "images-2")])
        let run = try await cloud.run(["--dry-run", Sample.id(1), Sample.id(2)])
        #expect(run.lines.contains { $0.contains(#/  映像-1 {4}\d/#) })
        #expect(run.lines.contains { $0.contains(#/  images-2 {2}\d/#) })
    }

    @Test("Uses colors at a terminal that supports them unless NO_COLOR is set")
    func colours() async throws {
        let coloured = try await run(Self.dryRun).output
        #expect(coloured.contains("  \u{1B}[31mdelete\u{1B}[0m  "))
        #expect(coloured.contains("  \u{1B}[32mkeep  \u{1B}[0m  "))
        let error = try await run(["--dryrun"]).output
        #expect(error.hasPrefix("\u{1B}[31merror:\u{1B}[0m unknown option --dryrun."))
        for plain in [
            try await run(Self.dryRun, ["NO_COLOR": "1"]), try await run(Self.dryRun, type: "dumb"),
            try await run(Self.dryRun, type: nil), try await Executable.deleteImage.run(Self.dryRun),
        ] {
            #expect(!plain.output.contains("\u{1B}"))
        }
        #expect(try await run(Self.dryRun, ["NO_COLOR": ""]).output.contains("\u{1B}"))
    }

    @Test("Keeps spaces in quoted text")
    func spaces() async throws {
        let cloud = try LoopbackCloud()
        let run = try await run(["--no-token-cache", "web  1"], columns: 70, cloud.environment)
        #expect(screen(run.output).joined(separator: " ").contains("“web  1”"))
    }

    @Test("Wraps long messages between words")
    func folding() async throws {
        let lines = screen(try await run(["--match", "nightly-["], columns: 60).output)
        #expect(lines.count > 2)
        #expect(lines.allSatisfy { $0.count <= 60 })
    }

    @Test("Shows no progress line when output goes to a pipe")
    func pipe() throws {
        let pipe = Pipe()
        let folder = try TemporaryFolder()
        try Data().write(to: folder.file("log"))
        let log = try FileHandle(forWritingTo: folder.file("log"))
        let live = Display(width: 80, isColoured: true, isLive: true)
        #expect(!live.mayBeLive(beside: pipe.fileHandleForWriting.fileDescriptor))
        #expect(live.mayBeLive(beside: log.fileDescriptor))
        #expect(!Display.log.mayBeLive(beside: log.fileDescriptor))
    }

    @Test("Shows a progress line below the output and removes it at the end")
    func progress() async throws {
        let (shown, isShown) = AsyncStream<Void>.makeStream()
        let cloud = try LoopbackCloud(images: Sample.images(3)) { request, earlier in
            if request.method == "DELETE", earlier == 1 { for await _ in shown {} }
            return nil
        }
        let arguments = ["--no-token-cache", "--concurrency", "1"] + (1...3).map(Sample.id)
        let running = try Executable.deleteImage.startAtTerminal(
            arguments,
            type: "xterm",
            columns: 80,
            environment: cloud.environment
        )
        await running.outputContains("1 of 3 images done, ")
        isShown.finish()
        let run = await running.finished()
        #expect(run.status == 0)
        let lines = screen(run.output)
        #expect(!lines.contains { $0.contains("images done") })
        #expect(lines.suffix(2) == ["3 images: 3 deleted.", ""])
        #expect(lines.count { $0.hasPrefix(" deleted  ") } == 3)
    }
}
