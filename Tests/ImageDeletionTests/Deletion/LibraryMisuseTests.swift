import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// What a program can do wrong with the three verbs, and what keeps its images all the same.
@Suite("Library misuse")
struct LibraryMisuseTests {
    private static let rule = RetentionRule(tags: ["ci"])
    private let images = [try? Image.sample(1), try? Image.sample(2)].compactMap { $0 }

    @Test("Keeps an image when the plan did not check a requested safeguard")
    func lateSafeguard() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(showing: Locked(images))
        let plan = try await service.plan(.rule(Self.rule))
        #expect(plan.deletions.count == 2)
        let outcomes = await service.delete(plan, options: DeletionOptions(safeguards: [.inUse]))
        #expect(outcomes.map(\.result) == [.kept(.unchecked), .kept(.unchecked)])
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Fails the whole plan for another cloud instead of reporting missing images")
    func otherCloud() async throws {
        let plan = try await ServiceFixture().service(showing: Locked(images)).plan(.rule(Self.rule))
        let fixture = ServiceFixture()
        let elsewhere = try fixture.service(["OS_IMAGE_ENDPOINT_OVERRIDE": "https://other.example/v2"])
        let outcomes = await elsewhere.delete(plan)
        #expect(outcomes.map(\.result) == [.failed, .failed])
        #expect(outcomes.allSatisfy { $0.error?.code == .plan })
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Plans an image once that is named twice, also when a safeguard is unknown")
    func namedTwice() async throws {
        let fixture = ServiceFixture { request, _ in request.url.path.hasSuffix("/servers/detail") ? .answer(403) : nil
        }
        let id = images[0].id
        let plan = try await fixture.service(retries: 0).plan(
            .images([id, id]),
            options: DeletionOptions(safeguards: [.inUse])
        )
        #expect(plan.entries.map(\.id) == [id])
        #expect(plan.deletions.isEmpty)
    }

    @Test("Sends nothing with an invalid rule")
    func rules() async throws {
        let tomorrow = ServiceFixture().clock.now + 86_400
        var (exclusion, groups) = (RetentionRule(keep: [.last: 1]), RetentionRule(tags: ["ci"]))
        exclusion.exclusions = [try Glob("release-*")]
        groups.groupKey = try GroupKey("tag:branch")
        let invalid: [(rule: RetentionRule, problem: RuleProblem)] =
            [
                (RetentionRule(), .noFilter), (exclusion, .noFilter),
                (groups, .groupsWithoutKeepRule("tag:branch")),
                (RetentionRule(tags: ["ci"], olderThan: .date(tomorrow)), .futureDate(tomorrow)),
                (RetentionRule(tags: ["ci"], keep: [.last: 3, .yearly: 0]), .keepCount(rule: "yearly", 0)),
            ]
            + KeepRule.allCases.flatMap { keep in
                [0, -1, .min].map {
                    (RetentionRule(tags: ["ci"], keep: [keep: $0]), .keepCount(rule: keep.rawValue, $0))
                }
            }
        for (rule, problem) in invalid {
            let fixture = ServiceFixture()
            let service = try fixture.service(showing: Locked(images))
            // Another rule, which is valid, does not help.
            for rules in [[rule], [Self.rule, rule]] {
                await #expect(throws: ImageDeletionError.rule(problem)) {
                    try await service.plan(ImageSelection(.rules(rules)))
                }
            }
            #expect(fixture.transport.requests.isEmpty)
        }
    }

    @Test("Updates the project's name when a plan is rechecked")
    func projectName() async throws {
        let service = try ServiceFixture().service(showing: Locked(images))
        let json = String(decoding: try await service.plan(.rule(Self.rule)).json(), as: UTF8.self)
        let edited = json.replacing(#""name" : "ci""#, with: #""name" : "staging""#)
        #expect(edited != json)
        let plan = try await service.recheck(DeletionPlan(json: Data(edited.utf8)))
        #expect(plan.session.project?.name == "ci")
    }

    /// A receipt of a run that was killed while the first image was unprotected.
    private func receipt(_ folder: TemporaryFolder, _ service: ImageService) async throws -> URL {
        let file = folder.file("receipt")
        let receipt = try await service.receipt(at: file)
        var options = DeletionOptions()
        options.liftsProtection = true
        var image = images[0]
        image.isProtected = true
        let plan = try await ServiceFixture().service(showing: Locked([image])).plan(
            .images([image.id]),
            options: options
        )
        #expect(receipt.begin(try #require(plan.entries.first), at: plan.createdAt))
        return file
    }

    @Test("Restores first the protection that an earlier run left lifted")
    func unprotected() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service()
        var options = DeletionOptions()
        let plan = try await service.plan(.images([images[0].id]))
        let folder = try TemporaryFolder()
        options.receipt = try await service.receipt(at: receipt(folder, service))
        let outcomes = await service.delete(plan, options: options)
        #expect(outcomes.map(\.result) == [.kept(.protected)])
        #expect(await fixture.cloud.currentImages.first { $0.id == Sample.id(1) }?.isProtected == true)
    }

    @Test("Reports a deletion that an earlier run did as deleted in every later run")
    func gone() async throws {
        let folder = try TemporaryFolder()
        let service = try ServiceFixture(images: []).service()
        let file = try await receipt(folder, service)
        for _ in 0..<2 {
            var options = DeletionOptions()
            options.receipt = try await service.receipt(at: file)
            _ = try await service.plan(.rule(Self.rule), options: options)
            options.receipt = nil
            options.receipt = try await service.receipt(at: file)
            let plan = try await service.plan(.images([images[0].id]), options: options)
            #expect(plan.entries.map(\.action) == [.alreadyDeleted])
        }
    }
}
