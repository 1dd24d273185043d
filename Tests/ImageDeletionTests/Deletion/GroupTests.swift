import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Groups of images")
struct GroupTests {
    /// Returns the group in which an image is counted; nil if it has none.
    private func group(_ key: String, _ image: Image) async throws -> String? {
        var rule = RetentionRule(namePatterns: [try Glob("*")], keep: [.last: 1])
        rule.groupKey = try GroupKey(key)
        let entry = try #require(try await ServiceFixture.plan([image], by: [rule]).entries.first)
        switch entry.action {
        case .keep(.place(let places)):
            #expect(places.map(\.rule) == [.last])
            return places.first?.group
        default:
            #expect(entry.action == .keep(.ungrouped(try GroupKey(key))))
            return nil
        }
    }

    @Test("Each group has its own places, and an image of no group is kept")
    func eachGroup() async throws {
        var rule = RetentionRule(namePatterns: [try Glob("*")], keep: [.last: 1, .daily: 1])
        rule.groupKey = try GroupKey("property:os_distro")
        let images = try ["debian", "debian", "ubuntu", "debian", "", "", nil, nil].enumerated().map { index, distro in
            try Image.sample(index + 1) { image in
                image.createdAt = Date(timeIntervalSince1970: 1_790_000_000 + Double(index))
                image.properties["os_distro"] = distro
            }
        }
        let entries = try await ServiceFixture.plan(images, by: [rule]).entries
        let place = "last, daily 2026-09-21"
        #expect(
            entries.map(\.decision) == [
                "delete", "delete", place, place, "delete", place, "ungrouped", "ungrouped",
            ]
        )
        let groups = entries.map { entry in
            if case .keep(.place(let places)) = entry.action { Set(places.map(\.group)) } else { Set<String?>() }
        }
        #expect(groups == [[], [], ["ubuntu"], ["debian"], [], [""], [], []])
    }

    @Test("Values that look alike are different groups")
    func exactValues() async throws {
        var rule = RetentionRule(namePatterns: [try Glob("*")], keep: [.last: 1])
        rule.groupKey = try GroupKey("property:team")
        let images = try ["ä", "a\u{308}", "A", "a"].enumerated().map { index, team in
            try Image.sample(index + 1) { $0.properties["team"] = team }
        }
        let decisions = try await ServiceFixture.plan(images, by: [rule]).entries.map(\.decision)
        #expect(decisions == ["last", "last", "last", "last"])
    }

    @Test("A group whose images are all inactive is kept whole, whatever other groups have")
    func inactiveGroup() async throws {
        var rule = RetentionRule(namePatterns: [try Glob("*")], keep: [.last: 1])
        rule.groupKey = try GroupKey("tag:branch")
        let images = try [("a", "killed"), ("a", "queued"), ("b", "killed"), ("b", "active"), ("b", "active")]
            .enumerated().map { index, image in
                try Image.sample(index + 1) {
                    ($0.tags, $0.status) = (["branch=\(image.0)"], image.1)
                    $0.createdAt = Date(timeIntervalSince1970: 1_790_000_000 + Double(index))
                }
            }
        #expect(
            try await ServiceFixture.plan(images, by: [rule]).entries.map(\.decision)
                == ["notActive", "notActive", "delete", "delete", "last"]
        )
    }

    @Test(
        "The value of a tag is what follows its name",
        arguments: [
            (["branch=main"], nil, "main"), (["ci", "branch=main", "x=y"], nil, "main"), (["branch="], nil, ""),
            (["branch=a=b.c"], nil, "a=b.c"), (["branch=main", "branch=main"], nil, "main"),
            (["branch=\u{301}x"], nil, "\u{301}x"),
            // Several values, or none.
            (["branch=main", "branch=next"], nil, nil), (["branch=", "branch=main"], nil, nil),
            (["branch=é", "branch=e\u{301}"], nil, nil), (["branch"], nil, nil), ([], nil, nil),
            (["Branch=main"], nil, nil), (["branches=main"], nil, nil), (["a=branch=main"], nil, nil),
            // Open Telekom Cloud lists an old tag with a period. Only that service gives `__imagetype`.
            (["branch.main"], nil, nil), (["branch.main"], "private", "main"), (["branch=main"], "private", "main"),
            (["branch.main", "branch=main"], "private", "main"), (["branch.main", "branch=next"], "private", nil),
            (["branch.a=b"], "private", "a=b"), (["branch=a.b"], "private", "a.b"), (["branch."], "shared", ""),
            (["branch.a=b"], nil, nil),
        ] as [([String], String?, String?)]
    )
    func tags(tags: [String], imageType: String?, expected: String?) async throws {
        let image = try Image.sample(1) { ($0.tags, $0.imageType) = (tags, imageType) }
        #expect(try await group("tag:branch", image)?.exact == expected?.exact)
    }

    @Test(
        "The group is the longest part of the name that the parentheses match, and of several the first",
        arguments: [
            ("(*)-nightly-*", "web-nightly-1", "web"), ("(*)-nightly-*", "a-nightly-b-nightly-1", "a-nightly-b"),
            ("(*)-nightly-*", "-nightly-", ""), ("(*)-nightly-*", "nightly-1", nil), ("(*)-nightly-*", nil, nil),
            ("(*)", "web", "web"), ("(*)", "", ""), ("(*)", nil, ""), ("*-(*)-*", "a-b-c-d", "b-c"),
            ("*(a*)", "banana", "anana"), ("*(a?)*", "bacada", "ac"), ("*(?)", "abc", "c"), ("(?)*", "abc", "a"),
            ("(web|db)-*", "web|db-1", "web|db"), ("(web|db)-*", "web-1", nil), ("v([0-9])*", "v12", "1"),
            ("v([0-9]*)", "v12.x", "12.x"), ("v([0-9])", "v12", nil), ("?(*)?", "👩‍👩x", "\u{200D}👩"),
            // A parenthesis that is meant literally has a backslash, or is in brackets.
            (#"\((*)\)"#, "(web)", "web"), (#"\((*)\)"#, "web", nil), (#"(\(*\))"#, "(web)", "(web)"),
            ("[(](*)[)]", "(web)", "web"), ("([()]*)-?", "(a)-1", "(a)"), ("*[[(]([!()])*", "a(b)c", "b"),
            (#"\\(*)"#, #"\web"#, "web"), ("([)])", ")", ")"),
        ] as [(String, String?, String?)]
    )
    func names(pattern: String, name: String?, expected: String?) async throws {
        let image = try Image.sample(1) { $0.name = name }
        #expect(try await group("name:\(pattern)", image)?.exact == expected?.exact)
    }

    @Test(
        "A name needs one part in parentheses",
        arguments: [
            "*", "nightly", "(", ")", ")(", "()", "a()b", "(*", "*)", "(*)(*)", "((*))", "(a(b)c)", "(*))", #"\(*\)"#,
            #"(*\)"#, "[(*)]", "[(]*)", "([a)]",
        ]
    )
    func parentheses(pattern: String) {
        #expect(throws: ImageDeletionError.rule(.capture(pattern))) { try GroupKey("name:\(pattern)") }
    }

    @Test(
        "The rest of a name's pattern is a valid pattern",
        arguments: ["(*)[", "([a)", "(*)[z-a]", #"(*)\"#, #"([]\)"#]
    )
    func patterns(pattern: String) {
        #expect(throws: ImageDeletionError.rule(.pattern(pattern))) { try GroupKey("name:\(pattern)") }
    }

    @Test(
        "A key names a property, a tag, or a pattern for names",
        arguments: [
            "", "branch", "tag", "tag:", "property:", "name:", ":", ":branch", "Tag:branch", "tags:branch",
            "tag branch", " tag:branch", "tag=branch", "size:1",
        ]
    )
    func malformed(key: String) {
        #expect(throws: ImageDeletionError.rule(.groupKey(key))) { try GroupKey(key) }
    }

    @Test("A key is kept as it was written", arguments: ["tag:a:b", "property: os", "name:(*):*"])
    func written(key: String) throws {
        #expect(try GroupKey(key).text == key)
    }

    @Test("A tag or a property may have a colon or a period in its name")
    func colons() async throws {
        let image = try Image.sample(1) { image in
            (image.tags, image.imageType) = (["a:b=1", "c.d=2"], nil)
            image.properties = ["hw:mem_size": "3"]
        }
        #expect(try await group("tag:a:b", image) == "1")
        #expect(try await group("tag:c.d", image) == "2")
        #expect(try await group("property:hw:mem_size", image) == "3")
    }
}
