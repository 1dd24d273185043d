import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Deletion plan")
struct DeletionPlanTests {
    private static let now = Date(timeIntervalSince1970: 1_795_000_000)

    private func plan(_ images: [Image], _ rules: RetentionRule...) async throws -> DeletionPlan {
        try await ServiceFixture.plan(images, by: rules)
    }

    private func plan(
        deleting ids: [ImageID],
        of images: [Image],
        liftsProtection: Bool = false
    ) async throws -> DeletionPlan {
        var options = DeletionOptions()
        options.liftsProtection = liftsProtection
        return try await ServiceFixture().service(showing: Locked(images)).plan(.images(ids), options: options)
    }

    private func plan(deleting images: [Image], liftsProtection: Bool = false) async throws -> DeletionPlan {
        try await plan(deleting: images.map(\.id), of: images, liftsProtection: liftsProtection)
    }

    private func image(_ number: Int, age: Double, isProtected: Bool = false) throws -> Image {
        try .sample(number) { image in
            image.createdAt = Self.now - age
            image.isProtected = isProtected
        }
    }

    private func rule(
        _ names: String = "*",
        keep: [KeepRule: Int] = [:],
        liftsProtection: Bool = false,
        safeguards: Set<Safeguard> = []
    ) throws -> RetentionRule {
        RetentionRule(
            namePatterns: [try Glob(names)],
            keep: keep,
            liftsProtection: liftsProtection,
            safeguards: safeguards
        )
    }

    @Test("Orders images by age, then ID, and those without a date last")
    func oldestFirst() async throws {
        var images = [
            try image(5, age: 10), try image(4, age: 30), try image(2, age: 20), try image(3, age: 20),
            try image(1, age: 0),
        ]
        images[4].createdAt = nil
        let ids = try [4, 2, 3, 5, 1].map { try ImageID(Sample.id($0)) }
        #expect(try await plan(images, rule()).entries.map(\.id) == ids)
        #expect(try await plan(images.reversed(), rule()).entries.map(\.id) == ids)
    }

    @Test("Keeps the order of the requested IDs and removes duplicates")
    func onceInOrder() async throws {
        let ids = try [3, 1, 3, 2, 1].map { try ImageID(Sample.id($0)) }
        let once = try [3, 1, 2].map { try ImageID(Sample.id($0)) }
        #expect(DeletionPlan(deleting: ids).entries.map(\.id) == once)
        #expect(DeletionPlan(deleting: ids).entries.allSatisfy { $0.image == nil && $0.action == .delete })
        #expect(try await plan(deleting: [3, 1, 3, 2, 1].map { try Image.sample($0) }).entries.map(\.id) == once)
    }

    @Test("Counts an image once that a list has twice")
    func twice() async throws {
        let (old, new) = (try image(1, age: 20), try image(2, age: 10))
        let twice = try await plan([new, old, new, old], try rule(keep: [.last: 1]))
        #expect(twice.entries.map(\.id) == [old.id, new.id])
        #expect(twice.entries.map(\.decision) == ["delete", "last"])
    }

    @Test("Plans the deletion of an image as it was looked up")
    func seen() async throws {
        var image = try image(1, age: 10)
        // The service says that it is not hidden.
        image.canBeHidden = true
        for plan in [try await plan(deleting: [image]), try await plan([image], rule())] {
            let entry = try #require(plan.entries.first)
            #expect(entry.action == .delete)
            #expect(entry.image == image)
            #expect(!entry.liftsProtection)
            #expect(entry.conditions.safeguards.isEmpty)
        }
    }

    @Test("Keeps a protected image unless its protection is lifted")
    func protected() async throws {
        let images = [try image(1, age: 20, isProtected: true), try image(2, age: 10)]
        for plan in [try await plan(deleting: images), try await plan(images, rule())] {
            #expect(plan.entries.map(\.action) == [.keep(.protected), .delete])
            #expect(plan.entries.map(\.liftsProtection) == [false, false])
        }
        for plan in [
            try await plan(deleting: images, liftsProtection: true),
            try await plan(images, rule(liftsProtection: true)),
        ] {
            #expect(plan.entries.map(\.action) == [.delete, .delete])
            // There is nothing to lift of the second.
            #expect(plan.entries.map(\.liftsProtection) == [true, false])
        }
    }

