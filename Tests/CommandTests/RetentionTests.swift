import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

/// The retention options and the keys of a policy, from the arguments to the report.
@Suite("Retention")
struct RetentionTests {
    /// A cloud in memory whose images can have any properties.
    private struct Cloud {
        let images: Locked<[Image]>
        let files: Locked<[String: Data]> = Locked([:])
        let transport: FaultyTransport
        private let cloud = DemoCloud(images: [])

        init(_ list: [Image]) {
            let images = Locked(list)
            self.images = images
            transport = FaultyTransport(cloud) { request, earlier in
                guard request.method == "DELETE" else { return await ServiceFixture.showing(images)(request, earlier) }
                images.withLock { $0.removeAll { $0.id.description == request.url.lastPathComponent } }
                return .answer(204)
            }
        }

        func run(
            _ arguments: [String],
            answer: Terminal.Answer = .unavailable,
            asked: @escaping @Sendable () -> Void = {}
        ) async -> CommandRun {
            await CommandRun(json: arguments, on: transport, of: cloud, files: files, answer: answer) { asked() }
        }
    }

    private static func image(
        _ number: Int,
        _ name: String,
        day: Int,
        _ properties: [String: String] = [:],
        tags: [String] = []
    ) throws -> Image {
        var image = Image(id: try ImageID(Sample.id(number)))
        (image.name, image.owner, image.visibility) = (name, DemoImage.projectID, "private")
        (image.status, image.size, image.tags, image.properties) = ("active", 2_147_483_648, tags, properties)
        // January 1, 2020, is a Wednesday.
        image.createdAt = Date(timeIntervalSince1970: 1_577_836_800 + Double(day) * 86_400)
        return image
    }

    /// Nightly images of two branches, and others.
    private static func images() throws -> [Image] {
        [
            try image(1, "web-nightly-1", day: 0, ["os": "debian"], tags: ["branch=web"]),
            try image(2, "db-nightly-1", day: 1, ["os": "debian"], tags: ["branch=db"]),
            try image(3, "web-nightly-2", day: 1, ["os": "ubuntu"], tags: ["branch=web"]),
            try image(4, "web-nightly-3", day: 8, ["os": "debian", "pinned": "yes"], tags: ["branch=web"]),
            try image(5, "db-nightly-2", day: 40, ["os": "ubuntu"], tags: ["branch=db", "branch=web"]),
            try image(6, "web-golden", day: 400, ["os": "debian"]),
        ]
    }

