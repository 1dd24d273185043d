import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

/// Random images and rules, few values of each so that they meet, and what they mean by a definition of their own.
struct RandomProject {
    static let now = Date(timeIntervalSince1970: 1_795_000_000)
    static let id = DemoImage.projectID

    /// A rule, and what it means.
    struct Rule {
        var rule: RetentionRule
        /// Whether the image has the name, the tags and the properties.
        var matches: (Image) -> Bool
        var isOldEnough: (Image) -> Bool
        /// Whether the name is excluded.
        var excludes: (String) -> Bool
        /// The image's group; nil if it has none.
        var group: (Image) -> String?
    }

    private typealias Meaning = @Sendable (Image) -> Bool

    private static let patterns: [(glob: String, isMeant: @Sendable (String) -> Bool)] = [
        ("nightly-*", { $0.hasPrefix("nightly-") }), ("*-1", { $0.hasSuffix("-1") }), ("release", { $0 == "release" }),
        ("?*", { !$0.isEmpty }),
    ]
    private static let properties: [(filter: String, isMeant: Meaning)] = [
        ("os=a", { $0.properties["os"] == "a" }), ("os", { $0.properties["os"] != nil }),
        ("!os", { $0.properties["os"] == nil }), ("os=", { $0.properties["os"] == "" }),
    ]
    private static let groups: [(key: String, group: @Sendable (Image) -> String?)] = [
        ("property:os", { $0.properties["os"] }),
        (
            "tag:branch",
            { image in
                let prefixes = ["branch="] + (image.imageType == nil ? [] : ["branch."])
                let tags = image.tags.filter { tag in prefixes.contains { tag.hasPrefix($0) } }
                let values = Set(tags.map { $0.dropFirst("branch=".count) })
                return values.count == 1 ? values.first.map(String.init) : nil
            }
        ),
        (
            "name:(*)-?",
            { image in
                guard let name = image.name, name.count > 1, name.dropLast().last == "-" else { return nil }
                return String(name.dropLast(2))
            }
        ),
    ]

    /// Seconds at which a day, a week, a month or a year begins, and others. They have an ISO week 53 (2020 and 2026), and
    /// a year whose last days are in week 1 of the next (2024). Some are ahead.
    private static let days = [
        "2020-12-28", "2020-12-31", "2021-01-01", "2021-01-03", "2021-01-04", "2024-02-29", "2024-03-01", "2024-12-29",
        "2024-12-30", "2025-01-01", "2026-11-01", "2026-11-16", "2026-11-18", "2026-12-28", "2027-01-01", "2027-01-03",
        "2027-01-04",
    ].compactMap { try? Date("\($0)T00:00:00Z", strategy: .iso8601) }

    let images: [Image]
    let rules: [Rule]

    init(_ generator: inout SeededGenerator) throws {
        images = try (1...generator.number(4...50)).map { try Self.image($0, &generator) }
        rules = try (1...generator.number(1...3)).map { _ in try Self.rule(&generator) }
    }

    private static func image(_ number: Int, _ generator: inout SeededGenerator) throws -> Image {
        try .sample(number) { image in
            image.name = generator.pick(["nightly-1", "nightly-2", "ci-1", "release", "", nil])
            image.owner = generator.pick([id, id, id, id, id, id, "another", nil])
            image.visibility = generator.pick(["private", "private", "private", "shared", "public", "community", nil])
            image.imageType = generator.pick([nil, "private", "shared", "private", "shared", "gold"])
            image.isProtected = generator.once(in: 4)
            image.createdAt = date(&generator)
            image.tags =
                generator.subset(of: ["ci", "old", "x"]) + generator.subset(of: ["branch=a", "branch=b", "branch.b"])
            image.status = generator.pick(["active", "active", "active", "active", "queued", "killed", nil])
            image.properties["os"] = generator.pick(["a", "a", "b", "", nil])
        }
    }

    private static func date(_ generator: inout SeededGenerator) -> Date? {
        switch generator.number(0...4) {
        case 0: generator.pick([nil, 0, 1, 2]).map { now - $0 * 86_400 }
        case 1: now - Double(generator.pick([3, 3, 3, 4, 5, 6])) * 86_400
        case 2: generator.pick(days) + Double(generator.pick([-1, 0, 1, 43_200, 86_399]))
        case 3: generator.pick(days) + Double(generator.number(-20...20)) * 86_400
        default: now - Double(generator.number(0...150_000_000))
        }
    }

