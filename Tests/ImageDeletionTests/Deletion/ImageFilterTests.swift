import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Exclusions and properties")
struct ImageFilterTests {
    private func rule(
        _ names: String = "*",
        excluding exclusions: [String] = [],
        properties: [String] = [],
        olderThan: MinimumAge? = nil,
        keep: [KeepRule: Int] = [:]
    ) throws -> RetentionRule {
        var rule = RetentionRule(namePatterns: [try Glob(names)], olderThan: olderThan, keep: keep)
        rule.exclusions = try exclusions.map { text throws(ImageDeletionError) in try Glob(text) }
        rule.properties = try properties.map { text throws(ImageDeletionError) in try PropertyFilter(text) }
        return rule
    }

    /// Images with these names, each a second newer than the one before.
    private func images(_ names: [String?]) throws -> [Image] {
        try names.enumerated().map { index, name in
            try Image.sample(index + 1) { image in
                image.name = name
                image.createdAt = Date(timeIntervalSince1970: 1_790_000_000 + Double(index))
            }
        }
    }

    private func decisions(_ images: [Image], _ rules: RetentionRule...) async throws -> [String] {
        try await ServiceFixture.plan(images, by: rules).entries.map(\.decision)
    }

    // MARK: Exclusions

    @Test("Keeps what a rule excludes, and does not count it")
    func excluded() async throws {
        let images = try images(["a-1", "golden", "a-2", "a-golden", "a-3"])
        #expect(
            try await decisions(images, rule(excluding: ["*golden"]))
                == ["delete", "excluded", "delete", "excluded", "delete"]
        )
        #expect(
            try await decisions(images, rule(excluding: ["*golden", "a-3"], keep: [.last: 1]))
                == ["delete", "excluded", "last", "excluded", "excluded"]
        )
        // An image that no rule selects is not in the plan.
        #expect(
            try await decisions(images, rule("a-*", excluding: ["*golden"]))
                == ["delete", "delete", "excluded", "delete"]
        )
        #expect(try await decisions(images, rule(excluding: ["golden*"], olderThan: .date(.distantPast))) == [])
    }

    @Test("Keeps what one rule of a policy excludes, also if another selects or counts it")
    func excludedByOther() async throws {
        let images = try images(["a-1", "a-2", "b-1"])
        let excluding = try rule("b-*", excluding: ["a-2", "b-1"])
        for keep in [[:], [.last: 1], [.yearly: 9]] as [[KeepRule: Int]] {
            let selecting = try rule("a-*", keep: keep)
            let first = keep.isEmpty ? "delete" : keep[.last] == nil ? "yearly 2026" : "last"
            #expect(try await decisions(images, selecting, excluding) == [first, "excluded", "excluded"])
            #expect(try await decisions(images, excluding, selecting) == [first, "excluded", "excluded"])
        }
    }

    @Test("An exclusion covers whole names, exactly, and no name is an empty one")
    func exclusionNames() async throws {
        let images = try images(["golden", "Golden", "golden-1", "a\u{308}", nil])
        #expect(
            try await decisions(images, rule(excluding: ["golden", "ä"]))
                == ["excluded", "delete", "delete", "delete", "delete"]
        )
        #expect(
            try await decisions(images, rule(excluding: ["*"])) == Array(repeating: "excluded", count: 5)
        )
        #expect(try await decisions([images[4]], rule(excluding: ["?*"])) == ["delete"])
    }

    @Test("An excluded image keeps its reason, whatever else keeps it")
    func excludedFirst() async throws {
        var images = try images(["golden", "golden", "golden"])
        (images[0].isProtected, images[1].createdAt, images[2].status) = (true, nil, "queued")
        #expect(
            try await decisions(images, rule(excluding: ["golden"], keep: [.last: 3]))
                == ["excluded", "excluded", "excluded"]
        )
    }

    // MARK: Properties

    @Test(
        "Selects images by the value of a property, or by whether they have it",
        arguments: [
            (["os=debian"], [1]), (["os="], [3]), (["os"], [1, 2, 3]), (["!os"], [4]), (["os=Debian"], []),
            (["os=deb*"], []), (["os=debian=12"], [2]), (["unknown"], []), (["unknown=1"], []),
            (["!unknown"], [1, 2, 3, 4]), (["os", "version=12"], [1, 2]), (["os=debian", "version"], [1]),
            (["os=debian", "os=debian=12"], []), (["os=debian", "!version"], []), (["!os", "version"], []),
            // A value is compared as text.
            (["version=12.0"], []), (["version=012"], []), (["version"], [1, 2]),
        ]
    )
    func properties(filters: [String], expected: [Int]) async throws {
        var images = try images(["a", "b", "c", "d"])
        images[0].properties = ["os": "debian", "version": "12"]
        images[1].properties = ["os": "debian=12", "version": "12"]
        images[2].properties = ["os": ""]
        let plan = try await ServiceFixture.plan(images, by: [rule(properties: filters)])
        #expect(plan.deletions.compactMap { Int($0.id.description.suffix(12)) } == expected)
    }

    @Test("A property is a filter by itself, and decides which images are counted")
    func propertyAlone() async throws {
        var images = try images(["a", "b", "c", "d"])
        for index in [0, 1, 3] { images[index].properties["os"] = "debian" }
        images[3].properties["os"] = "ubuntu"
        var rule = RetentionRule(keep: [.last: 1])
        rule.properties = [try PropertyFilter("os=debian")]
        #expect(rule.hasFilters)
        #expect(try await decisions(images, rule) == ["delete", "last"])
    }

    @Test(
        "Strings, integers and booleans are compared as text; any other value except null is empty",
        arguments: [
            (#""debian""#, "debian"), (#""""#, ""), ("true", "true"), ("false", "false"), ("12", "12"), ("-3", "-3"),
            ("0", "0"), (#""12""#, "12"), ("null", nil), ("[]", ""), (#"["a"]"#, ""), ("{}", ""), ("1.5", ""),
        ] as [(String, String?)]
    )
    func values(json: String, text: String?) async throws {
        let fixture = ServiceFixture { request, _ in
            guard request.method == "GET", request.url.path == "/v2/images" else { return nil }
            let isHidden = request.url.query?.contains("os_hidden") == true
            let image =
                #"{"id":"\#(Sample.id(1))","owner":"\#(DemoImage.projectID)","visibility":"private","os":\#(json)}"#
            return .answer(200, body: #"{"images":[\#(isHidden ? "" : image)],"first":"/v2/images"}"#)
        }
        let service = try fixture.service()
        for (filter, isSelected) in [("os", text != nil), ("!os", text == nil), ("os=\(text ?? "null")", text != nil)] {
            let plan = try await service.plan(.rule(rule(properties: [filter])))
            #expect(plan.deletions.count == (isSelected ? 1 : 0), "\(filter)")
            #expect(plan.entries.allSatisfy { $0.image?.properties["os"] == text })
        }
        var query = ImageQuery(owner: DemoImage.projectID)
        #expect(try await service.images(query).map(\.properties) == [[:]])
        query.properties = ["os", "unknown"]
        #expect(try await service.images(query).map(\.properties) == [text.map { ["os": $0] } ?? [:]])
    }

    @Test("A condition needs a key", arguments: ["", "=", "=debian", "!", "!os=debian", "!="])
    func malformed(text: String) {
        #expect(throws: ImageDeletionError.rule(.property(text))) { try PropertyFilter(text) }
    }

    @Test("Property names and values are not sent to the server")
    func notSent() async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service().plan(.rule(rule(properties: ["os=debian"])))
        #expect(fixture.transport.requests.allSatisfy { $0.url.query?.contains("debian") != true })
    }

    // MARK: Plans

    @Test("A plan that is saved looks at the same properties again, and names the one that changed")
    func saved() async throws {
        var images = try images(["a", "b", "c"])
        for index in images.indices { images[index].properties["os"] = "debian" }
        var rule = try rule(properties: ["os"], keep: [.last: 1])
        rule.groupKey = try GroupKey("property:team")
        for index in images.indices { images[index].properties["team"] = "web" }
        let plan = try await ServiceFixture.plan(images, by: [rule])
        #expect(plan.entries.map(\.decision) == ["delete", "delete", "last"])
        func recheck(_ images: [Image]) async throws(ImageDeletionError) -> [String] {
            let saved = try DeletionPlan(json: plan.json())
            return try await ServiceFixture().service(showing: Locked(images)).recheck(saved).entries.map(\.decision)
        }
        #expect(try await recheck(images) == ["delete", "delete", "last"])
        for (name, value) in [("os", "ubuntu"), ("os", nil), ("team", "db"), ("team", nil)] as [(String, String?)] {
            // An image that was to be deleted is kept.
            var changed = images
            changed[0].properties[name] = value
            #expect(try await recheck(changed) == ["changed", "delete", "last"])
            // One that was kept for its place may not be what the rule counts.
            changed = images
            changed[2].properties[name] = value
            await #expect(
                throws: ImageDeletionError.plan(.keptHasChanged(id: Sample.id(3), fields: ["properties"]))
            ) {
                try await recheck(changed)
            }
        }
        // Others do not matter.
        var changed = images
        for index in images.indices { changed[index].properties["pinned"] = "yes" }
        #expect(try await recheck(changed) == ["delete", "delete", "last"])
    }

    @Test("Many images are looked up in the list, with their properties")
    func many() async throws {
        let images = try (1...60).map { number in
            try Image.sample(number) { image in
                image.createdAt = Date(timeIntervalSince1970: 1_790_000_000 + Double(number))
                image.properties["os"] = "debian"
            }
        }
        let saved = try DeletionPlan(
            json: try await ServiceFixture.plan(images, by: [rule(properties: ["os=debian"], keep: [.last: 2])]).json()
        )
        var changed = images
        changed[0].properties["os"] = "ubuntu"
        let service = try ServiceFixture().service(showing: Locked(changed))
        let decisions = try await service.recheck(saved).entries.map(\.decision)
        #expect(decisions == ["changed"] + Array(repeating: "delete", count: 57) + ["last", "last"])
    }
}