    /// Options, the rule of a policy that means the same, and what becomes of the images, by number.
    static let selections: [(options: [String], rule: String, fates: [Int: String])] = [
        (
            ["--match", "*", "--keep-last", "2"], #""match":"*","keepLast":2"#,
            [1: "delete", 2: "delete", 3: "delete", 4: "delete", 5: "keepLast", 6: "keepLast"]
        ),
        (
            ["--match", "*", "--keep-daily", "4"], #""match":"*","keepDaily":4"#,
            [1: "delete", 2: "delete", 3: "keepDaily", 4: "keepDaily", 5: "keepDaily", 6: "keepDaily"]
        ),
        (
            ["--match", "*-nightly-*", "--keep-weekly", "2"], #""match":"*-nightly-*","keepWeekly":2"#,
            [1: "delete", 2: "delete", 3: "delete", 4: "keepWeekly", 5: "keepWeekly"]
        ),
        (
            ["--match", "*-nightly-*", "--keep-monthly=1"], #""match":"*-nightly-*","keepMonthly":1"#,
            [1: "delete", 2: "delete", 3: "delete", 4: "delete", 5: "keepMonthly"]
        ),
        (
            ["--match", "*", "--keep-yearly", "2", "--keep-last=1"], #""match":"*","keepYearly":2,"keepLast":1"#,
            [1: "delete", 2: "delete", 3: "delete", 4: "delete", 5: "keepYearly", 6: "keepLast"]
        ),
        (
            ["--match", "*", "--older-than", "2020-01-02", "--keep-last", "1"],
            #""match":"*","olderThan":"2020-01-02","keepLast":1"#, [1: "delete", 6: "keepLast"]
        ),
        (
            ["--match", "*", "--exclude", "*-golden", "--exclude=db-*", "--keep-last", "1"],
            #""match":"*","exclude":["*-golden","db-*"],"keepLast":1"#,
            [1: "delete", 2: "excluded", 3: "delete", 4: "keepLast", 5: "excluded", 6: "excluded"]
        ),
        (["--property", "os=ubuntu"], #""property":"os=ubuntu""#, [3: "delete", 5: "delete"]),
        (
            ["--property", "os=debian", "--property=!pinned"], #""property":["os=debian","!pinned"]"#,
            [1: "delete", 2: "delete", 6: "delete"]
        ),
        (["--property=pinned"], #""property":"pinned""#, [4: "delete"]),
        (["--property", "unknown"], #""property":"unknown""#, [:]),
        (
            ["--match", "*", "--keep-last", "1", "--group-by", "property:pinned"],
            #""match":"*","keepLast":1,"groupBy":"property:pinned""#,
            [1: "ungrouped", 2: "ungrouped", 3: "ungrouped", 4: "keepLast", 5: "ungrouped", 6: "ungrouped"]
        ),
        (
            ["--property", "os=debian", "--keep-monthly", "9", "--group-by", "property:os"],
            #""property":"os=debian","keepMonthly":9,"groupBy":"property:os""#,
            [1: "delete", 2: "delete", 4: "keepMonthly", 6: "keepMonthly"]
        ),
        (
            ["--match", "*", "--keep-last", "1", "--group-by=tag:branch"],
            #""match":"*","keepLast":1,"groupBy":"tag:branch""#,
            [1: "delete", 2: "keepLast", 3: "delete", 4: "keepLast", 5: "ungrouped", 6: "ungrouped"]
        ),
        (
            ["--match", "*", "--keep-last", "1", "--group-by", "name:(*)-nightly-*"],
            #""match":"*","keepLast":1,"groupBy":"name:(*)-nightly-*""#,
            [1: "delete", 2: "delete", 3: "delete", 4: "keepLast", 5: "keepLast", 6: "ungrouped"]
        ),
    ]

    @Test("An option and the key of a policy mean the same, in a dry run and in a run", arguments: selections.indices)
    func selection(index: Int) async throws {
        let (options, rule, expected) = Self.selections[index]
        let all = try Self.images()
        for isPolicy in [false, true] {
            let cloud = Cloud(all)
            cloud.files.withLock { $0["policy"] = Data(#"{"rules":{"a":{\#(rule)}}}"#.utf8) }
            let arguments = isPolicy ? ["--policy=policy"] : options
            let dryRun = await cloud.run(arguments + ["--dry-run"])
            let dry = expected.map { (Sample.id($0), $1 == "delete" ? "wouldDelete" : "kept \($1)") }
            #expect(try dryRun.fates == Dictionary(uniqueKeysWithValues: dry))
            #expect(cloud.transport.count("DELETE") == 0)
            let run = await cloud.run(arguments + ["--yes"])
            let fates = expected.map { (Sample.id($0), $1 == "delete" ? "deleted" : "kept \($1)") }
            #expect(try run.fates == Dictionary(uniqueKeysWithValues: fates))
            #expect((dryRun.status, run.status) == (.done, .done))
            let deleted = Set(expected.filter { $0.value == "delete" }.map { Sample.id($0.key) })
            let left = Set(all.map(\.id.description)).subtracting(deleted)
            #expect(Set(cloud.images.value.map(\.id.description)) == left)
        }
    }

    @Test("The report has the places of an image that is kept, and its group")
    func details() async throws {
        let cloud = Cloud(try Self.images())
        let keep = ["--keep-last", "1", "--keep-weekly", "2", "--keep-monthly", "1", "--keep-yearly", "1"]
        let run = await cloud.run(["--dry-run", "--match", "*-nightly-*"] + keep)
        let details = Dictionary(uniqueKeysWithValues: try run.report.images.map { ($0.id, $0.detail) })
        #expect(
            details[Sample.id(5)] == "keep-last, keep-weekly 2020-W07, keep-monthly 2020-02, keep-yearly 2020"
        )
        #expect(details[Sample.id(4)] == "keep-weekly 2020-W02")
        let grouped = await cloud.run(
            ["--dry-run", "--match", "*", "--keep-daily", "1", "--group-by", "name:(*)-nightly-*"]
        )
        #expect(
            try grouped.report.images.compactMap(\.detail) == [
                "keep-daily 2020-01-09 of group “web”", "keep-daily 2020-02-10 of group “db”",
                "It has no value for name:(*)-nightly-*, so no keep rule can count it.",
            ]
        )
    }

    @Test("A name of a group that moves the cursor is printed harmlessly")
    func hostileGroup() async throws {
        let cloud = Cloud([try Self.image(1, "a", day: 0, ["os": "\u{1B}[2J\u{202E}x\n"])])
        let run = await cloud.run(["--dry-run", "--match", "*", "--keep-last", "1", "--group-by", "property:os"])
        let detail = try #require(try run.report.images.first?.detail)
        #expect(detail.hasPrefix("keep-last of group “"))
        #expect(detail.unicodeScalars.allSatisfy { ![.control, .format].contains($0.properties.generalCategory) })
    }

    // MARK: Plans

    private static let byProperty = [
        "--match", "*-nightly-*", "--property", "os", "--keep-last", "1", "--keep-monthly", "1", "--group-by",
        "property:os",
    ]

    /// A cloud, and a plan for it that deletes images 1 and 2 of `debian` and 3 of `ubuntu`.
    private func planned() async throws -> Cloud {
        let cloud = Cloud(try Self.images())
        let run = await cloud.run(Self.byProperty + ["--plan", "plan"])
        #expect(
            try run.fates == [
                Sample.id(1): "wouldDelete", Sample.id(2): "wouldDelete", Sample.id(3): "wouldDelete",
                Sample.id(4): "kept keepLast", Sample.id(5): "kept keepLast",
            ]
        )
        return cloud
    }

    @Test("A plan's file has the places of what it keeps, and the properties that its rules read")
    func file() async throws {
        let cloud = try await planned()
        let data = try #require(cloud.files.value["plan"])
        let plan = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(plan["schema"] as? String == "delete-image-plan/3")
        #expect(plan["properties"] as? [String] == ["os"])
        let images = try #require(plan["images"] as? [[String: Any]])
        let places = [nil, nil, nil, ["last", "monthly 2020-01"], ["last", "monthly 2020-02"]]
        #expect(images.map { $0["places"] as? [String] } == places)
        let systems = ["debian", "debian", "ubuntu", "debian", "ubuntu"]
        #expect(images.map { $0["properties"] as? [String: String] } == systems.map { ["os": $0] })
    }

    @Test("Applied to an unchanged cloud, a plan deletes what it says")
    func apply() async throws {
        let cloud = try await planned()
        let run = await cloud.run(["--apply", "plan"])
        #expect(run.status == .done)
        #expect(cloud.images.value.map(\.id.description) == [4, 5, 6].map(Sample.id))
        let details = try run.report.images.suffix(2).map(\.detail)
        #expect(details == ["keep-last, keep-monthly 2020-01", "keep-last, keep-monthly 2020-02"])
    }

    /// Changes of an image, with the field that differs.
    static let changes: [(field: String, change: @Sendable (inout Image) -> Void)] = [
        ("properties", { $0.properties["os"] = "ubuntu" }), ("properties", { $0.properties["os"] = nil }),
        ("createdAt", { $0.createdAt! -= 86_400 }), ("name", { $0.name = "web-golden" }),
        ("tags", { $0.tags.append("branch=db") }),
    ]

    @Test("If an image that is kept for its place has changed, the plan is out of date", arguments: changes)
    func placeChanged(field: String, change: @escaping @Sendable (inout Image) -> Void) async throws {
        let cloud = try await planned()
        cloud.images.withLock { change(&$0[3]) }
        let run = await cloud.run(["--apply", "plan"])
        #expect(run.status == .input)
        #expect(
            run.errors.hasPrefix(
                "error: image \(Sample.id(4)), kept by the plan as one of the newest, has changed (\(field)), so the "
                    + "plan is out of date."
            )
        )
        #expect(cloud.transport.count("DELETE") == 0)

        // The same between the question and its answer.
        let asking = Cloud(try Self.images())
        let answered = await asking.run(Self.byProperty, answer: .yes) { asking.images.withLock { change(&$0[3]) } }
        #expect(answered.status == .incomplete)
        #expect(answered.errors.contains("changed before the answer (\(field))"))
        #expect(asking.transport.count("DELETE") == 0)
    }

    @Test("An image that was to be deleted and has changed is kept", arguments: changes)
    func deletionChanged(field: String, change: @escaping @Sendable (inout Image) -> Void) async throws {
        let cloud = try await planned()
        cloud.images.withLock { change(&$0[0]) }
        let run = await cloud.run(["--apply", "plan"])
        #expect(run.status == .done)
        #expect(try run.fates[Sample.id(1)] == "kept changed")
        #expect(try run.report.images[0].detail == "It has changed since the plan was made: \(field).")
        #expect(cloud.images.value.map(\.id.description) == [1, 4, 5, 6].map(Sample.id))
    }

    @Test("A property that no rule reads may change")
    func otherProperty() async throws {
        let cloud = try await planned()
        cloud.images.withLock { images in for index in images.indices { images[index].properties["pinned"] = "no" } }
        let run = await cloud.run(["--apply", "plan"])
        #expect(run.status == .done)
        #expect(cloud.transport.count("DELETE") == 3)
    }

    @Test(
        "If an image that is kept for its place is gone or inactive, the plan is out of date",
        arguments: [nil, "deactivated"]
    )
    func placeGone(status: String?) async throws {
        let cloud = try await planned()
        cloud.images.withLock { images in
            if let status { images[4].status = status } else { images.remove(at: 4) }
        }
        let run = await cloud.run(["--apply", "plan"])
        #expect(run.status == .input)
        #expect(run.errors.contains("\(Sample.id(5)), kept by the plan as one of the newest, is gone or inactive"))
        #expect(cloud.transport.count("DELETE") == 0)
    }

    @Test("A plan of an earlier version is refused, and nothing is sent", arguments: [1, 2, 4])
    func otherVersion(version: Int) async throws {
        let cloud = try await planned()
        cloud.files.withLock { files in
            let text = String(decoding: files["plan"] ?? Data(), as: UTF8.self)
            files["plan"] = Data(text.replacing("delete-image-plan/3", with: "delete-image-plan/\(version)").utf8)
        }
        let before = cloud.transport.requests.count
        let run = await cloud.run(["--apply", "plan"])
        #expect(run.status == .input)
        #expect(
            run.errors
                == "error: plan: it is no plan: schema: must be delete-image-plan/3; another version of delete-image "
                + "wrote this plan. Decide anew with --plan. "
                + "Nothing was deleted.\n"
        )
        #expect(cloud.transport.requests.count == before)
    }

