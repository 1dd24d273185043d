import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// The places that keep rules give images. A plain definition of all of them together is in
/// ``DeletionPlanPropertyTests``.
@Suite("Keep rules")
struct KeepRuleTests {
    /// An image with the `number`th ID. A short time like `20` is a day of November 2026, at noon.
    private func image(_ number: Int, _ time: String?) throws -> Image {
        try .sample(number) { image in
            image.name = "nightly"
            image.createdAt = try? time.map { time in
                try Date(time.count == 2 ? "2026-11-\(time)T12:00:00Z" : time, strategy: .iso8601)
            }
        }
    }

    /// Returns the decision for each of `images`, in their order; `-` for an image that is not in the plan.
    private func decisions(
        _ keep: [KeepRule: Int],
        _ images: [Image],
        olderThan: MinimumAge? = nil
    ) async throws -> [String] {
        let rule = RetentionRule(namePatterns: [try Glob("*")], olderThan: olderThan, keep: keep)
        let plan = try await ServiceFixture.plan(images, by: [rule])
        let decisions = Dictionary(uniqueKeysWithValues: plan.entries.map { ($0.id, $0.decision) })
        return images.map { decisions[$0.id] ?? "-" }
    }

    private func decisions(_ keep: [KeepRule: Int], _ times: [String]) async throws -> [String] {
        try await decisions(keep, times.enumerated().map { try image($0 + 1, $1) })
    }

    @Test(
        "Keeps the newest image of each of the latest periods that have one",
        arguments: [
            ([.last: 1], ["20": "last", "19": "delete"]),
            ([.last: 2], ["20": "last", "2026-11-20T11:59:59Z": "last", "19": "delete", "18": "delete"]),
            (
                [.daily: 2],
                [
                    "20": "daily 2026-11-20", "2026-11-20T11:59:59Z": "delete", "17": "daily 2026-11-17",
                    "2026-11-17T00:00:00Z": "delete", "16": "delete",
                ]
            ),
            // November 16, 2026, is a Monday.
            (
                [.weekly: 2],
                ["22": "weekly 2026-W47", "16": "delete", "15": "weekly 2026-W46", "09": "delete", "08": "delete"]
            ),
            (
                [.monthly: 2],
                [
                    "20": "monthly 2026-11", "01": "delete", "2026-08-31T23:59:59Z": "monthly 2026-08",
                    "2026-08-31T23:59:58Z": "delete", "2026-07-31T23:59:59Z": "delete",
                ]
            ),
            (
                [.yearly: 2],
                [
                    "20": "yearly 2026", "2026-01-01T00:00:00Z": "delete", "2024-02-29T00:00:00Z": "yearly 2024",
                    "2024-01-01T00:00:00Z": "delete", "2023-12-31T23:59:59Z": "delete",
                ]
            ),
        ] as [([KeepRule: Int], KeyValuePairs<String, String>)]
    )
    func eachRule(keep: [KeepRule: Int], expected: KeyValuePairs<String, String>) async throws {
        #expect(try await decisions(keep, expected.map(\.key)) == expected.map(\.value))
        // The order of the list does not matter.
        #expect(try await decisions(keep, expected.map(\.key).reversed()) == expected.map(\.value).reversed())
    }

    @Test("Keeps an image that any of several rules keeps, and names all of them")
    func together() async throws {
        let expected: KeyValuePairs = [
            "2026-11-20T18:00:00Z": "last, daily 2026-11-20, weekly 2026-W47, monthly 2026-11, yearly 2026",
            "2026-11-20T06:00:00Z": "last", "19": "daily 2026-11-19", "18": "delete", "15": "weekly 2026-W46",
            "14": "delete", "2026-10-31T12:00:00Z": "monthly 2026-10", "2026-09-30T12:00:00Z": "delete",
            "2025-12-31T12:00:00Z": "yearly 2025", "2025-12-30T12:00:00Z": "delete",
            "2024-12-31T12:00:00Z": "delete",
        ]
        let keep: [KeepRule: Int] = [.last: 2, .daily: 2, .weekly: 2, .monthly: 2, .yearly: 2]
        #expect(try await decisions(keep, expected.map(\.key)) == expected.map(\.value))
    }

