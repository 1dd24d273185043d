import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

/// Images and rules drawn by lot, few values of each so that they meet, and what they mean by a definition of its own.
struct RandomProject {
    static let now = Date(timeIntervalSince1970: 1_795_000_000)
    static let id = DemoImage.projectID

    /// A rule, and which images it is for.
    struct Rule {
        var rule: RetentionRule
        var isMeant: (Image) -> Bool
    }

    private static let patterns: [(glob: String, isMeant: @Sendable (String) -> Bool)] = [
        ("nightly-*", { $0.hasPrefix("nightly-") }), ("*-1", { $0.hasSuffix("-1") }), ("release", { $0 == "release" }),
        ("?*", { !$0.isEmpty }),
    ]

    let images: [Image]
    let rules: [Rule]

    init(_ dice: inout Dice) throws {
        images = try (1...dice.number(1...40)).map { try Self.image($0, &dice) }
        rules = try (1...dice.number(1...3)).map { _ in try Self.rule(&dice) }
    }

    private static func image(_ number: Int, _ dice: inout Dice) throws -> Image {
        try .sample(number) { image in
            image.name = dice.pick(["nightly-1", "nightly-2", "ci-1", "release", "", nil])
            image.owner = dice.pick([id, id, id, id, id, id, "another", nil])
            image.visibility = dice.pick(["private", "private", "private", "shared", "public", "community", nil])
            image.imageType = dice.pick([nil, "private", "shared", "private", "shared", "gold"])
            image.isProtected = dice.once(in: 4)
            image.createdAt = dice.pick([nil, 0, 1, 2, 3, 3, 3, 4, 5, 6]).map { now - $0 * 86_400 }
            image.tags = dice.some(["ci", "old", "x"])
            image.status = dice.pick(["active", "active", "active", "active", "queued", "killed", nil])
        }
    }

    private static func rule(_ dice: inout Dice) throws -> Rule {
        let chosen = dice.once(in: 3) ? [] : [dice.pick(patterns), dice.pick(patterns)]
        let tags = dice.once(in: 2) ? [] : dice.some(["ci", "old"])
        let days = dice.once(in: 2) ? nil : dice.number(0...4)
        let rule = RetentionRule(
            // A rule without a filter is refused.
            namePatterns: try (chosen.isEmpty ? ["*"] : chosen.map(\.glob)).map { glob throws(ImageDeletionError) in
                try Glob(glob)
            },
            tags: tags,
            olderThan: days.map { .seconds($0 * 86_400) },
            keepLast: dice.once(in: 2) ? 0 : dice.number(1...4),
            liftsProtection: dice.once(in: 2),
            safeguards: Set(dice.some(Safeguard.allCases))
        )
        return Rule(rule: rule) { image in
            (chosen.isEmpty || chosen.contains { $0.isMeant(image.name ?? "") })
                && Set(tags).isSubset(of: image.tags)
                && (days.map { days in
                    image.createdAt.map { now.timeIntervalSince($0) > Double(days) * 86_400 } ?? false
                }
                    ?? true)
        }
    }

    /// The project's own private images.
    var own: [Image] {
        images.filter { image in
            image.owner == Self.id && (image.visibility == "private" || image.visibility == "shared")
                && image.imageType != "gold"
        }
    }

    /// The rules that are for `image`.
    func rules(for image: Image) -> [Rule] { rules.filter { $0.isMeant(image) } }

    /// The images that `rule` is for: those of which it keeps some.
    func images(for rule: Rule) -> [Image] { own.filter(rule.isMeant) }

    /// What a clean-up deletes.
    var deletions: Set<ImageID> {
        let deleted = own.filter { image in
            let rules = rules(for: image)
            let isSpared = rules.contains { rule in
                // Without a date it cannot be ranked.
                if image.createdAt == nil { return rule.rule.keepLast > 0 }
                let newer = images(for: rule).filter { $0.createdAt != nil && Self.age($0) < Self.age(image) }
                return newer.count { $0.status == "active" || $0.status == nil } < rule.rule.keepLast
            }
            let isHeld = image.isProtected && !rules.allSatisfy(\.rule.liftsProtection)
            return !rules.isEmpty && !isSpared && !isHeld
        }
        return Set(deleted.map(\.id))
    }

    /// The younger is the less; of the same age, the one with the greater ID.
    private static func age(_ image: Image) -> (TimeInterval, Int) {
        // The IDs differ in their last digits only.
        let number = Int(image.id.description.suffix(12)) ?? 0
        return (image.createdAt.map { now.timeIntervalSince($0) } ?? -.infinity, -number)
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

        init() throws { service = try Bench().service(showing: images) }

        func service(showing images: [Image]) -> ImageService {
            self.images.withLock { $0 = images }
            return service
        }
    }
}
