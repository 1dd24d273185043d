import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Retention rule")
struct RetentionRuleTests {
    private static let now = Date(timeIntervalSince1970: 1_795_000_000)

    /// The numbers of the images that a clean-up by `rule` deletes, oldest first.
    private func deleted(by rule: RetentionRule, of images: [Image]) async throws -> [Int] {
        try await ServiceFixture.plan(images, by: [rule]).deletions.compactMap { Int($0.id.description.suffix(12)) }
    }

    /// An image that was made so many seconds ago; nil for one without a date.
    private func image(_ number: Int, age: Double?, status: String? = "active") throws -> Image {
        try .sample(number) { image in
            image.createdAt = age.map { Self.now - $0 }
            image.status = status
        }
    }

    private func rule(keep: [KeepRule: Int] = [:]) throws -> RetentionRule {
        RetentionRule(namePatterns: [try Glob("*")], keep: keep)
    }

    @Test("Selects only images older than the limit")
    func exactly() async throws {
        let day = 86_400.0
        let images = [
            try image(1, age: 30 * day - 1), try image(2, age: 30 * day), try image(3, age: 30 * day + 1),
            try image(4, age: nil), try image(5, age: -1),
        ]
        #expect(try await deleted(by: RetentionRule(olderThan: try MinimumAge("30d")), of: images) == [3])
        #expect(try await deleted(by: RetentionRule(olderThan: .date(Self.now - 30 * day)), of: images) == [3])
    }