    private static func rule(_ generator: inout SeededGenerator) throws -> Rule {
        let chosen = generator.once(in: 3) ? [] : [generator.pick(patterns), generator.pick(patterns)]
        let excluded = generator.once(in: 8) ? [generator.pick(patterns)] : []
        let tags = generator.once(in: 2) ? [] : generator.subset(of: ["ci", "old"])
        let properties = generator.once(in: 4) ? [generator.pick(properties)] : []
        let group = generator.once(in: 2) ? generator.pick(groups) : nil
        let days = generator.once(in: 2) ? nil : generator.number(0...4)
        let kept = generator.pick([[], [.last], generator.subset(of: KeepRule.allCases)])
        var rule = RetentionRule(
            // A rule without a filter is refused.
            namePatterns: try (chosen.isEmpty ? ["*"] : chosen.map(\.glob)).map { glob throws(ImageDeletionError) in
                try Glob(glob)
            },
            tags: tags,
            olderThan: days.map { .seconds($0 * 86_400) },
            keep: Dictionary(uniqueKeysWithValues: kept.map { ($0, generator.number(1...4)) }),
            liftsProtection: generator.once(in: 2),
            safeguards: Set(generator.subset(of: Safeguard.allCases))
        )
        for (glob, _) in excluded { rule.exclusions.append(try Glob(glob)) }
        for (filter, _) in properties { rule.properties.append(try PropertyFilter(filter)) }
        if let group, !kept.isEmpty { rule.groupKey = try GroupKey(group.key) }
        return Rule(
            rule: rule,
            matches: { image in
                (chosen.isEmpty || chosen.contains { $0.isMeant(image.name ?? "") })
                    && Set(tags).isSubset(of: image.tags) && properties.allSatisfy { $0.isMeant(image) }
            },
            isOldEnough: { image in
                guard let days else { return true }
                return image.createdAt.map { now.timeIntervalSince($0) > Double(days) * 86_400 } ?? false
            },
            excludes: { name in excluded.contains { $0.isMeant(name) } },
            group: { image in group.map { $0.group(image) } ?? "" }
        )
    }

    /// The project's own private images.
    var own: [Image] {
        images.filter { image in
            image.owner == Self.id && (image.visibility == "private" || image.visibility == "shared")
                && image.imageType != "gold"
        }
    }

    /// The rules that select `image`.
    func rules(for image: Image) -> [Rule] { rules.filter { $0.matches(image) && $0.isOldEnough(image) } }

    /// The images that the keep rules of `rule` count: of all ages, without those whose name any rule excludes.
    func images(for rule: Rule) -> [Image] { own.filter { rule.matches($0) && !isExcluded($0) } }

    /// Whether the rules read the property `os`.
    var readsProperties: Bool {
        rules.contains { !$0.rule.properties.isEmpty || $0.rule.groupKey?.text == "property:os" }
    }

    private func isExcluded(_ image: Image) -> Bool { rules.contains { $0.excludes(image.name ?? "") } }

    /// What becomes of each image of the plan: `delete`, the places that keep rules give it, or one other reason to keep
    /// it.
    var decisions: [ImageID: Set<String>] {
        let reasons = rules.map(reasons)
        var decisions: [ImageID: Set<String>] = [:]
        for image in own {
            let places = reasons.compactMap { $0.places[image.id] }.reduce(into: Set()) { $0.formUnion($1) }
            let selecting = rules(for: image)
            if isExcluded(image) {
                if !selecting.isEmpty { decisions[image.id] = ["excluded"] }
            } else if !places.isEmpty {
                decisions[image.id] = places
            } else if !selecting.isEmpty {
                let isHeld = image.isProtected && !selecting.allSatisfy(\.rule.liftsProtection)
                let reason = reasons.compactMap { $0.others[image.id] }.first
                decisions[image.id] = [reason ?? (isHeld ? "protected" : "delete")]
            }
        }
        return decisions
    }

    /// Returns the places that one rule gives images, and its reasons to keep others.
    private func reasons(_ rule: Rule) -> (places: [ImageID: Set<String>], others: [ImageID: String]) {
        guard !rule.rule.keep.isEmpty else { return ([:], [:]) }
        let counted = images(for: rule)
        var (places, others): ([ImageID: Set<String>], [ImageID: String]) = ([:], [:])
        for image in counted {
            if image.createdAt == nil {
                others[image.id] = "undated"
            } else if rule.group(image) == nil {
                others[image.id] = "ungrouped"
            }
        }
        let groups = Dictionary(grouping: counted.filter { others[$0.id] == nil }) { rule.group($0) }
        for group in groups.values {
            let kept = PlainRetention.places(rule.rule.keep, in: group.filter(\.isActive))
            places.merge(kept) { $1 }
            for image in group where !image.isActive {
                // It is kept unless it is older than all that are kept.
                let isOlder = group.allSatisfy { kept[$0.id] == nil || PlainRetention.isNewer($0, image) }
                if !isOlder || kept.isEmpty { others[image.id] = "notActive" }
            }
        }
        return (places, others)
    }

    /// What the rules make of the images, or of others, at a cloud that has nothing else. References are not looked for.
    func plan(of others: [Image]? = nil, at cloud: Cloud) async throws -> DeletionPlan {
        try await cloud.service(showing: others ?? images).plan(
            ImageSelection(.rules(rules.map(\.rule))),
            options: Self.options
        )
    }

    static let options = DeletionOptions { _ in [:] }

    /// One service for many projects, one after the other: a sign-in costs more than a plan.
    struct Cloud {
        private let images = Locked<[Image]>([])
        private let service: ImageService

        init() throws { service = try ServiceFixture().service(showing: images) }

        func service(showing images: [Image]) -> ImageService {
            self.images.withLock { $0 = images }
            return service
        }
    }
}

extension Image {
    /// Whether keep rules count it.
    var isActive: Bool { status == "active" || status == nil }
}
