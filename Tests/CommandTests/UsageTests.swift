import Foundation
import TestSupport
import Testing

@Suite("Bad input")
struct UsageTests {
    static let malformed: [(arguments: [String], words: String)] = [
        ([], "nothing to delete"),
        (["--dryrun", Sample.id(1)], "unknown option --dryrun"),
        (["-x", Sample.id(1)], "unknown option -x"),
        (["--yes", Sample.id(1)], "unknown option --yes"),
        (["--timeout"], "--timeout needs a value"),
        (["--timeout", "--wait"], "--timeout needs a value"),
        (["--timeout=", Sample.id(1)], "--timeout needs a value"),
        (["--timeout", "0", Sample.id(1)], "--timeout takes a whole number from 1 to 3600, not 0"),
        (["--timeout", "1.5", Sample.id(1)], "--timeout takes a whole number"),
        (["--concurrency", "65", Sample.id(1)], "--concurrency takes a whole number from 1 to 64"),
        (["--retries", "-1", Sample.id(1)], "--retries takes a whole number"),
        (["--json=yes", Sample.id(1)], "--json takes no value"),
        (["--max-deletions", "many", Sample.id(1)], "--max-deletions takes a whole number"),
        (["--password", "x", Sample.id(1)], "unknown option --password"),
        ([""], "“”"),
        (["../../v3/users/1"], "“../../v3/users/1”"),
        ([Sample.id(1) + "/../" + Sample.id(2)], "not an image ID"),
        ([Sample.id(1) + "?x=1"], "not an image ID"),
        ([Sample.id(1) + "#"], "not an image ID"),
        (["%2e%2e%2f" + Sample.id(1)], "not an image ID"),
        ([Sample.id(1) + "\n"], "\\n"),
        ([Sample.id(1) + "\u{1B}[2J"], "\\u{1B}[2J"),
        ([String(repeating: "a", count: 10_000)], "aaa…”"),
        (["--", "--json"], "“--json”"),
        (["--from", "/nonexistent/list"], "/nonexistent/list cannot be read"),
    ]

    @Test("Malformed arguments are told, and nothing is sent", arguments: malformed.indices)
    func refused(index: Int) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let (arguments, words) = Self.malformed[index]
        let run = try await cloud.run(arguments)
        #expect(run.status == (arguments.first == "--from" ? 65 : 64))
        #expect(run.output == "")
        #expect(run.errors.hasPrefix("error: "))
        #expect(run.errors.contains(words))
        #expect(run.errors.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
        #expect(run.errors.count < 500)
        #expect(cloud.requests.isEmpty)
    }

    @Test("One bad ID among good ones, and nothing is deleted")
    func oneBad() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run(["--json", Sample.id(1), "nightly", Sample.id(2)])
        #expect(run.status == 64)
        let report = try run.report()
        #expect(report.images.isEmpty)
        #expect(report.error?.kind == "usage")
        #expect(report.error?.message.contains("“nightly”") == true)
        #expect(cloud.requests.isEmpty)
    }

    @Test("A bad line of a list is named, and nothing is deleted")
    func badList() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run(["--from", "-"], input: "\(Sample.id(1))\n# fine\n\(Sample.id(2)) # note\n")
        #expect(run.status == 65)
        #expect(run.errors.contains("line 3: “\(Sample.id(2)) # note”"))
        #expect(cloud.requests.isEmpty)
    }

    @Test("A list that is no text")
    func binaryList() async throws {
        let cloud = try LoopbackCloud()
        let folder = try TemporaryFolder()
        try Data([0xFF, 0xFE, 0x00]).write(to: folder.file("list"))
        let run = try await cloud.run(["--from", folder.file("list").path])
        #expect(run.status == 65)
        #expect(run.errors.contains("no UTF-8 text"))
    }

    @Test("An empty list selects nothing, which is told")
    func emptyList() async throws {
        let cloud = try LoopbackCloud()
        let run = try await cloud.run(["--from", "-", "--json"], input: "# none today\n")
        #expect(run.status == 64)
        #expect(try run.report().error?.message.contains("nothing to delete") == true)
    }
}
