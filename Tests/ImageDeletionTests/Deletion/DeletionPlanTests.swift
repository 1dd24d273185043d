import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Deletion plan")
struct DeletionPlanTests {
    private static let project = DemoImage.projectID
    private static let now = Date(timeIntervalSince1970: 1_795_000_000)

    private func plan(_ images: [Image], _ rules: RetentionRule...) -> DeletionPlan {
        DeletionPlan(selecting: images, by: rules, of: Self.project, now: Self.now)
    }

    private func plan(
        deleting images: [Image],
        project: String? = project,
        liftsProtection: Bool = false
    ) -> DeletionPlan {
        DeletionPlan(
            deleting: images.map { Sighting(id: $0.id, finding: .success($0)) },
            project: project,
            terms: { _ in DeletionTerms(liftsProtection: liftsProtection) }
        )
    }

    private func image(_ number: Int, age: Double, isProtected: Bool = false) throws -> Image {
        try .sample(number) { image in
            image.createdAt = Self.now - age
            image.isProtected = isProtected
        }
    }

    private func rule(
        _ names: String = "*",
        keepLast: Int = 0,
        liftsProtection: Bool = false,
        safeguards: Set<Safeguard> = []
    ) throws -> RetentionRule {
        RetentionRule(
            namePatterns: [try Glob(names)],
            keepLast: keepLast,
            liftsProtection: liftsProtection,
            safeguards: safeguards
        )
    }

    /// The `number`th ID, which the demo cloud does not have.
    private func missing(_ number: Int) async throws -> Sighting {
        let sightings = try await Bench(images: []).service().look(at: [ImageID(Sample.id(number))])
        return try #require(sightings.first)
    }

    @Test("The oldest goes first, those of equal age in the order of their IDs, those without a date last")
    func oldestFirst() throws {
        var images = [
            try image(5, age: 10), try image(4, age: 30), try image(2, age: 20), try image(3, age: 20),
            try image(1, age: 0),
        ]
        images[4].createdAt = nil
        let ids = try [4, 2, 3, 5, 1].map { try ImageID(Sample.id($0)) }
        #expect(try plan(images, rule()).entries.map(\.id) == ids)
        #expect(try plan(images.reversed(), rule()).entries.map(\.id) == ids)
    }

    @Test("IDs and sightings keep the order in which they were asked for, each once")
    func onceInOrder() throws {
        let ids = try [3, 1, 3, 2, 1].map { try ImageID(Sample.id($0)) }
        let once = try [3, 1, 2].map { try ImageID(Sample.id($0)) }
        #expect(DeletionPlan(deleting: ids).entries.map(\.id) == once)
        #expect(DeletionPlan(deleting: ids).entries.allSatisfy { $0.image == nil && $0.fate == .delete })
        #expect(plan(deleting: try [3, 1, 3, 2, 1].map { try Image.sample($0) }).entries.map(\.id) == once)
    }

    @Test("An image that a list has twice is selected, and counted among the newest, once")
    func twice() throws {
        let (old, new) = (try image(1, age: 20), try image(2, age: 10))
        let twice = plan([new, old, new, old], try rule(keepLast: 1))
        #expect(twice.entries.map(\.id) == [old.id, new.id])
        #expect(twice.entries.map(\.fate) == [.delete, .keep(.keepLast)])
    }

    @Test("What is seen is to be deleted, and is what is shown")
    func seen() throws {
        let image = try image(1, age: 10)
        for plan in [plan(deleting: [image]), plan([image], try rule())] {
            let entry = try #require(plan.entries.first)
            #expect(entry.fate == .delete)
            #expect(entry.image == image)
            #expect(!entry.liftsProtection)
            #expect(entry.terms.safeguards.isEmpty)
        }
    }

    @Test("A protected image is kept unless its protection is lifted")
    func protected() throws {
        let images = [try image(1, age: 20, isProtected: true), try image(2, age: 10)]
        for plan in [plan(deleting: images), plan(images, try rule())] {
            #expect(plan.entries.map(\.fate) == [.keep(.protected), .delete])
            #expect(plan.entries.map(\.liftsProtection) == [false, false])
        }
        for plan in [plan(deleting: images, liftsProtection: true), plan(images, try rule(liftsProtection: true))] {
            #expect(plan.entries.map(\.fate) == [.delete, .delete])
            // There is nothing to lift of the second.
            #expect(plan.entries.map(\.liftsProtection) == [true, false])
        }
    }

    static let foreign: [@Sendable (inout Image) -> Void] = [
        { $0.owner = "another" }, { $0.owner = nil }, { $0.visibility = "public" }, { $0.visibility = "community" },
        { $0.visibility = nil }, { $0.imageType = "gold" },
    ]

    @Test("An image that is not private is deleted by ID, and selected by no rule", arguments: foreign.indices)
    func notPrivate(index: Int) throws {
        var image = try image(1, age: 10)
        Self.foreign[index](&image)
        let byID = plan(deleting: [image], liftsProtection: true)
        #expect(byID.entries.map(\.fate) == [.delete])
        #expect(byID.entries.map(\.affectsOthers) == [true])
        #expect(byID.preview.map(\.affectsOthers) == [true])
        #expect(try plan([image], rule(liftsProtection: true)).entries == [])
    }

    @Test("Where the project is not known, an image counts as its owner's")
    func unknownProject() throws {
        var image = try image(1, age: 10)
        image.owner = "another"
        #expect(plan(deleting: [image], project: nil).entries.map(\.affectsOthers) == [false])
        image.visibility = "public"
        #expect(plan(deleting: [image], project: nil).entries.map(\.affectsOthers) == [true])
        image.owner = nil
        #expect(plan(deleting: [image], project: nil).entries.map(\.affectsOthers) == [true])
    }