    @Test(
        "A rule with more places than there are periods keeps no other images, as restic 0.14 does",
        arguments: [
            ([.daily: 2], ["20", "2026-11-20T11:00:00Z", "2026-11-20T10:00:00Z"], [0]),
            ([.daily: 1_000_000], ["20", "2026-11-20T11:00:00Z", "19"], [0, 2]),
            ([.weekly: 3], ["22", "17", "15", "10", "09"], [0, 2]), ([.monthly: 9], ["22", "17", "15"], [0]),
            ([.yearly: 2], ["22", "17", "15"], [0]), ([.yearly: 1_000_000], ["22"], [0]),
            ([.last: 9], ["22", "17", "15"], [0, 1, 2]), ([.daily: 1, .yearly: 3], ["22", "21", "20"], [0]),
        ] as [([KeepRule: Int], [String], [Int])]
    )
    func fewPeriods(keep: [KeepRule: Int], times: [String], kept: [Int]) async throws {
        let decisions = try await decisions(keep, times)
        #expect(decisions.indices.filter { decisions[$0] != "delete" } == kept)
    }

    /// Days at whose ends periods begin, with their names: ISO weeks 52, 53 and 1, leap days, ends of months and years.
    private static let boundaries: [(time: String, periods: String)] = [
        ("1970-01-01T00:00:00Z", "1970-01-01 1970-W01 1970-01 1970"),
        ("1999-12-31T23:59:59Z", "1999-12-31 1999-W52 1999-12 1999"),
        ("2000-01-01T00:00:00Z", "2000-01-01 1999-W52 2000-01 2000"),
        ("2000-02-29T23:59:59Z", "2000-02-29 2000-W09 2000-02 2000"),
        ("2016-01-03T23:59:59Z", "2016-01-03 2015-W53 2016-01 2016"),
        ("2016-01-04T00:00:00Z", "2016-01-04 2016-W01 2016-01 2016"),
        ("2020-12-27T23:59:59Z", "2020-12-27 2020-W52 2020-12 2020"),
        ("2020-12-28T00:00:00Z", "2020-12-28 2020-W53 2020-12 2020"),
        ("2020-12-31T23:59:59Z", "2020-12-31 2020-W53 2020-12 2020"),
        ("2021-01-01T00:00:00Z", "2021-01-01 2020-W53 2021-01 2021"),
        ("2021-01-03T23:59:59Z", "2021-01-03 2020-W53 2021-01 2021"),
        ("2021-01-04T00:00:00Z", "2021-01-04 2021-W01 2021-01 2021"),
        ("2023-01-01T12:00:00Z", "2023-01-01 2022-W52 2023-01 2023"),
        ("2024-02-29T23:59:59Z", "2024-02-29 2024-W09 2024-02 2024"),
        ("2024-03-01T00:00:00Z", "2024-03-01 2024-W09 2024-03 2024"),
        ("2024-12-29T23:59:59Z", "2024-12-29 2024-W52 2024-12 2024"),
        ("2024-12-30T00:00:00Z", "2024-12-30 2025-W01 2024-12 2024"),
        ("2024-12-31T23:59:59Z", "2024-12-31 2025-W01 2024-12 2024"),
        ("2026-11-19T23:59:59Z", "2026-11-19 2026-W47 2026-11 2026"),
        ("2026-11-20T00:00:00Z", "2026-11-20 2026-W47 2026-11 2026"),
        ("2026-12-27T23:59:59Z", "2026-12-27 2026-W52 2026-12 2026"),
        ("2026-12-28T00:00:00Z", "2026-12-28 2026-W53 2026-12 2026"),
        ("2026-12-31T23:59:59Z", "2026-12-31 2026-W53 2026-12 2026"),
        ("2027-01-01T00:00:00Z", "2027-01-01 2026-W53 2027-01 2027"),
        ("2027-01-03T23:59:59Z", "2027-01-03 2026-W53 2027-01 2027"),
        ("2027-01-04T00:00:00Z", "2027-01-04 2027-W01 2027-01 2027"),
        ("2100-02-28T23:59:59Z", "2100-02-28 2100-W08 2100-02 2100"),
    ]