    static let foreign: [@Sendable (inout Image) -> Void] = [
        { $0.owner = "another" }, { $0.owner = nil }, { $0.visibility = "public" }, { $0.visibility = "community" },
        { $0.visibility = nil }, { $0.imageType = "gold" },
    ]

    @Test("Deletes an image that is not private only by ID", arguments: foreign.indices)
    func notPrivate(index: Int) async throws {
        var image = try image(1, age: 10)
        Self.foreign[index](&image)
        let byID = try await plan(deleting: [image], liftsProtection: true)
        #expect(byID.entries.map(\.action) == [.delete])
        #expect(byID.entries.map(\.affectsOthers) == [true])
        #expect(byID.preview.map(\.affectsOthers) == [true])
        #expect(try await plan([image], rule(liftsProtection: true)).entries == [])
    }

    @Test("Takes the owner of an image as the project if the project is unknown")
    func unknownProject() async throws {
        var image = try image(1, age: 10)
        image.owner = "another"
        for (owner, visibility, affectsOthers) in [
            ("another", "private", false), ("another", "public", true), (nil, "public", true),
        ] {
            (image.owner, image.visibility) = (owner, visibility)
            let fixture = ServiceFixture()
            var variables: [String: String?] = fixture.cloud.environment.mapValues { _ in nil }
            variables["OS_TOKEN"] = "a token of a project that nobody asks for"
            variables["OS_IMAGE_ENDPOINT_OVERRIDE"] = "https://ims.demo.example/v2"
            let plan = try await fixture.service(variables, showing: Locked([image])).plan(.images([image.id]))
            #expect(plan.entries.map(\.affectsOthers) == [affectsOthers])
            #expect(plan.session.project == nil)
        }
    }

    @Test("Keeps an image that could not be looked up, with the error")
    func unseen() async throws {
        let ids = try (1...2).map { try ImageID(Sample.id($0)) }
        let fixture = ServiceFixture(images: []) { request, _ in
            request.url.lastPathComponent == Sample.id(2) ? .answer(500) : nil
        }
        var options = DeletionOptions()
        options.liftsProtection = true
        let plan = try await fixture.service(retries: 0).plan(.images(ids), options: options)
        let errors = plan.entries.map { entry -> ServiceError.Kind? in
            if case .unseen(let error) = entry.action { error.serviceError?.kind } else { nil }
        }
        #expect(errors == [.notFound, .unavailable])
        #expect(plan.entries.map(\.liftsProtection) == [false, false])
        #expect(plan.deletions == [])
        #expect(plan.preview.map(\.result) == [.missing, .failed])
        #expect(plan.preview.map { $0.error?.serviceError?.kind } == errors)
    }

    @Test("Lists only planned deletions as deletions")
    func deletions() async throws {
        let plan = try await plan([try image(1, age: 20, isProtected: true), try image(2, age: 10)], try rule())
        #expect(try plan.deletions.map(\.id) == [ImageID(Sample.id(2))])
        #expect(plan.preview.map(\.result) == [.kept(.protected), .wouldDelete])
        #expect(plan.untried.map(\.result) == [.kept(.protected), .pending])
    }

    @Test("Selects nothing without a rule")
    func noRule() async throws {
        #expect(try await plan([image(1, age: 10)]).entries == [])
    }

    @Test("Keeps what one rule keeps as the newest, whatever another rule selects")
    func sparedByOne() async throws {
        let images = try (1...4).map { try image($0, age: 100 - Double($0)) }
        let (all, sparing) = (try rule(), try rule("nightly-[12]", keep: [.last: 1]))
        for plan in [try await plan(images, all, sparing), try await plan(images, sparing, all)] {
            #expect(plan.entries.map(\.decision) == ["delete", "last", "delete", "delete"])
        }
    }

