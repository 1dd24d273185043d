import Foundation
import TestSupport
import Testing

@testable import delete_image

@Suite("Bad input", .serialized)
struct UsageTests {
    static let malformed: [(arguments: [String], words: String)] = [
        ([], "nothing to delete"),
        (["--dryrun", Sample.id(1)], "unknown option --dryrun"),
        (["-x", Sample.id(1)], "unknown option -x"),
        (["--force", Sample.id(1)], "unknown option --force"),
        (["--timeout"], "--timeout needs a value"),
        (["--timeout", "--wait"], "--timeout needs a value"),
        (["--timeout=", Sample.id(1)], "--timeout needs a value"),
        (["--timeout", "0", Sample.id(1)], "--timeout takes a number of seconds from 0.1 to 3600, not 0"),
        (["--timeout", "0.05", Sample.id(1)], "--timeout takes a number of seconds from 0.1 to 3600, not 0.05"),
        (["--timeout", "1e1", Sample.id(1)], "--timeout takes a number of seconds"),
        (["--timeout", "nan", Sample.id(1)], "--timeout takes a number of seconds"),
        (["--concurrency", "65", Sample.id(1)], "--concurrency takes a whole number from 1 to 64"),
        (["--retries", "-1", Sample.id(1)], "--retries takes a whole number"),
        (["--json=yes", Sample.id(1)], "--json takes no value"),
        (["--max-deletions", "many", Sample.id(1)], "--max-deletions takes a whole number"),
        (["--password", "x", Sample.id(1)], "unknown option --password"),
        ([""], "“”"),
        ([Sample.id(1) + "\n"], "\\n"),
        ([Sample.id(1) + "\u{1B}[2J"], "\\u{1B}[2J"),
        ([String(repeating: "a", count: 10_000)], "aaa…”"),
        (["--from", "/nonexistent/list"], "/nonexistent/list cannot be read"),
        (["--yes=1", Sample.id(1)], "--yes takes no value"),
        (["--unless-in-use=yes", Sample.id(1)], "--unless-in-use takes no value"),
        (["--unless-referenced=infra", Sample.id(1)], "--unless-referenced takes no value"),
        (["--referenced-in=", Sample.id(1)], "--referenced-in needs a value"),
        (["--referenced-in", "nosuch", Sample.id(1)], "--referenced-in: there is no folder “nosuch”"),
        (["--older-than", "1d", "--older-than=2d", "--tag", "ci"], "--older-than is given twice"),
        (["--policy", "--policy=strict.json"], "--policy is given twice"),
        (["--apply", "a.json", "--apply", "b.json"], "--apply is given twice"),
        (["--match", "nightly-[", "--yes"], "--match “nightly-[” is not a valid pattern"),
        (["--match="], "--match needs a value"),
        (["--older-than", "30"], "--older-than “30” is not an age (90m, 12h, 30d, 2w) or a date"),
        (["--older-than", "2026-02-30"], "--older-than “2026-02-30” is not an age"),
        (["--tag", "ci", "--keep-last", "-1"], "--keep-last takes a whole number from 1 to 1000000, not -1"),
        (["--tag", "ci", "--keep-last", "two"], "--keep-last takes a whole number"),
        (["--tag", "ci", "--keep-last", "0"], "--keep-last 0 would keep nothing; leave it out"),
        (["--tag", "ci", "--keep-daily", "0"], "--keep-daily 0 would keep nothing; leave it out"),
        (["--tag", "ci", "--keep-weekly=00"], "--keep-weekly 00 would keep nothing; leave it out"),
        (["--tag", "ci", "--keep-monthly", "0", "--keep-last", "1"], "--keep-monthly 0 would keep nothing"),
        (["--tag", "ci", "--keep-yearly", "-0"], "--keep-yearly -0 would keep nothing"),
        (["--tag", "ci", "--keep-daily", "1000001"], "--keep-daily takes a whole number from 1 to 1000000"),
        (["--tag", "ci", "--keep-weekly", "1.5"], "--keep-weekly takes a whole number"),
        (["--tag", "ci", "--keep-monthly", ""], "--keep-monthly needs a value"),
        (["--tag", "ci", "--keep-yearly", "--yes"], "--keep-yearly needs a value"),
        (["--tag", "ci", "--keep-hourly", "1"], "unknown option --keep-hourly"),
        (["--tag", "ci", "--keep-daily", "1", "--keep-daily", "2"], "--keep-daily is given twice"),
        (["--keep-last", "3"], "--keep-…, --group-by and --exclude need --match, --tag, --property or --older-than"),
        (["--keep-yearly", "3", "--yes"], "need --match, --tag, --property or --older-than to select images"),
        (["--exclude", "release-*"], "need --match, --tag, --property or --older-than to select images"),
        (["--keep-daily", "1", "--group-by", "tag:a"], "need --match, --tag, --property or --older-than to select"),
        (["--tag", "ci", "--group-by", "tag:branch"], "--group-by needs a --keep- option, which counts the images"),
        (["--tag", "ci", "--keep-last", "1", "--group-by", "branch"], "--group-by “branch” is not property:NAME"),
        (["--tag", "ci", "--keep-last", "1", "--group-by", "tag:"], "--group-by “tag:” is not property:NAME"),
        (["--tag", "ci", "--keep-last", "1", "--group-by", "name:*"], "“*” must have exactly one part in parentheses"),
        (["--tag", "ci", "--keep-last", "1", "--group-by", "name:(*)-(*)"], "must have exactly one part in"),
        (["--tag", "ci", "--keep-last", "1", "--group-by", "name:(*)["], "“(*)[” is not a valid pattern"),
        (["--group-by", "tag:a", "--group-by", "tag:b", "--tag", "ci"], "--group-by is given twice"),
        (["--match", "*", "--exclude", "a["], "--exclude “a[” is not a valid pattern"),
        (["--match", "*", "--exclude="], "--exclude needs a value"),
        (["--property", "=debian"], "--property “=debian” is not KEY=VALUE, KEY or !KEY"),
        (["--property", "!"], "--property “!” is not KEY=VALUE, KEY or !KEY"),
        (["--property="], "--property needs a value"),
        (["--property", "a\u{1B}[2J\n", "--property", "=\u{1B}[2J"], "“=\\u{1B}[2J”"),
        (["--property", "os", Sample.id(1)], "images named one by one and filters"),
        (["--exclude", "x", "nightly"], "images named one by one and filters"),
        (["--policy", "--keep-daily", "1"], "--policy do not go together"),
        (["--policy", "--exclude", "x"], "--policy do not go together"),
        (["--apply", "plan.json", "--group-by", "tag:a", "--keep-last", "1"], "--apply do not go together"),
        (["--unprotect"], "nothing to delete"),
        (["--unless-in-use", "--yes"], "nothing to delete"),
        (["--match", "*", Sample.id(1)], "images named one by one and filters"),
        (["--keep-last", "1", "nightly"], "images named one by one and filters"),
        (
            ["--policy=x", "--tag", "ci"],
            "filters (--match, --tag, --property, --older-than, --keep-…) and --policy do not go together"
        ),
        (["nightly", "--policy"], "images named one by one and --policy do not go together"),
        (["--apply", "plan.json", Sample.id(1)], "images named one by one and --apply do not go together"),
        (["--apply", "plan.json", "--policy"], "--policy and --apply do not go together"),
        (["--apply", "plan.json", "--plan", "b.json"], "--plan and --apply do not go together"),
        (["--apply", "plan.json", "--unprotect"], "--unprotect is the policy's or the plan's to say"),
        (["--policy", "--unprotect"], "--unprotect is the policy's or the plan's to say"),
        (["--match", "-y"], "--match needs a value"),
        (["--plan", "-q", Sample.id(1)], "--plan needs a value"),
        (["--plan", "-", Sample.id(1)], "--plan needs a file"),
        (["--receipt", "-", Sample.id(1)], "--receipt needs a file"),
        (["--receipt", "r", "--plan", "p", Sample.id(1)], "--receipt goes with --apply"),
        (["--forget-token", "--dry-run", Sample.id(1)], "--forget-token revokes the token"),
        (["--forget-token", "--plan", "p"], "--forget-token revokes the token"),
        (["--match", "a\\"], "--match “a\\” is not a valid pattern"),
        (["--tag", "ci", "--older-than", "2999-01-01"], "--older-than: the date "),
    ]

