import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// What holds for every plan, tried on images and rules drawn by lot.
@Suite("Deletion plan: properties")
struct DeletionPlanPropertyTests {
    /// The blocks of seeds that a test goes through.
    private static var blocks: [Int] { Sampling.of(Array(0..<12), 1) }

    private let cloud: RandomProject.Cloud

    init() throws { cloud = try RandomProject.Cloud() }

    private static func seeds(_ block: Int) -> Range<Int> { block * 60..<(block + 1) * 60 }

    @Test("Deletes nothing foreign, public, protected, or unselected", arguments: blocks)
    func neverOthers(block: Int) async throws {
        var deleted = 0
        for seed in Self.seeds(block) {
            var generator = SeededGenerator(seed: seed)
            let project = try RandomProject(&generator)
            for entry in try await project.plan(at: cloud).deletions {
                let image = try #require(entry.image)
                #expect(entry.id == image.id, "seed \(seed)")
                #expect(image.owner == RandomProject.id, "seed \(seed)")
                #expect(["private", "shared"].contains(image.visibility), "seed \(seed)")
                #expect(image.imageType != "gold", "seed \(seed)")
                let rules = project.rules(for: image)
                #expect(!rules.isEmpty, "seed \(seed)")
                #expect(!image.isProtected || rules.allSatisfy(\.rule.liftsProtection), "seed \(seed)")
                #expect(entry.liftsProtection == image.isProtected, "seed \(seed)")
                #expect(
                    entry.conditions.safeguards == rules.reduce(into: []) { $0.formUnion($1.rule.safeguards) },
                    "seed \(seed)"
                )
                deleted += 1
            }
        }
        #expect(deleted > 60)
    }

    @Test("Keeps at least as many active images as each rule says", arguments: blocks)
    func keepLast(block: Int) async throws {
        var kept = 0
        for seed in Self.seeds(block) {
            var generator = SeededGenerator(seed: seed)
            let project = try RandomProject(&generator)
            let deleted = Set(try await project.plan(at: cloud).deletions.map(\.id))
            for rule in project.rules {
                let counted = project.images(for: rule).filter(\.isActive)
                let left = counted.filter { !deleted.contains($0.id) }
                #expect(left.count >= min(rule.rule.keep[.last] ?? 0, counted.count), "seed \(seed)")
                if rule.rule.keep[.last] != nil, left.count < counted.count { kept += 1 }
            }
        }
        #expect(kept > 0)
    }

    @Test(
        "Decides like a plain definition, with the same reasons",
        arguments: Sampling.of(Array(0..<60), 3)
    )
    func definition(block: Int) async throws {
        var numbers: [String: Int] = [:]
        for seed in Self.seeds(block) {
            var generator = SeededGenerator(seed: seed)
            let project = try RandomProject(&generator)
            let decided = try await project.plan(at: cloud).entries.map {
                ($0.id, Set($0.decision.split(separator: ", ").map(String.init)))
            }
            #expect(Dictionary(uniqueKeysWithValues: decided) == project.decisions, "seed \(seed)")
            for word in decided.flatMap(\.1) { numbers[String(word.prefix { $0 != " " }), default: 0] += 1 }
        }
        let words = ["delete", "excluded", "undated", "ungrouped", "notActive", "protected"]
        for word in words + KeepRule.allCases.map(\.rawValue) { #expect(numbers[word] ?? 0 > 0, "\(word)") }
    }

    @Test("Ignores the order and duplicates of the list", arguments: blocks)
    func order(block: Int) async throws {
        for seed in Self.seeds(block) {
            var generator = SeededGenerator(seed: seed)
            let project = try RandomProject(&generator)
            let plan = try await project.plan(at: cloud)
            let twice = project.images + generator.subset(of: project.images)
            #expect(try await project.plan(of: twice.shuffled(using: &generator), at: cloud) == plan, "seed \(seed)")
            #expect(Set(plan.entries.map(\.id)).count == plan.entries.count, "seed \(seed)")
        }
    }

    /// A plan as it comes out of its file.
    private func saved(_ plan: DeletionPlan) throws -> DeletionPlan { try DeletionPlan(json: plan.json()) }

    @Test("Deletes the planned images when a saved plan is applied to an unchanged cloud", arguments: blocks)
    func unchanged(block: Int) async throws {
        for seed in Self.seeds(block) {
            var generator = SeededGenerator(seed: seed)
            let project = try RandomProject(&generator)
            let plan = try await project.plan(at: cloud)
            let service = cloud.service(showing: project.images.shuffled(using: &generator))
            let later = try await service.recheck(saved(plan), options: RandomProject.options)
            #expect(later.deletions.map(\.id) == plan.deletions.map(\.id), "seed \(seed)")
            for entry in later.deletions {
                #expect(entry.liftsProtection == entry.image?.isProtected, "seed \(seed)")
            }
        }
    }

    private static let changes: [@Sendable (inout Image) -> Void] = [
        { $0.name = ($0.name ?? "") + "x" }, { $0.tags.append("new") }, { $0.size = ($0.size ?? 0) + 1 },
        { $0.isProtected.toggle() }, { $0.owner = "somebody else" }, { $0.status = "deactivated" },
        { $0.visibility = $0.visibility == "shared" ? "private" : "shared" }, { $0.visibility = "public" },
        { $0.createdAt = ($0.createdAt ?? RandomProject.now) - 1 }, { $0.updatedAt = RandomProject.now },
        { $0.imageType = "gold" }, { $0.imageType = "market" },
    ]

    @Test("Deletes the planned images except changed ones, or nothing, in a changed cloud", arguments: blocks)
    func changed(block: Int) async throws {
        var (deleted, kept) = (0, 0)
        for seed in Self.seeds(block) {
            var generator = SeededGenerator(seed: seed)
            let project = try RandomProject(&generator)
            let plan = try await project.plan(at: cloud)
            // What is kept as one of the newest must be there as it was, or nothing is deleted.
            let placed = plan.entries.filter { if case .keep(.place) = $0.action { true } else { false } }
            let newest = Set(placed.map(\.id))
            var changed: Set<ImageID> = []
            let images = project.images.compactMap { image -> Image? in
                guard generator.once(in: 3), !newest.contains(image.id) || generator.once(in: 9) else { return image }
                changed.insert(image.id)
                if generator.once(in: 6) { return nil }
                var now = image
                generator.pick(Self.changes)(&now)
                if project.readsProperties, generator.once(in: 6) { now.properties["os"] = "c" }
                return now
            }
            let before = Set(plan.deletions.map(\.id))
            let service = cloud.service(showing: images)
            let saved = try saved(plan)
            do throws(ImageDeletionError) {
                let after = try await service.recheck(saved, options: RandomProject.options).deletions
                #expect(Set(after.map(\.id)) == before.subtracting(changed), "seed \(seed)")
                deleted += after.count
                kept += before.intersection(changed).count
            } catch {
                #expect(error.code == .plan && !newest.isDisjoint(with: changed), "seed \(seed): \(error)")
            }
        }
        #expect(deleted > 30)
        #expect(kept > 10)
    }
}