    @Test("Periods are those of UTC and of ISO 8601, to the second")
    func periods() async throws {
        // Each image is in a group of its own, so it has a place by each rule.
        let images = try Self.boundaries.enumerated().map { index, boundary in
            var image = try image(index + 1, boundary.time)
            image.tags = ["number=\(index)"]
            return image
        }
        var rule = RetentionRule(namePatterns: [try Glob("*")])
        for keepRule in KeepRule.allCases where keepRule != .last { rule.keep[keepRule] = 1 }
        rule.groupKey = try GroupKey("tag:number")
        let entries = try await ServiceFixture.plan(images, by: [rule]).entries
        let expected = Self.boundaries.map { boundary in
            zip(["daily", "weekly", "monthly", "yearly"], boundary.periods.split(separator: " "))
                .map { "\($0) \($1)" }.joined(separator: ", ")
        }
        #expect(entries.map(\.decision) == expected)
        #expect(entries.map(\.image?.createdAt) == images.map(\.createdAt))
    }

    @Test("Part of a second belongs to its second")
    func fractions() throws {
        let rule = RetentionRule(namePatterns: [try Glob("*")], keep: [.daily: 2])
        let midnight = try Date("2026-11-20T00:00:00Z", strategy: .iso8601)
        let images = try [0, -0.001, -86_400].enumerated().map { index, seconds in
            try Image.sample(index + 1) { $0.createdAt = midnight + seconds }
        }
        let entries = DeletionPlan.Entry.selected(from: images, by: [rule], of: DemoImage.projectID, now: midnight)
        #expect(entries.map(\.decision) == ["unchecked", "daily 2026-11-19", "daily 2026-11-20"])
    }

    @Test("Counts images of any age, and deletes only those that are old enough")
    func ages() async throws {
        let images = try ["22", "21", "20", "19", "18", "17"].enumerated().map { try image($0 + 1, $1) }
        let limit = MinimumAge.date(try Date("2026-11-17T13:00:00Z", strategy: .iso8601))
        let before: [([KeepRule: Int], [String])] = [
            ([:], ["-", "-", "-", "-", "-", "delete"]), ([.last: 2], ["last", "last", "-", "-", "-", "delete"]),
            ([.weekly: 1], ["weekly 2026-W47", "-", "-", "-", "-", "delete"]),
            ([.last: 6], ["last", "last", "last", "last", "last", "last"]),
        ]
        for (keep, expected) in before {
            #expect(try await decisions(keep, images, olderThan: limit) == expected, "\(keep)")
        }
    }

    @Test("Of images with the same time, the one with the greater name is newer, then the one with the greater ID")
    func equalTimes() async throws {
        let named = [("b", 1), ("a", 5), ("b", 4), ("a", 2), (nil, 9), ("ä", 3), ("a\u{308}", 6), ("B", 7)]
        let newestFirst = [3, 4, 1, 6, 5, 2, 7, 9]
        for (count, seed) in zip(1...8, 0...) {
            var generator = SeededGenerator(seed: seed)
            let images = try named.map { name, number in
                var image = try image(number, "20")
                image.name = name
                return image
            }.shuffled(using: &generator)
            let plan = try await ServiceFixture.plan(images, by: [RetentionRule(tags: ["ci"], keep: [.last: count])])
            let oldestFirst = plan.entries.compactMap { Int($0.id.description.suffix(12)) }
            #expect(oldestFirst == newestFirst.reversed())
            #expect(plan.entries.suffix(count).allSatisfy { $0.decision == "last" })
            #expect(plan.deletions.count == 8 - count)
        }
    }