    @Test("Sends nothing and reports malformed arguments", arguments: malformed.indices)
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

    @Test("Rejects a repeated option with a single value, and accepts a repeated flag")
    func repeated() throws {
        let repeatable: Set<String> = ["--from", "--match", "--exclude", "--tag", "--property", "--referenced-in"]
        for option in Option.Section.all.flatMap(\.options) {
            let words = option.usage.split(separator: " ").map(String.init)
            guard let name = words.last(where: { $0.hasPrefix("--") }) else { continue }
            let values = ["N": "1", "SECONDS": "1", "AGE": "1d", "GLOB": "*", "KEY": "tag:branch"]
            let value = values[words.last ?? ""] ?? "x"
            let isFlag = words.last == name
            let twice = isFlag ? [name, name] : ["\(name)=\(value)", "\(name)=\(value)"]
            if isFlag || repeatable.contains(name) {
                // Options that cannot stand alone are refused for that, and not for being repeated.
                do throws(UsageError) { _ = try Options(twice) } catch { #expect(!error.message.contains("twice")) }
            } else {
                #expect(throws: UsageError(message: "\(name) is given twice.")) { try Options(twice) }
            }
        }
    }

    @Test("Deletes nothing when one argument is invalid")
    func oneBad() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run(["--json", Sample.id(1), "night\tly", Sample.id(2)])
        #expect(run.status == 64)
        let report = try run.report()
        #expect(report.images.isEmpty)
        #expect(report.error?.kind == "usage")
        #expect(report.error?.message.contains("“night\\tly”") == true)
        #expect(cloud.requests.isEmpty)
    }

    @Test("Deletes nothing and names the line when a list is invalid")
    func badList() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run(["--from", "-"], input: "\(Sample.id(1))\n# fine\n\(Sample.id(2))\tnote\n")
        #expect(run.status == 65)
        #expect(run.errors.contains("line 3, “\(Sample.id(2))\\tnote”"))
        #expect(cloud.requests.isEmpty)
    }

    @Test("Reads a list from a pipe")
    func pipedList() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run(["--from", "/dev/stdin"], input: "\(Sample.id(1))\n\(Sample.id(2))\n")
        #expect(run.status == 0)
        #expect(await cloud.remaining().isEmpty)
    }

    @Test("Rejects a list that is not text")
    func binaryList() async throws {
        let cloud = try LoopbackCloud()
        let folder = try TemporaryFolder()
        try Data([0xFF, 0xFE, 0x00]).write(to: folder.file("list"))
        let run = try await cloud.run(["--from", folder.file("list").path])
        #expect(run.status == 65)
        #expect(run.errors.contains("is not UTF-8 text"))
    }
}
