import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite(
    "Confirmation",
    .serialized,
    .enabled(if: Executable.hasTerminals, "no script(1) here that makes terminals"),
    .timeLimit(.minutes(10))
)
struct ConfirmationTests {
    static let images: [DemoImage] = (1...3).map { .old($0, "nightly-\($0)", day: $0) }

    /// Runs at a terminal, and answers the question.
    private func run(
        _ arguments: [String],
        at cloud: LoopbackCloud,
        answering answer: String
    ) async throws -> Executable.Finished {
        let running = try Executable.deleteImage.startAtTerminal(
            ["--no-token-cache"] + arguments,
            environment: cloud.environment
        )
        await running.outputContains("[y/N] ")
        try running.type(answer)
        return await running.finished()
    }

    @Test("Shows the whole plan, then asks with number and size, and continues on y")
    func yes() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await run(["--match", "nightly-*", "--keep-last", "1"], at: cloud, answering: "y\n")
        #expect(run.status == 0)
        let lines = run.output.replacing("\r\n", with: "\n").split(separator: "\n").map(String.init)
        #expect(lines[0] == "3 images of project ci at \(cloud.cloud.imageURL.absoluteString)/v2:")
        #expect(lines[1].split(separator: " ") == ["ID", "NAME", "AGE", "SIZE"])
        #expect(lines[2].hasPrefix("  delete  \(Sample.id(1))  nightly-1  "))
        #expect(lines[2].hasSuffix("d  2.0 GiB"))
        #expect(lines[4].hasPrefix("  keep    \(Sample.id(3))  nightly-3  "))
        let place = "project ci at \(cloud.cloud.imageURL.absoluteString)/v2"
        #expect(lines[5].hasPrefix("Delete 2 images (4.0 GiB) of \(place)? A deletion cannot be undone. [y/N] "))
        #expect(lines.last == "3 images: 2 deleted, 1 kept.")
        #expect(await cloud.remaining() == [Sample.id(3)])
    }

    @Test("Shows the plan with --quiet, including protected images and backups", arguments: ["-q", "-v"])
    func facts(option: String) async throws {
        var images = Self.images
        images[1].isProtected = true
        let cloud = try LoopbackCloud(images: images)
        let arguments = [option, "--unprotect", "--delete-backup", "--match", "nightly-*"]
        let run = try await run(arguments, at: cloud, answering: "n\n")
        for number in 1...3 {
            #expect(run.output.contains("  delete  \(Sample.id(number))  nightly-\(number)  "))
        }
        #expect(run.output.contains("  2.0 GiB  protected\r\n"))
        let place = "project ci at \(cloud.cloud.imageURL.absoluteString)/v2"
        let question =
            "Delete 3 images (6.0 GiB, 1 protected) and the backups of full-server images of \(place)? "
        #expect(run.output.contains(question))
    }

    @Test("Keeps images that change or get in use during the confirmation")
    func changedMeanwhile() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let running = try Executable.deleteImage.startAtTerminal(
            ["--no-token-cache", "--match", "nightly-*", "--unless-in-use"],
            environment: cloud.environment
        )
        await running.outputContains("[y/N] ")
        await cloud.cloud.put(.old(1, "release", day: 1))
        var used = Self.images[1]
        used.usedBy = "web-1"
        await cloud.cloud.put(used)
        try running.type("y\n")
        let run = await running.finished()
        #expect(run.status == 0)
        #expect(run.output.contains("It has changed since the plan was made: name."))
        #expect(run.output.contains("In use: server web-1 was created from it."))
        #expect(await cloud.remaining() == Set([1, 2].map(Sample.id)))
    }

    @Test("Reports why an image could not be checked after the confirmation")
    func notAskedAgain() async throws {
        let cloud = try LoopbackCloud(images: Self.images) { request, earlier in
            // The first list of servers and its end come after the token and the list of images.
            request.path.contains("/servers/detail") && earlier > 2 ? .answer(403) : nil
        }
        let run = try await run(["--match", "nightly-*", "--unless-in-use"], at: cloud, answering: "y\n")
        #expect(run.status == 77)
        #expect(run.output.contains("warning: nobody can say whether a server was created from an image"))
        #expect(run.output.contains("The account may not list the project's servers"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test(
        "Continues only on y and yes",
        arguments: ["n", "", "yep", "ye", "Y es", "ja", "1", "y y", "no\u{4}", "\u{4}"]
    )
    func no(answer: String) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await run(["--match", "nightly-*"], at: cloud, answering: answer + "\n")
        #expect(run.status == 130)
        #expect(run.output.contains("error: not confirmed. Nothing was deleted."))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Accepts y and yes in uppercase and with surrounding blanks", arguments: ["Y", "yes", "YES", " yes "])
    func yesses(answer: String) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        #expect(try await run(["nightly-2"], at: cloud, answering: answer + "\n").status == 0)
        #expect(await cloud.remaining() == Set([1, 3].map(Sample.id)))
    }

    @Test("Deletes nothing when Ctrl-C interrupts the confirmation")
    func interrupted() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await run(["--match", "nightly-*"], at: cloud, answering: "\u{3}")
        #expect(run.status == 130)
        #expect(run.output.hasSuffix("[y/N] ^C\r\nerror: not confirmed. Nothing was deleted.\r\n"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Ignores input that was typed before the confirmation")
    func typedAhead() async throws {
        let (asked, isAsked) = AsyncStream<Void>.makeStream()
        let (typed, isTyped) = AsyncStream<Void>.makeStream()
        let cloud = try LoopbackCloud(images: Self.images) { request, _ in
            guard request.path.hasPrefix("/image/v2/images?") else { return nil }
            isAsked.yield()
            for await _ in typed {}
            return nil
        }
        let running = try Executable.deleteImage.startAtTerminal(
            ["--no-token-cache", "--match", "nightly-*"],
            environment: cloud.environment
        )
        for await _ in asked { break }
        try running.type("y\n")
        // The terminal's echo says that it has the line.
        await running.outputContains("y\r\n")
        isTyped.finish()
        await running.outputContains("[y/N] ")
        try running.type("n\n")
        #expect(await running.finished().status == 130)
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Asks at the terminal when standard streams are redirected, and keeps --json output clean")
    func redirected() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let shell = Executable(url: URL(fileURLWithPath: "/bin/sh"))
        let running = try shell.startAtTerminal(
            [
                "-c", "\"$0\" --no-token-cache --json --match 'nightly-*' < /dev/null > \"$1\" 2> /dev/null",
                Executable.deleteImage.url.path, folder.file("report.json").path,
            ],
            environment: cloud.environment
        )
        await running.outputContains("[y/N] ")
        try running.type("yes\n")
        #expect(await running.finished().status == 0)
        let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: folder.file("report.json")))
        #expect(report.summary["deleted"] == 3)
    }

    @Test(
        "Asks nothing for IDs, plans, and --yes",
        arguments: [[Sample.id(1)], ["--yes", "--match", "*"], ["--match", "nosuch"], ["--dry-run", "--match", "*"]]
    )
    func unasked(arguments: [String]) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let running = try Executable.deleteImage.startAtTerminal(
            ["--no-token-cache"] + arguments,
            environment: cloud.environment
        )
        let run = await running.finished()
        #expect(run.status == 0)
        #expect(!run.output.contains("[y/N]"))
    }

    @Test("Does not ask from a background job")
    func background() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let running = try Executable(url: URL(fileURLWithPath: "/bin/sh")).startAtTerminal(
            [
                "-c", "set -m; \"$0\" --no-token-cache --match 'nightly-*' & wait $!; echo \"status $?\"",
                Executable.deleteImage.url.path,
            ],
            environment: cloud.environment
        )
        let run = await running.finished()
        #expect(run.output.contains("status 64"))
        #expect(run.output.contains("error: nobody can be asked here"))
        #expect(cloud.count("DELETE") == 0)
    }
}

