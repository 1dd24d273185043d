import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Saved plan")
struct SavedPlanTests {
    private static let now = Date(timeIntervalSince1970: 1_795_000_000)
    private static let all = [RetentionRule(tags: ["ci"])]

    private func plan(_ images: [Image], by rules: [RetentionRule] = all) async throws -> DeletionPlan {
        try await ServiceFixture.plan(images, by: rules)
    }

    /// The same plan as it comes out of its file.
    private func read(_ plan: DeletionPlan) throws -> DeletionPlan { try DeletionPlan(json: plan.json()) }

    /// What is left of a plan, read from its file, in a cloud with these images.
    private func recheck(
        _ plan: DeletionPlan,
        _ images: [Image],
        safeguards: Set<Safeguard> = []
    ) async throws -> DeletionPlan {
        try await ServiceFixture().service(showing: Locked(images))
            .recheck(read(plan), options: DeletionOptions(safeguards: safeguards))
    }

    @Test("Writes readable JSON")
    func readable() async throws {
        let images = [
            try Image.sample(1) { $0.tags = ["ci", "b", "a"] }, try Image.sample(2) { $0.isProtected = true },
        ]
        let text = String(decoding: try await plan(images).json(), as: UTF8.self)
        #expect(
            text == """
                {
                  "createdAt" : "2026-11-18T11:06:40Z",
                  "endpoint" : "https://ims.demo.example/v2",
                  "images" : [
                    {
                      "action" : "delete",
                      "createdAt" : "2026-09-21T14:13:20Z",
                      "id" : "\(Sample.id(1))",
                      "imageType" : "private",
                      "name" : "nightly-1",
                      "owner" : "\(DemoImage.projectID)",
                      "protected" : false,
                      "size" : 2147483648,
                      "status" : "active",
                      "tags" : [
                        "a",
                        "b",
                        "ci"
                      ],
                      "updatedAt" : "2026-09-22T14:13:20Z",
                      "visibility" : "private"
                    },
                    {
                      "action" : "keep",
                      "createdAt" : "2026-09-21T14:13:20Z",
                      "id" : "\(Sample.id(2))",
                      "imageType" : "private",
                      "name" : "nightly-2",
                      "owner" : "\(DemoImage.projectID)",
                      "protected" : true,
                      "reason" : "protected",
                      "size" : 2147483648,
                      "status" : "active",
                      "tags" : [
                        "ci"
                      ],
                      "updatedAt" : "2026-09-22T14:13:20Z",
                      "visibility" : "private"
                    }
                  ],
                  "project" : {
                    "id" : "\(DemoImage.projectID)",
                    "name" : "ci"
                  },
                  "schema" : "delete-image-plan/3",
                  "user" : "demo"
                }

                """
        )
    }

    @Test("Reads back the same plan")
    func roundTrip() async throws {
        let images = try (1...5).map { number in
            try Image.sample(number) { image in
                image.name = ["“two\nwords” \\ / 🎉", nil, "", "\u{1B}[31m", "e\u{301}"][number - 1]
                image.isProtected = number == 2
                if number == 3 { (image.createdAt, image.updatedAt, image.size, image.status) = (nil, nil, nil, nil) }
            }
        }
        let plan = try await plan(images, by: [RetentionRule(tags: ["ci"], keep: [.last: 1], liftsProtection: true)])
        let read = try read(plan)
        #expect(try self.read(read) == read)
        let (written, again) = (try plan.json(), try read.json())
        #expect(again == written)
        let all = try await self.plan(images)
        #expect(try self.read(all).json() == all.json())
        #expect(plan.deletions.count == 3)
        // Nothing of it can be carried out before it is checked.
        #expect(read.deletions.isEmpty)
        let fixture = ServiceFixture()
        let outcomes = try await fixture.service().delete(read)
        #expect(outcomes.allSatisfy { $0.keepReason != nil })
        #expect(outcomes.count { $0.keepReason == .unchecked } == 3)
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Rejects a saved plan for another cloud or project")
    func place() async throws {
        let images = [try Image.sample(1)]
        let plan = try read(try await plan(images))
        let elsewhere = ["OS_IMAGE_ENDPOINT_OVERRIDE": "https://other.example/v2"]
        await #expect(throws: ImageDeletionError.plan(.otherEndpoint(plan.session.endpoint))) {
            try await ServiceFixture().service(elsewhere, showing: Locked(images)).recheck(plan)
        }
        for (id, name) in [(DemoImage.projectID, "renamed"), ("another", "ci")] {
            let fixture = ServiceFixture { request, _ in
                guard request.method == "POST" else { return nil }
                return SampleTokenResponse { ($0.projectID, $0.projectName) = (id, name) }.fault
            }
            let service = try fixture.service(["OS_PROJECT_NAME": name], showing: Locked(images))
            do throws(ImageDeletionError) {
                let deletions = try await service.recheck(plan).deletions
                #expect(id == DemoImage.projectID)
                #expect(deletions.count == 1)
            } catch {
                #expect(id == "another")
                #expect(error.description.hasPrefix("the plan is for another project, ci"))
            }
        }
    }

    @Test("Deletes the planned images in an unchanged cloud, whatever the list's order")
    func unchanged() async throws {
        let images = try (1...3).map { try Image.sample($0) }
        let plan = try await plan(images)
        #expect(plan.deletions.map(\.id) == images.map(\.id))
        #expect(try await recheck(plan, images.reversed()).deletions.map(\.id) == images.map(\.id))
        var shuffledTags = images
        for index in images.indices { shuffledTags[index].tags = images[index].tags.reversed() }
        #expect(try await recheck(plan, shuffledTags).deletions.count == 3)
    }

    @Test("Keeps images that the plan keeps or does not name")
    func others() async throws {
        let images = try (1...3).map { number in try Image.sample(number) { $0.isProtected = number == 2 } }
        let plan = try await plan(Array(images.prefix(2)))
        #expect(plan.deletions.map(\.id) == [images[0].id])
        var unprotected = images
        unprotected[1].isProtected = false
        #expect(try await recheck(plan, images).deletions.map(\.id) == [images[0].id])
        #expect(try await recheck(plan, unprotected).deletions.map(\.id) == [images[0].id])
        let keepingNewest = try await self.plan(images, by: [RetentionRule(tags: ["ci"], keep: [.last: 2])])
        #expect(try await recheck(keepingNewest, images).deletions.map(\.id) == [images[0].id])
    }

    static let changes: [(field: String, change: @Sendable (inout Image) -> Void)] = [
        ("name", { $0.name = "nightly" }), ("name", { $0.name = nil }), ("status", { $0.status = "queued" }),
        ("visibility", { $0.visibility = "shared" }), ("createdAt", { $0.createdAt! += 1 }),
        ("createdAt", { $0.createdAt = nil }), ("updatedAt", { $0.updatedAt! += 1 }),
        ("updatedAt", { $0.updatedAt = nil }), ("size", { $0.size! += 1 }), ("size", { $0.size = nil }),
        ("tags", { $0.tags = [] }), ("tags", { $0.tags.append("keep") }), ("imageType", { $0.imageType = "shared" }),
        ("imageType", { $0.imageType = nil }),
    ]

    @Test("Keeps a changed image and names the field", arguments: changes.indices)
    func changed(index: Int) async throws {
        let (field, change) = Self.changes[index]
        let images = [try Image.sample(1), try Image.sample(2)]
        var now = images
        change(&now[0])
        let plan = try await recheck(plan(images), now)
        #expect(plan.entries.map(\.action) == [.keep(.changed([field])), .delete])
    }

    @Test("Names all changed fields")
    func severalChanges() async throws {
        let image = try Image.sample(1)
        var now = image
        (now.name, now.tags, now.size) = ("web", [], 1)
        let plan = try await recheck(plan([image]), [now])
        #expect(plan.entries.map(\.action) == [.keep(.changed(["name", "size", "tags"]))])
    }

    @Test("Keeps a newly protected image as protected, and one with another owner as changed")
    func reasons() async throws {
        let image = try Image.sample(1)
        let plan = try await plan([image])
        var (protected, foreign) = (image, image)
        (protected.isProtected, protected.name) = (true, "web")
        foreign.owner = "another"
        #expect(try await recheck(plan, [protected]).entries.map(\.action) == [.keep(.protected)])
        #expect(try await recheck(plan, [foreign]).entries.map(\.action) == [.keep(.changed(["owner"]))])
        #expect(try await recheck(plan, []).preview.map(\.result) == [.missing])
    }

    @Test("Skips images that are gone, so that a plan can be applied twice")
    func gone() async throws {
        let fixture = ServiceFixture(images: Sample.images(2))
        let service = try fixture.service()
        let plan = try read(try await service.plan(.rule(RetentionRule(olderThan: .date(Self.now)))))
        let first = await service.delete(try await service.recheck(plan))
        #expect(first.map(\.result) == [.deleted, .deleted])
        let second = await service.delete(try await service.recheck(plan))
        #expect(second.map(\.result) == [.missing, .missing])
        #expect(fixture.transport.count("DELETE") == 2)
    }

    @Test("Lifts protection only where the plan says so")
    func unprotect() async throws {
        let images = try (1...2).map { number in try Image.sample(number) { $0.isProtected = number == 1 } }
        let plan = try await plan(images, by: [RetentionRule(tags: ["ci"], liftsProtection: true)])
        let unchanged = try await recheck(plan, images)
        #expect(unchanged.entries.map(\.action) == [.delete, .delete])
        #expect(unchanged.entries.map(\.liftsProtection) == [true, false])
        var swapped = images
        (swapped[0].isProtected, swapped[1].isProtected) = (false, true)
        #expect(
            try await recheck(plan, swapped).entries.map(\.action)
                == [.keep(.changed(["protected"])), .keep(.protected)]
        )
    }

    @Test("Applies the safeguards of the plan and of the run")
    func safeguards() async throws {
        let image = try Image.sample(1)
        #expect(try await recheck(plan([image]), [image]).entries.map(\.conditions.safeguards) == [[]])
        let run = try await recheck(plan([image]), [image], safeguards: [.inUse])
        #expect(run.entries.map(\.conditions.safeguards) == [[.inUse]])
        for safeguard in Safeguard.allCases {
            let guarding = [RetentionRule(tags: ["ci"], safeguards: [safeguard])]
            let service = try ServiceFixture().service(showing: Locked([image]))
            let options = DeletionOptions { _ in [:] }
            let plan = try read(try await service.plan(ImageSelection(.rules(guarding)), options: options))
            #expect(
                try await service.recheck(plan, options: options).entries.map(\.conditions.safeguards) == [[safeguard]]
            )
        }
    }

    @Test("Does not save images that were not looked up")
    func unseen() async throws {
        let plan = try await ServiceFixture(images: []).service().plan(.images([ImageID(Sample.id(1))]))
        #expect(plan.entries.count == 1)
        #expect(try read(plan).entries == [])
    }
}