    @Test("Kept images that have no place may change: nothing depends on them")
    func noPlace() async throws {
        let cloud = Cloud(try Self.images())
        let arguments = ["--match", "*", "--exclude", "*-golden", "--keep-last", "1", "--group-by", "tag:branch"]
        _ = await cloud.run(arguments + ["--plan", "plan"])
        cloud.images.withLock { images in
            // One of them was in no group, the other was excluded.
            images[4].tags = ["branch=db"]
            images.remove(at: 5)
        }
        let run = await cloud.run(["--apply", "plan"])
        #expect(run.status == .done)
        #expect(cloud.images.value.map(\.id.description) == [2, 4, 5].map(Sample.id))
    }

    @Test("What keep rules keep is not asked about, and does not count toward the limit")
    func limit() async throws {
        let cloud = Cloud(try (1...60).map { try Self.image($0, "nightly-\($0)", day: $0) })
        let run = await cloud.run(["--yes", "--match", "*", "--keep-last", "10", "--max-deletions", "50"])
        #expect(run.status == .done)
        #expect(cloud.images.value.count == 10)
        let more = Cloud(try (1...60).map { try Self.image($0, "nightly-\($0)", day: $0) })
        let refused = await more.run(["--yes", "--match", "*", "--keep-last", "9"])
        #expect(refused.status == .usage)
        #expect(more.transport.count("DELETE") == 0)
        let all = await Cloud(try Self.images()).run(["--match", "*", "--keep-last", "6"])
        #expect(all.status == .done, "nobody has to be asked")
    }
}
