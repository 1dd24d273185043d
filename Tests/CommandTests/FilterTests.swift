import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Filters", .serialized)
struct FilterTests {
    /// Four nightlies, a week apart, and what they must not be taken for.
    static let images: [DemoImage] =
        (1...4).map { .old($0, "nightly-\($0)", day: 7 * $0, tags: ["ci", "nightly"]) } + [
            .old(5, "release-1", tags: ["release"]), .old(6, "Nightly-9", tags: ["nightly"]),
            DemoImage(id: Sample.id(7), name: "nightly-new", createdAt: .distantFuture, tags: ["ci", "nightly"]),
        ]

    /// A cloud whose list is `images`, as they stand, and that deletes whatever it is asked to.
    private func cloud(listing images: [[String: JSONValue]]) throws -> LoopbackCloud {
        return try LoopbackCloud { request, _ in
            guard request.path.hasPrefix("/image/v2/images") else { return nil }
            if request.method == "DELETE" { return .answer(204) }
            return .list(request.path.contains("os_hidden") ? [] : images)
        }
    }

    @Test(
        "Keeps an image without a creation time under a keep rule, in addition to the newest",
        arguments: [nil, "yesterday", ""]
    )
    func undated(date: String?) async throws {
        var images = (1...4).map { DemoImage.old($0, "nightly-\($0)", day: $0).json }
        images[1]["created_at"] = date.map { .text($0) } ?? .null
        let cloud = try cloud(listing: images)
        let run = try await cloud.run(["--json", "--yes", "--match", "nightly-*", "--keep-last", "1"])
        let report = try run.report()
        #expect(report.images.map(\.id) == [1, 3, 4, 2].map(Sample.id))
        #expect(report.images.map(\.outcome) == ["deleted", "deleted", "kept", "kept"])
        #expect(report.images.map(\.reason) == [nil, nil, "keepLast", "undated"])
        #expect(report.images.last?.detail?.hasPrefix("Its creation time is unknown") == true)
        #expect(run.status == 0)
    }

    @Test(
        "Reads a time without a zone as UTC",
        arguments: ["2020-01-09T00:00:00", "2020-01-09T00:00:00.000000", "2020-01-09 00:00:00"]
    )
    func withoutZone(time: String) async throws {
        var images = (1...4).map { DemoImage.old($0, "nightly-\($0)", day: $0).json }
        images[0]["created_at"] = .text(time)
        let cloud = try cloud(listing: images)
        let run = try await cloud.run(["--json", "--dry-run", "--match", "nightly-*", "--keep-last", "1"])
        #expect(try run.report().images.map(\.id) == [2, 3, 4, 1].map(Sample.id))
        #expect(try run.report().images.map(\.outcome).last == "kept")
        let older = ["--json", "--dry-run", "--match", "nightly-*", "--older-than"]
        #expect(try await cloud.run(older + ["2020-01-09T00:00:01Z"]).report().images.count == 4)
        #expect(try await cloud.run(older + ["2020-01-09T00:00:00Z"]).report().images.count == 3)
    }

    @Test("Selects hidden images and marks them", arguments: [["--match", "old-*"], ["old-1"]])
    func hidden(arguments: [String]) async throws {
        let images = [DemoImage.old(1, "old-1"), DemoImage(id: Sample.id(2), name: "new")].map { image in
            var image = image
            image.isHidden = image.name == "old-1"
            return image
        }
        let cloud = try LoopbackCloud(images: images)
        let look = try await cloud.run(["--dry-run"] + arguments)
        #expect(look.lines.contains { $0.contains(Sample.id(1)) && $0.hasSuffix("  hidden") }, "\(look.output)")
        let run = try await cloud.run(["--yes"] + arguments)
        #expect(run.status == 0)
        #expect(await cloud.remaining() == [Sample.id(2)])
    }

    @Test("Matches both spellings of an Open Telekom Cloud tag", arguments: ["env.test", "env=test"])
    func tagSpellings(tag: String) async throws {
        let cloud = try LoopbackCloud(
            images: [.old(1, "a", tags: ["env.test"]), .old(2, "b", tags: ["env=test"]), .old(3, "c", tags: ["env"])]
        )
        let run = try await cloud.run(["--json", "--dry-run", "--tag", tag])
        #expect(try run.report().images.map(\.id) == [1, 2].map(Sample.id))
    }