    @Test("Keeps the newest images of each rule")
    func eachSpares() async throws {
        let images = try (1...5).map { try image($0, age: 100 - Double($0)) }
        let plan = try await plan(
            images,
            try rule("nightly-[13]", keep: [.last: 1]),
            try rule("nightly-[245]", keep: [.last: 2])
        )
        #expect(plan.entries.map(\.decision) == ["delete", "delete", "last", "last", "last"])
    }

    @Test("Applies exactly the safeguards of the rules that select an image")
    func safeguardsUnited() async throws {
        let images = [try image(1, age: 20), try image(2, age: 10)]
        let plan = try await plan(
            images,
            try rule("nightly-1", safeguards: [.inUse]),
            try rule("*", safeguards: [.shared]),
            try rule("release", safeguards: [.referenced])
        )
        #expect(plan.entries.map(\.conditions.safeguards) == [[.inUse, .shared], [.shared]])
    }

    @Test("Lifts protection only if all rules that select an image say so")
    func liftingAgreed() async throws {
        let images = [try image(1, age: 20, isProtected: true), try image(2, age: 10, isProtected: true)]
        let (lifting, other) = (try rule(liftsProtection: true), try rule("nightly-1"))
        for plan in [try await plan(images, lifting, other), try await plan(images, other, lifting)] {
            #expect(plan.entries.map(\.action) == [.keep(.protected), .delete])
            #expect(plan.entries.map(\.liftsProtection) == [false, true])
        }
        let both = try await plan(images, lifting, try rule("nightly-1", liftsProtection: true))
        #expect(both.entries.map(\.action) == [.delete, .delete])
    }

    @Test("Keeps an image with a safeguard's reason only if it would be deleted")
    func safeguards() async throws {
        let images = [
            try image(1, age: 50), try image(2, age: 40), try image(3, age: 30, isProtected: true),
            try image(4, age: 20),
        ]
        let rules = [
            try rule("nightly-[134]", safeguards: [.referenced]), try rule("*", safeguards: [.shared]),
        ]
        let reason = KeepReason.referenced(KeepReason.Reference(file: "main.tf", line: 1))
        let service = try ServiceFixture().service(showing: Locked(images))
        let asked = Locked<Set<ImageID>>([])
        let plan = try await service.plan(
            ImageSelection(.rules(rules)),
            options: DeletionOptions { ids in
                asked.withLock { $0 = ids }
                return Dictionary(uniqueKeysWithValues: images.dropLast().map { ($0.id, reason) })
            }
        )
        #expect(plan.entries.map(\.action) == [.keep(reason), .delete, .keep(.protected), .delete])
        #expect(asked.value == [images[0].id, images[3].id])
    }

    @Test("Skips what an earlier run deleted unless it still exists")
    func passingOver() async throws {
        let folder = try TemporaryFolder()
        let images = [try image(1, age: 10), try image(2, age: 10, isProtected: true)]
        let service = try ServiceFixture().service(showing: Locked(images))
        let ids = try (1...4).map { try ImageID(Sample.id($0)) }
        var options = DeletionOptions()
        options.receipt = try await service.receipt(at: folder.file("receipt"))
        let earlier = try await ServiceFixture(images: Sample.images(3)).delete(ids.dropLast().map(\.description))
        for outcome in earlier { _ = options.receipt?.append(outcome, at: Self.now) }
        options.receipt = nil
        options.receipt = try await service.receipt(at: folder.file("receipt"))
        let plan = try await service.plan(.images(ids), options: options)
        #expect(plan.entries.prefix(3).map(\.action) == [.delete, .keep(.protected), .alreadyDeleted])
        #expect(plan.preview.map(\.result) == [.wouldDelete, .kept(.protected), .deleted, .missing])
        #expect(plan.preview[2].attempts == 0)
    }
}