    @Test("Selects an image without a date by no age")
    func noAge() async throws {
        let images = [try image(1, age: 1), try image(2, age: 0), try image(3, age: -1), try image(4, age: nil)]
        #expect(try await deleted(by: RetentionRule(olderThan: try MinimumAge("0d")), of: images) == [1])
        #expect(
            try await deleted(by: RetentionRule(olderThan: .date(Self.now)), of: [try image(4, age: nil)]) == []
        )
        #expect(try await deleted(by: try rule(), of: [try image(4, age: nil)]) == [4])
    }

    @Test("Selects by any of several patterns")
    func names() async throws {
        let images = try ["nightly-1", "ci-1", "release-1", "", nil].enumerated().map { index, name in
            try Image.sample(index + 1) { $0.name = name }
        }
        let both = RetentionRule(namePatterns: [try Glob("nightly-*"), try Glob("ci-*")])
        #expect(try await Set(deleted(by: both, of: images)) == [1, 2])
        #expect(try await deleted(by: RetentionRule(namePatterns: [try Glob("release-*")]), of: images) == [3])
        #expect(try await deleted(by: RetentionRule(namePatterns: [try Glob("no-such")]), of: images) == [])
        #expect(
            try await Set(deleted(by: RetentionRule(namePatterns: [try Glob("*")]), of: images)) == [1, 2, 3, 4, 5]
        )
        #expect(try await Set(deleted(by: RetentionRule(namePatterns: [try Glob("?*")]), of: images)) == [1, 2, 3])
    }

    @Test("Selects by all of several tags")
    func tags() async throws {
        let images = try [[], ["ci"], ["ci", "old"], ["old", "x", "ci"], ["CI", "old"]].enumerated().map {
            index,
            tags in try Image.sample(index + 1) { $0.tags = tags }
        }
        #expect(try await Set(deleted(by: RetentionRule(tags: ["ci"]), of: images)) == [2, 3, 4])
        #expect(try await Set(deleted(by: RetentionRule(tags: ["ci", "old"]), of: images)) == [3, 4])
        #expect(try await deleted(by: RetentionRule(tags: ["c*"]), of: images) == [])
    }

    @Test("Selects by name, tag and age together")
    func together() async throws {
        var images: [Image] = []
        for (number, (name, tag, age)) in [
            ("a", "ci", 60.0), ("b", "ci", 60), ("a", "no", 60), ("a", "ci", 1), ("b", "no", 1),
        ].enumerated() {
            var image = try image(number + 1, age: age)
            (image.name, image.tags) = (name, [tag])
            images.append(image)
        }
        let rule = RetentionRule(namePatterns: [try Glob("a")], tags: ["ci"], olderThan: .seconds(30))
        #expect(try await deleted(by: rule, of: images) == [1])
    }

    @Test("Keeps the given number of newest images", arguments: [nil, 1, 2, 3, 4, 1000, 1_000_000])
    func keepLast(count: Int?) async throws {
        let images = [try image(2, age: 20), try image(1, age: 30), try image(3, age: 10)]
        let rule = try rule(keep: count.map { [.last: $0] } ?? [:])
        #expect(try await deleted(by: rule, of: images) == Array([1, 2, 3].prefix(max(0, 3 - (count ?? 0)))))
    }

    @Test("Counts the images that match by name, whatever their age")
    func selectedOnly() async throws {
        var images = [try image(1, age: 40), try image(2, age: 30), try image(3, age: 20), try image(4, age: 10)]
        images[3].name = "release"
        let nightlies = RetentionRule(namePatterns: [try Glob("nightly-*")], keep: [.last: 1])
        #expect(try await deleted(by: nightlies, of: images) == [1, 2])
        let old = RetentionRule(namePatterns: [try Glob("nightly-*")], olderThan: .seconds(25), keep: [.last: 1])
        #expect(try await deleted(by: old, of: images) == [1, 2])
        // The list shows what may go, and what is kept by a keep rule.
        let decisions = try await ServiceFixture.plan(images, by: [old]).entries.map(\.decision)
        #expect(decisions == ["delete", "delete", "last"])
    }

    @Test("Does not depend on the list's order for images created at the same time", arguments: 0..<24)
    func equalTimes(seed: Int) async throws {
        var generator = SeededGenerator(seed: seed)
        let images = try (1...5).map { try image($0, age: 10) }.shuffled(using: &generator)
        #expect(try await deleted(by: try rule(keep: [.last: 2]), of: images) == [1, 2, 3], "seed \(seed)")
    }

    @Test(
        "Keeps an unusable image in addition to the newest",
        arguments: ["queued", "saving", "killed", "deactivated"]
    )
    func unusable(status: String) async throws {
        let images = [
            try image(1, age: 40), try image(2, age: 30), try image(3, age: 20, status: status), try image(4, age: 10),
            try image(5, age: 5, status: status),
        ]
        #expect(try await deleted(by: try rule(), of: images) == [1, 2, 3, 4, 5])
        #expect(try await deleted(by: try rule(keep: [.last: 1]), of: images) == [1, 2, 3])
        #expect(try await deleted(by: try rule(keep: [.last: 2]), of: images) == [1])
        #expect(try await deleted(by: try rule(keep: [.last: 4]), of: images) == [])
    }

    @Test("Counts an image that is active or has no status")
    func usable() async throws {
        let images = [
            try image(1, age: 30), try image(2, age: 20, status: "active"), try image(3, age: 10, status: nil),
        ]
        #expect(try await deleted(by: try rule(keep: [.last: 2]), of: images) == [1])
    }

    @Test("Keeps an image without a date in addition to the newest")
    func undated() async throws {
        let images = [try image(1, age: nil), try image(2, age: 10), try image(3, age: -1000)]
        #expect(try await deleted(by: try rule(), of: images) == [2, 3, 1])
        #expect(try await deleted(by: try rule(keep: [.last: 1]), of: images) == [2])
        #expect(try await deleted(by: try rule(keep: [.last: 2]), of: images) == [])
    }

    @Test("Reports whether a rule has a filter")
    func anything() async throws {
        #expect(!RetentionRule().hasFilters)
        #expect(!RetentionRule(keep: [.last: 3], liftsProtection: true, safeguards: [.inUse]).hasFilters)
        #expect(RetentionRule(namePatterns: [try Glob("*")]).hasFilters)
        #expect(RetentionRule(tags: ["ci"]).hasFilters)
        #expect(RetentionRule(olderThan: .seconds(0)).hasFilters)
    }
}
