import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Policies", .serialized)
struct PolicyTests {
    static let policy = """
        {
            "$schema": "https://example.org/delete-image.schema.json",
            "rules": {
                "nightlies": { "match": "nightly-*", "olderThan": "30d", "keepLast": 1 },
                "branches": { "match": ["pr-*", "branch-*"], "tag": "ci", "unprotect": true }
            }
        }
        """
    static var images: [DemoImage] {
        var images: [DemoImage] = [
            .old(1, "nightly-1", day: 1), .old(2, "nightly-2", day: 2), .old(3, "pr-7", day: 3, tags: ["ci"]),
            .old(4, "pr-8", day: 4), .old(5, "release-1", day: 5, tags: ["ci"]), .old(6, "nightly-0"),
        ]
        images[2].isProtected = true
        images[5].isProtected = true
        return images
    }

    /// A package with this policy.
    private func package(_ policy: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try Data().write(to: folder.file("Package.swift"))
        try Data(policy.utf8).write(to: folder.file(".delete-image.json"))
        try FileManager.default.createDirectory(at: folder.file("Sources/App"), withIntermediateDirectories: true)
        return folder
    }

    @Test("Selects by each rule of the policy, which is found in the package's root")
    func rules() async throws {
        let package = try package(Self.policy)
        for arguments in [["--policy"], ["--policy", package.file(".delete-image.json").path]] {
            let cloud = try LoopbackCloud(images: Self.images)
            let run = try await cloud.run(
                ["--json", "--yes"] + arguments,
                currentDirectory: package.file("Sources/App")
            )
            #expect(run.status == 0)
            let report = try run.report()
            #expect(report.images.map(\.id) == [6, 1, 2, 3].map(Sample.id))
            #expect(report.images.map(\.outcome) == ["kept", "deleted", "kept", "deleted"])
            #expect(report.images.map(\.reason) == ["protected", nil, "keepLast", nil])
            #expect(await cloud.remaining() == Set([2, 4, 5, 6].map(Sample.id)))
        }
    }

    @Test("Applies a safeguard of the command line to every rule")
    func safeguards() async throws {
        var images = Self.images
        images[0].usedBy = "web-1"
        let cloud = try LoopbackCloud(images: images)
        let package = try package(Self.policy)
        let run = try await cloud.run(
            ["--json", "--yes", "--unless-in-use", "--policy"],
            currentDirectory: package.url
        )
        #expect(try run.report().images.map(\.reason) == ["protected", "inUse", "keepLast", nil])
    }

    @Test("Applies a rule's safeguards only to what it selects")
    func ruleSafeguards() async throws {
        var images: [DemoImage] = [.old(1, "a-1"), .old(2, "b-1", day: 1)]
        images[0].usedBy = "web-1"
        images[1].usedBy = "web-2"
        let cloud = try LoopbackCloud(images: images)
        let package = try package(
            #"{"rules":{"a":{"match":"a-*","unlessInUse":true},"b":{"match":"b-*","unlessInUse":false}}}"#
        )
        let run = try await cloud.run(["--json", "--yes", "--policy"], currentDirectory: package.url)
        #expect(try run.report().images.map(\.outcome) == ["kept", "deleted"])
    }