@Suite(
    "No terminal",
    .serialized,
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/setsid"), "no setsid(1) here"),
    .timeLimit(.minutes(10))
)
struct UnattendedTests {
    @Test(
        "Shows the plan, reports how to continue, and deletes nothing",
        arguments: [["--json"], [], ["--quiet"]]
    )
    func refused(format: [String]) async throws {
        let cloud = try LoopbackCloud(images: ConfirmationTests.images)
        // A session of its own has no terminal, wherever the tests are run.
        let run = try await Executable(url: URL(fileURLWithPath: "/usr/bin/env")).run(
            ["setsid", "--wait", Executable.deleteImage.url.path, "--no-token-cache", "--match", "nightly-*"] + format,
            environment: cloud.environment
        )
        #expect(run.status == 64)
        let words = "add --yes to delete 3 images, or save the decision with --plan FILE"
        #expect(run.errors.contains(words))
        if format != ["--json"] {
            #expect(run.lines[0] == "3 images of project ci at \(cloud.cloud.imageURL.absoluteString)/v2:")
            #expect(run.lines.count == 5)
        } else {
            let report = try run.report()
            #expect(report.images.map(\.outcome) == ["pending", "pending", "pending"])
            #expect(report.error?.kind == "usage")
            #expect(report.error?.message.contains(words) == true)
        }
        #expect(cloud.count("DELETE") == 0)
    }
}
