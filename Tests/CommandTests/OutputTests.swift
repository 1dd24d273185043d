import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Output", .serialized)
struct OutputTests {
    @Test("Prints only failures with --quiet")
    func quiet() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let done = try await cloud.run(["-q", Sample.id(1)])
        #expect(done.output + done.errors == "")
        let missing = try await cloud.run(["--quiet", Sample.id(2), Sample.id(3)])
        #expect(missing.lines.count == 1)
        #expect(missing.output.hasPrefix("  missing  \(Sample.id(3))"))
    }

    @Test("Prints the source of the credentials and every request without secrets to standard error with --verbose")
    func verbose() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1)) { request, earlier in
            guard request.method == "DELETE", earlier == 0 else { return nil }
            // A server that echoes what it got.
            return .answer(503, body: Data("token \(request.headers["x-auth-token"] ?? "")".utf8))
        }
        let run = try await cloud.run(["-v", Sample.id(1)])
        #expect(run.status == 0)
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0] == "credentials: the OS_ variables")
        #expect(lines[1].hasPrefix("POST \(cloud.cloud.identityURL.absoluteString)/auth/tokens: 201 ("))
        #expect(lines[2].hasPrefix("DELETE \(cloud.cloud.imageURL.absoluteString)/v2/images/\(Sample.id(1)): 503 ("))
        #expect(lines[3].contains(": 204 (try 2, "))
        let token = try #require(cloud.requests.last?.headers["x-auth-token"])
        #expect(token.count > 4000)
        #expect(!(run.output + run.errors).contains(token.prefix(20)))
        #expect(!(run.output + run.errors).contains(try #require(cloud.environment["OS_PASSWORD"])))
    }

    @Test("Escapes control codes in a server's text")
    func controlCharacters() async throws {
        let evil = "\u{1B}[2J\u{7}\u{9B}31m\u{202E}gnp\u{2028}x"
        let cloud = try LoopbackCloud(images: [DemoImage(id: Sample.id(1), name: evil)]) { request, _ in
            request.method == "DELETE"
                ? .answer(409, headers: ["X-Request-Id": "r\u{1B}[1m"], body: Data(evil.utf8)) : nil
        }
        for arguments in [["--dry-run", Sample.id(1)], [Sample.id(1)], ["-v", Sample.id(1)]] {
            let run = try await cloud.run(arguments)
            for scalar in (run.output + run.errors).unicodeScalars where scalar != "\n" {
                #expect(scalar.properties.generalCategory != .control)
                #expect(scalar.properties.generalCategory != .format)
                #expect(scalar.properties.generalCategory != .lineSeparator)
            }
            #expect((run.output + run.errors).contains("\\u{1B}[2J") || arguments == ["-v", Sample.id(1)])
        }
    }

    @Test("Escapes control codes in plans, receipts and the JSON report")
    func controlCharactersInFiles() async throws {
        let evil = "\u{202E}gnp\u{9B}31m\u{200B}\u{E000}"
        let cloud = try LoopbackCloud(images: [DemoImage(id: Sample.id(1), name: evil, isProtected: true)])
        let folder = try TemporaryFolder()
        let (plan, receipt) = (folder.file("plan.json"), folder.file("receipt.jsonl"))
        _ = try await cloud.run(["--unprotect", "--match", "*", "--plan", plan.path])
        let run = try await cloud.run(["--json", "--apply", plan.path, "--receipt", receipt.path])
        #expect(run.status == 0)
        let texts = try [plan, receipt].map { try String(contentsOf: $0, encoding: .utf8) } + [run.output]
        for text in texts {
            #expect(text.contains(#"\u202egnp\u009b31m\u200b\ue000"#), "\(text)")
            #expect(text.unicodeScalars.allSatisfy { $0.isASCII && ($0 == "\n" || $0.value >= 0x20) }, "\(text)")
        }
        let again = try await cloud.run(["--match", "*", "--yes", "--receipt", receipt.path])
        #expect(again.status == 0, "\(again.errors)")
    }

    @Test("Warns about variables that have no effect")
    func ignoredVariable() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let run = try await cloud.run([Sample.id(1)], ["OS_INSECURE": "true"])
        #expect(run.status == 0)
        #expect(run.errors.contains("warning: OS_INSECURE is ignored"))
    }

    @Test("Prints the documented --help, with at most 80 columns and one screen per section")
    func help() async throws {
        let help = try await Executable.deleteImage.run(["--help"])
        #expect(help.status == 0)
        let article = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../Sources/ImageDeletion/ImageDeletion.docc/CommandLine.md"),
            encoding: .utf8
        )
        let documented = try #require(article.firstMatch(of: #/```text\n(.*?)```/#.dotMatchesNewlines()))
        #expect(help.output == documented.1)
        #expect(help.lines.allSatisfy { $0.count <= 80 })
        #expect(help.output.split(separator: "\n\n").allSatisfy { $0.count { $0 == "\n" } < 24 })
    }

    @Test("Prints the version with --version")
    func version() async throws {
        let version = try await Executable.deleteImage.run(["--version"])
        #expect(version.output.wholeMatch(of: /delete-image \d+\.\d+\.\d+\n/) != nil)
    }

    @Test(
        "Reports a full disk under the report",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full")
    )
    func fullDisk() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let shell = Executable(url: URL(fileURLWithPath: "/bin/sh"))
        let run = try await shell.run(
            ["-c", "\"$0\" --no-token-cache \"$1\" > /dev/full", Executable.deleteImage.url.path, Sample.id(1)],
            environment: cloud.environment
        )
        #expect(run.status == 1)
        #expect(run.errors.contains("standard output cannot be written"))
        #expect(await cloud.remaining().isEmpty)
    }

    @Test("Continues when the reader of its output goes away")
    func closedPipe() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(20))
        let shell = Executable(url: URL(fileURLWithPath: "/bin/sh"))
        let ids = (1...20).map(Sample.id).joined(separator: " ")
        _ = try await shell.run(
            ["-c", "\"$0\" --no-token-cache \(ids) | true", Executable.deleteImage.url.path],
            environment: cloud.environment
        )
        #expect(await cloud.remaining().isEmpty)
    }
}