    @Test("What could not be seen is left alone, and the error says why")
    func unseen() async throws {
        let error = ImageDeletionError.invalidImageID("any error")
        let missing = try await missing(1)
        let plan = DeletionPlan(
            deleting: [missing, Sighting(id: try ImageID(Sample.id(2)), finding: .failure(error))],
            project: Self.project,
            terms: { _ in DeletionTerms(liftsProtection: true) }
        )
        guard case .failure(let gone) = missing.finding else {
            Issue.record("it was seen")
            return
        }
        #expect(plan.entries.map(\.fate) == [.unseen(gone), .unseen(error)])
        #expect(plan.entries.map(\.liftsProtection) == [false, false])
        #expect(plan.deletions == [])
        #expect(plan.preview.map(\.result) == [.missing, .failed])
        #expect(plan.preview.map(\.error) == [gone, error])
    }

    @Test("Deletions are what is to be deleted, and nothing else")
    func deletions() throws {
        let plan = plan([try image(1, age: 20, isProtected: true), try image(2, age: 10)], try rule())
        #expect(try plan.deletions.map(\.id) == [ImageID(Sample.id(2))])
        #expect(plan.preview.map(\.result) == [.kept(.protected), .wouldDelete])
        #expect(plan.untried.map(\.result) == [.kept(.protected), .pending])
    }

    @Test("No rule selects nothing")
    func noRule() throws {
        #expect(plan([try image(1, age: 10)]).entries == [])
    }

    @Test("What one rule spares as the newest, another does not delete, in either order")
    func sparedByOne() throws {
        let images = try (1...4).map { try image($0, age: 100 - Double($0)) }
        let (all, sparing) = (try rule(), try rule("nightly-[12]", keepLast: 1))
        for plan in [plan(images, all, sparing), plan(images, sparing, all)] {
            #expect(plan.entries.map(\.fate) == [.delete, .keep(.keepLast), .delete, .delete])
        }
    }

    @Test("Each rule spares its own newest")
    func eachSpares() throws {
        let images = try (1...5).map { try image($0, age: 100 - Double($0)) }
        let plan = plan(images, try rule("nightly-[13]", keepLast: 1), try rule("nightly-[245]", keepLast: 2))
        #expect(
            plan.entries.map(\.fate) == [.delete, .delete, .keep(.keepLast), .keep(.keepLast), .keep(.keepLast)]
        )
    }

    @Test("All the safeguards of the rules that select an image hold, and no others")
    func safeguardsUnited() throws {
        let images = [try image(1, age: 20), try image(2, age: 10)]
        let plan = plan(
            images,
            try rule("nightly-1", safeguards: [.inUse]),
            try rule("*", safeguards: [.shared]),
            try rule("release", safeguards: [.referenced])
        )
        #expect(plan.entries.map(\.terms.safeguards) == [[.inUse, .shared], [.shared]])
    }

    @Test("Protection is lifted only if all the rules that select an image say so")
    func liftingAgreed() throws {
        let images = [try image(1, age: 20, isProtected: true), try image(2, age: 10, isProtected: true)]
        let (lifting, other) = (try rule(liftsProtection: true), try rule("nightly-1"))
        for plan in [plan(images, lifting, other), plan(images, other, lifting)] {
            #expect(plan.entries.map(\.fate) == [.keep(.protected), .delete])
            #expect(plan.entries.map(\.liftsProtection) == [false, true])
        }
        let both = plan(images, lifting, try rule("nightly-1", liftsProtection: true))
        #expect(both.entries.map(\.fate) == [.delete, .delete])
    }

    @Test("A safeguard spares what it guards and would be deleted, where it has a reason")
    func sparing() throws {
        let images = [
            try image(1, age: 50), try image(2, age: 40), try image(3, age: 30, isProtected: true),
            try image(4, age: 20),
        ]
        let plan = plan(images, try rule("nightly-[134]", safeguards: [.inUse]), try rule("*", safeguards: [.shared]))
        let reason = KeepReason.inUse(by: ["web-1"])
        let reasons = Dictionary(uniqueKeysWithValues: images.map { ($0.id, reason) })
        let spared = plan.sparing(.inUse, reasons.filter { $0.key != images[3].id })
        #expect(spared.entries.map(\.fate) == [.keep(reason), .delete, .keep(.protected), .delete])
        #expect(plan.sparing(.referenced, reasons) == plan)
        #expect(plan.sparing(.shared, [:]) == plan)
        #expect(plan.sparing(.shared, reasons).deletions == [])
    }

    @Test("What an earlier run deleted is passed over, unless it is seen to be there")
    func passingOver() async throws {
        let ids = try (1...4).map { try ImageID(Sample.id($0)) }
        let done = Set(ids.dropLast())
        #expect(
            DeletionPlan(deleting: ids).passingOver(done).entries.map(\.fate)
                == [.alreadyDeleted, .alreadyDeleted, .alreadyDeleted, .delete]
        )
        let plan = DeletionPlan(
            deleting: [
                Sighting(id: ids[0], finding: .success(try image(1, age: 10))),
                Sighting(id: ids[1], finding: .success(try image(2, age: 10, isProtected: true))),
                try await missing(3), try await missing(4),
            ],
            project: Self.project
        )
        let passing = plan.passingOver(done)
        let fates = passing.entries.map(\.fate)
        #expect(fates == [.delete, .keep(.protected), .alreadyDeleted, plan.entries[3].fate])
        #expect(passing.preview.map(\.result) == [.wouldDelete, .kept(.protected), .deleted, .missing])
        #expect(passing.preview[2].attempts == 0)
    }
}