    @Test("Keeps an image without a creation time, and does not count it", arguments: KeepRule.allCases)
    func undated(rule: KeepRule) async throws {
        let images = [try image(1, nil), try image(2, "20"), try image(3, "2025-11-19T12:00:00Z")]
        let decisions = try await decisions([rule: 1], images)
        #expect(decisions[0] == "undated")
        #expect(decisions[1].hasPrefix(rule.rawValue))
        #expect(decisions[2] == "delete")
        // Without a keep rule, nothing has to rank it.
        #expect(try await self.decisions([:], images) == ["delete", "delete", "delete"])
    }

    @Test("Counts an image from the future like any other")
    func future() async throws {
        let times = ["2999-12-31T23:59:59Z", "2999-12-30T00:00:00Z", "20", "19"]
        #expect(try await decisions([.last: 1], times) == ["last", "delete", "delete", "delete"])
        #expect(
            try await decisions([.yearly: 2], times) == ["yearly 2999", "delete", "yearly 2026", "delete"]
        )
        // It is not old enough to be deleted.
        let images = try times.enumerated().map { try image($0 + 1, $1) }
        let old = try await decisions([.last: 1], images, olderThan: .seconds(0))
        #expect(old == ["last", "-", "-", "-"], "the clock is at November 18")
    }

    @Test(
        "Does not count an image that is not active, and keeps it unless it is older than all that are kept",
        arguments: ["queued", "saving", "killed", "deactivated", "uploading", "importing", "pending_delete", ""]
    )
    func notActive(status: String) async throws {
        func decide(_ keep: [KeepRule: Int], _ times: [String], inactive: Set<String>) async throws -> [String] {
            try await decisions(
                keep,
                times.enumerated().map { index, time in
                    var image = try image(index + 1, time)
                    if inactive.contains(time) { image.status = status }
                    return image
                }
            )
        }
        let times = ["22", "21", "20", "19", "18"]
        #expect(
            try await decide([.last: 2], times, inactive: ["22", "20", "18"])
                == ["notActive", "last", "notActive", "last", "delete"]
        )
        #expect(
            try await decide([.daily: 1], times, inactive: ["22", "20", "18"])
                == ["notActive", "daily 2026-11-21", "delete", "delete", "delete"]
        )
        // Nothing replaces them.
        #expect(
            try await decide([.daily: 1], ["22", "21"], inactive: ["22", "21"]) == ["notActive", "notActive"]
        )
        #expect(try await decide([:], ["22", "21"], inactive: ["22"]) == ["delete", "delete"])
    }

    @Test("Counts an image that has no status as active")
    func noStatus() async throws {
        var images = try ["22", "21"].enumerated().map { try image($0 + 1, $1) }
        images[0].status = nil
        #expect(try await decisions([.last: 1], images) == ["last", "delete"])
    }

    @Test("Several rules of a policy keep what any of them keeps, each by its own count")
    func policy() async throws {
        let policy = try RetentionPolicy(
            json: Data(
                #"""
                {"rules": {
                    "a": {"match": "nightly", "keepDaily": 1},
                    "b": {"tag": "ci", "olderThan": "2026-11-17", "keepLast": 2, "keepYearly": 1}
                }}
                """#.utf8
            )
        )
        let images = try ["18", "17", "16", "15"].enumerated().map { try image($0 + 1, $1) }
        let decisions = try await ServiceFixture.plan(images, by: policy.rules).entries.map(\.decision)
        #expect(decisions == ["delete", "delete", "last", "daily 2026-11-18, last, yearly 2026"])
    }

    @Test("Keeps a protected image for its place, and counts it")
    func protected() async throws {
        var images = try ["22", "21", "20"].enumerated().map { try image($0 + 1, $1) }
        for index in [0, 2] { images[index].isProtected = true }
        #expect(try await decisions([.last: 1], images) == ["last", "delete", "protected"])
    }
}