    @Test("Does not match tags that only look alike")
    func similarTags() async throws {
        let list = Data(
            #"{"images":[{"id":"\#(Sample.id(1))","owner":"\#(DemoImage.projectID)","visibility":"private","tags":["v1.2"]}]}"#
                .utf8
        )
        let glance = try LoopbackCloud { request, _ in request.path.hasPrefix("/image") ? .answer(200, body: list) : nil
        }
        #expect(try await glance.run(["--json", "--dry-run", "--tag", "v1=2"]).report().images.isEmpty)
        let cloud = try LoopbackCloud(images: [
            .old(1, "a", tags: ["release.1=2"]), .old(2, "b", tags: ["release=1.2"]),
        ])
        let run = try await cloud.run(["--json", "--dry-run", "--tag", "release=1.2"])
        #expect(try run.report().images.map(\.id) == [Sample.id(2)])
    }

    @Test(
        "Combines any pattern, all tags, and the age; keep rules count matches of any age",
        arguments: [
            (["--match", "nightly-?"], deleted: [1, 2, 3, 4], kept: [Int]()),
            (["--match", "nightly-[12]", "--match", "release-*"], [5, 1, 2], []),
            (["--tag", "nightly"], [6, 1, 2, 3, 4, 7], []),
            (["--tag", "nightly", "--tag", "ci"], [1, 2, 3, 4, 7], []),
            (["--tag=ci", "--older-than", "30d"], [1, 2, 3, 4], []),
            (["--match", "*", "--older-than", "2020-01-15"], [6, 5, 1], []),
            (["--older-than", "2020-01-15T02:00:00+02:00"], [6, 5, 1], []),
            (["--older-than", "2020-01-15T00:00:01Z"], [6, 5, 1, 2], []),
            (["--tag", "ci", "--keep-last", "2"], [1, 2, 3], [4, 7]),
            (["--tag", "ci", "--older-than", "30d", "--keep-last", "3"], [1, 2], [3, 4, 7]),
            (["--tag", "ci", "--older-than", "2020-01-15", "--keep-last", "1"], [1], [7]),
            (["--match", "release-*", "--keep-last", "9"], [], [5]),
            (["--match", "nosuch"], [], []),
        ]
    )
    func combine(arguments: [String], deleted: [Int], kept: [Int]) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await cloud.run(["--json", "--yes"] + arguments)
        #expect(run.status == 0)
        let report = try run.report()
        let ids = deleted + kept
        #expect(report.images.map(\.id) == ids.map(Sample.id), "the oldest first, then by name")
        #expect(report.images.filter { $0.outcome == "deleted" }.map(\.id) == deleted.map(Sample.id))
        #expect(report.images.filter { $0.reason == "keepLast" }.map(\.id) == kept.map(Sample.id))
        #expect(await cloud.remaining() == Set(Self.images.map(\.id)).subtracting(deleted.map(Sample.id)))
    }

    @Test("Filters by owner and tags on the server")
    func query() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        _ = try await cloud.run(["--dry-run", "--match", "n*", "--tag", "ci", "--tag", "a b"])
        let query = "GET /image/v2/images?owner=\(DemoImage.projectID)&limit=500&tag=ci&tag=a%20b"
        #expect(cloud.requestLines.suffix(2) == [query, query + "&os_hidden=true"])
    }

    @Test("Prints the report as text")
    func transcript() async throws {
        var images = Self.images
        images[1].isProtected = true
        let cloud = try LoopbackCloud(images: images)
        let place = "project ci at \(cloud.cloud.imageURL.absoluteString)/v2"
        func line(_ label: String, _ number: Int, _ words: String = "") -> String {
            let days = (Int(Date().timeIntervalSince(images[number - 1].createdAt)) / 86_400)
            return "  \(label)  \(Sample.id(number))  nightly-\(number)  \(days)d  2.0 GiB\(words)"
        }
        func header(_ label: Int) -> String {
            let margin = String(repeating: " ", count: label + 4)
            return margin + "ID" + String(repeating: " ", count: 34) + "  NAME         AGE     SIZE"
        }
        let protected = "  It is protected; --unprotect, or unprotect in its rule, deletes it all the same."
        let arguments = ["--match", "nightly-?", "--keep-last", "1", "--concurrency", "1"]
        let look = try await cloud.run(["--dry-run"] + arguments)
        #expect(
            look.lines == [
                "Dry run, nothing is deleted: 4 images of \(place)",
                header(6), line("delete", 1), line("keep  ", 2, protected), line("delete", 3),
                line("keep  ", 4, "  keep-last"),
                "4 images: would delete 2 (4.0 GiB), 2 kept.",
            ]
        )
        #expect(look.status == 0)
        let run = try await cloud.run(["--yes"] + arguments)
        #expect(
            run.lines == [
                "Deleting 2 of 4 images of \(place)",
                header(7), line("deleted", 1), line("kept   ", 2, protected), line("deleted", 3),
                line("kept   ", 4, "  keep-last"), "4 images: 2 deleted, 2 kept.",
            ]
        )
        #expect(run.status == 0)
    }

    @Test("Shows unknown values as unknown, not as zero")
    func unknown() async throws {
        var images = (1...2).map { DemoImage.old($0).json }
        (images[0]["__image_size"], images[0]["size"], images[0]["created_at"]) = (.null, .null, .null)
        let cloud = try cloud(listing: images)
        let run = try await cloud.run(["--dry-run", "--match", "nightly"])
        #expect(run.output.contains("  \(Sample.id(1))  nightly      ?        ?\n"))
        #expect(run.lines.last == "2 images: would delete 2 (at least 2.0 GiB).")
    }

    @Test("Does not crash when the sum of sizes overflows")
    func hugeSizes() async throws {
        let cloud = try LoopbackCloud { request, _ in
            guard request.path.hasPrefix("/image/v2/images?") else { return nil }
            let images = (1...2).map { DemoImage.old($0).json.merging(["size": .number("\(Int64.max)")]) { $1 } }
            return .list(images)
        }
        let run = try await cloud.run(["--dry-run", "--match", "nightly"])
        #expect(run.status == 0)
        #expect(run.lines.last == "2 images: would delete 2 (8388608.0 TiB).")
    }

    @Test("Succeeds and reports when nothing matches")
    func nothing() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await cloud.run(["--match", "nosuch-*"])
        #expect(run.output == "No image of project ci at \(cloud.cloud.imageURL.absoluteString)/v2 is selected.\n")
        #expect(run.status == 0)
    }

    @Test("Selects only the project's own private images, whatever the server lists")
    func ownOnly() async throws {
        var images = Self.images
        images[0].owner = "another"
        images[1].visibility = "public"
        images[2].visibility = "community"
        let listed = images
        let cloud = try LoopbackCloud(images: images) { request, _ in
            request.path.hasPrefix("/image/v2/images?")
                ? .list(listed.map(\.json)) : nil
        }
        let run = try await cloud.run(["--json", "--yes", "--match", "nightly-?"])
        #expect(try run.report().images.map(\.id) == [Sample.id(4)])
        #expect(cloud.count("DELETE") == 1)
    }

    @Test("Deletes nothing beyond 50 or --max-deletions; a dry run warns")
    func tooMany() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(51))
        let run = try await cloud.run(["--yes", "--match", "nightly-*"])
        #expect(run.status == 64)
        #expect(
            run.errors.contains(
                "error: 51 images would be deleted, more than the default limit of 50. Use --max-deletions 51 to allow that"
            )
        )
        let named = try await cloud.run(["--yes", "--match", "nightly-*", "--max-deletions", "50"])
        #expect(named.status == 64)
        #expect(named.errors.contains("more than --max-deletions 50"))
        #expect(named.lines.count == 53, "what would be deleted is shown")
        #expect(cloud.count("DELETE") == 0)

        let look = try await cloud.run(["--dry-run", "--match", "nightly-*"])
        #expect(look.status == 0)
        #expect(
            look.errors.contains(
                "warning: 51 images would be deleted, more than the default limit of 50. Use --max-deletions 51 to allow that"
            )
        )
        #expect(look.output.contains("51 images: would delete 51"))

        let kept = try await cloud.run(["--yes", "--match", "nightly-*", "--keep-last", "1"])
        #expect(kept.status == 0)
        #expect(cloud.count("DELETE") == 50)
    }

    @Test("Sends nothing but the sign-in when more IDs than the limit are given")
    func manyIDs() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(51))
        let ids = (1...51).map(Sample.id)
        for refused in [
            try await cloud.run(ids), try await cloud.run(["--from", "-"], input: ids.joined(separator: "\n")),
        ] {
            #expect(refused.status == 64)
            #expect(refused.errors.contains("Use --max-deletions 51 to allow that"))
        }
        #expect(cloud.requests.allSatisfy { $0.method == "POST" })
        #expect(try await cloud.run(["--max-deletions", "51"] + ids).status == 0)
    }

    @Test("Rejects a date in the future, which would select everything")
    func future() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await cloud.run(["--yes", "--older-than", "2999-01-01"])
        #expect(run.status == 64)
        #expect(run.errors.contains("lies ahead"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Selects nothing with a token without a project")
    func unscoped() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await cloud.run(["--yes", "--match", "*"], ["OS_PROJECT_NAME": nil])
        #expect(run.status == 78)
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Reads all pages of the list")
    func pages() async throws {
        let cloud = try LoopbackCloud(images: (1...25).map { .old($0, "nightly-\($0)", day: $0) }, longestPage: 4)
        let run = try await cloud.run(["--yes", "--match", "nightly-*", "--keep-last", "5"])
        #expect(run.status == 0)
        #expect(await cloud.remaining() == Set((21...25).map(Sample.id)))
        #expect(cloud.count("GET") == 8)
    }
}