    @Test(
        "Sends nothing and names the key when a policy is malformed",
        arguments: [
            ("[]", "an object is expected"), ("{", "invalid JSON"), ("{}", "rules: it is missing"),
            (#"{"rules":{}}"#, "rules: there is no rule"),
            (#"{"rules":{"a":{"match":"x","olderthan":"1d"}}}"#, "rules.a.olderthan: unknown key"),
            (#"{"rules":{"a":{"match":"x","keepLast":"3"}}}"#, "rules.a.keepLast: must be a whole number from 1 to"),
            (#"{"rules":{"a":{"match":"x","keepLast":0}}}"#, "rules.a.keepLast: must be a whole number from 1 to"),
            (#"{"rules":{"a":{"match":"x","keepDaily":0}}}"#, "rules.a.keepDaily: must be a whole number from 1 to"),
            (#"{"rules":{"a":{"match":"x","keepWeekly":-1}}}"#, "rules.a.keepWeekly: must be a whole number from 1 to"),
            (#"{"rules":{"a":{"match":"x","keepMonthly":1.5}}}"#, "rules.a.keepMonthly: must be a whole number"),
            (#"{"rules":{"a":{"match":"x","keepYearly":true}}}"#, "rules.a.keepYearly: must be a whole number"),
            (#"{"rules":{"a":{"match":"x","keepHourly":1}}}"#, "rules.a.keepHourly: unknown key"),
            (#"{"rules":{"a":{"match":"x","groupBy":"tag:b"}}}"#, "rules.a.groupBy: groups are counted by a keep rule"),
            (#"{"rules":{"a":{"match":"x","keepLast":1,"groupBy":"b"}}}"#, "rules.a.groupBy: “b” is not property:NAME"),
            (
                #"{"rules":{"a":{"match":"x","keepLast":1,"groupBy":"name:b"}}}"#,
                "rules.a.groupBy: “b” must have exactly one part in parentheses"
            ),
            (#"{"rules":{"a":{"match":"x","exclude":"b["}}}"#, "rules.a.exclude: “b[” is not a valid pattern"),
            (#"{"rules":{"a":{"property":"=b"}}}"#, "rules.a.property: “=b” is not KEY=VALUE, KEY or !KEY"),
            (#"{"rules":{"a":{"property":["b",1]}}}"#, "rules.a.property: "),
            (#"{"rules":{"a":{"exclude":"b","keepDaily":1}}}"#, "rules.a: it would select every image"),
            (#"{"rules":{"a":{"match":"x","unlessInUse":1}}}"#, "rules.a.unlessInUse: true or false"),
            (#"{"rules":{"a":{"olderThan":"2 weeks"}}}"#, "rules.a.olderThan: “2 weeks” is not an age"),
            (#"{"rules":{"a":{"keepLast":3}}}"#, "rules.a: it would select every image"),
            (#"{"rule":{}}"#, "rule: unknown key"),
        ]
    )
    func malformed(policy: String, words: String) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try package(policy)
        let run = try await cloud.run(["--yes", "--policy"], currentDirectory: package.url)
        #expect(run.status == 65)
        #expect(run.errors.contains(".delete-image.json: \(words)"))
        #expect(run.errors.hasSuffix("Nothing was deleted.\n"))
        #expect(cloud.requests.isEmpty)
    }

    @Test(
        "Rejects a policy that is not UTF-8",
        arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32, .utf32LittleEndian, .isoLatin1]
    )
    func encoding(encoding: String.Encoding) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let text = #"{"rules":{"é":{"match":"*","keepLast":5,"keepLast":0}}}"#
        let package = try package("")
        let file = package.file(".delete-image.json")
        try #require(text.data(using: encoding)).write(to: file)
        let run = try await cloud.run(["--yes", "--policy", file.path])
        #expect(run.status == 65)
        #expect(run.errors.contains("it is not UTF-8"))
        #expect(cloud.requests.isEmpty)

        let marked = "\u{FEFF}" + text.replacing(#","keepLast":0"#, with: "")
        try Data(marked.utf8).write(to: file)
        #expect(try await cloud.run(["--dry-run", "--policy", file.path]).status == 0)
    }

    @Test("Sends nothing and names the key when a policy has a date in the future")
    func futureDate() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try package(#"{"rules":{"old":{"olderThan":"2999-01-01"}}}"#)
        let run = try await cloud.run(["--yes", "--policy"], currentDirectory: package.url)
        #expect(run.status == 65)
        #expect(
            run.errors.contains(".delete-image.json: rules.old.olderThan: the date 2999-01-01 ")
        )
        #expect(cloud.requests.isEmpty)
    }

    @Test("Shows and saves which rules select an image")
    func ruleNames() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "a-1"), .old(2, "b-1", day: 1)])
        let package = try package(#"{"rules":{"all":{"match":"*"},"a":{"match":"a-*"}}}"#)
        let run = try await cloud.run(["--policy", "--plan", "plan.json"], currentDirectory: package.url)
        #expect(run.lines[2].hasSuffix("  2.0 GiB  [a, all]"))
        #expect(run.lines[3].hasSuffix("  2.0 GiB  [all]"))
        let plan = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: package.file("plan.json"))) as? [String: Any]
        )
        let images = try #require(plan["images"] as? [[String: Any]])
        #expect(images.map { $0["rules"] as? [String] } == [["a", "all"], ["all"]])
        let applied = try await cloud.run(["--dry-run", "--apply", "plan.json"], currentDirectory: package.url)
        #expect(applied.lines[2].hasSuffix("  2.0 GiB  [a, all]"))
    }

    @Test("Documents exactly the supported keys in the schema")
    func schema() async throws {
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let url = repository.appendingPathComponent(
            "Sources/ImageDeletion/ImageDeletion.docc/Resources/delete-image.schema.json"
        )
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        let rule = try #require((schema["$defs"] as? [String: [String: Any]])?["rule"])
        let keys = try #require(rule["properties"] as? [String: Any]).keys.sorted()
        #expect(rule["additionalProperties"] as? Bool == false)

        let package = try package(#"{"rules":{"a":{"unknown":1}}}"#)
        let run = try await Executable.deleteImage.run(["--demo", "--policy"], currentDirectory: package.url)
        #expect(run.errors.contains("unknown key; known keys: \(keys.joined(separator: ", ")). "))
    }

    @Test("Reports where a missing policy was expected")
    func absent() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let run = try await cloud.run(["--yes", "--policy"], currentDirectory: folder.url)
        #expect(run.status == 65)
        #expect(
            run.errors.contains(
                "/.delete-image.json cannot be read: No such file or directory. The README shows what to write into it."
            )
        )
        #expect(cloud.requests.isEmpty)
    }

    @Test("Deletes nothing when more than 50 images are selected")
    func tooMany() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(51))
        let package = try package(#"{"rules":{"all":{"match":"nightly-*"}}}"#)
        let run = try await cloud.run(["--yes", "--policy"], currentDirectory: package.url)
        #expect(run.status == 64)
        #expect(cloud.count("DELETE") == 0)
    }
}
