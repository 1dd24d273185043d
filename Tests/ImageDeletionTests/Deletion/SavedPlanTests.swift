import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Saved plan")
struct SavedPlanTests {
    private static let now = Date(timeIntervalSince1970: 1_795_000_000)
    private static let all = [RetentionRule(tags: ["ci"])]

    private func project(_ id: String = DemoImage.projectID, name: String = "ci") throws -> TokenProject {
        try JSONDecoder().decode(TokenProject.self, from: Data(#"{"id":"\#(id)","name":"\#(name)"}"#.utf8))
    }

    private func saved(_ images: [Image], by rules: [RetentionRule] = all) async throws -> SavedPlan {
        SavedPlan(
            DeletionPlan(selecting: images, by: rules, of: DemoImage.projectID, now: Self.now),
            at: try await Bench().service().signIn(),
            project: try project(),
            now: Self.now
        )
    }

    /// The same plan as it comes out of its file, which `change` may have edited.
    private func read(_ plan: SavedPlan, _ change: (inout String) -> Void = { _ in }) throws -> SavedPlan {
        var text = String(decoding: try plan.json(), as: UTF8.self)
        change(&text)
        return try SavedPlan(json: Data(text.utf8))
    }

    private func sightings(_ images: [Image]) -> [Sighting] {
        images.map { Sighting(id: $0.id, finding: .success($0)) }
    }

    @Test("The file is JSON that people can read")
    func readable() async throws {
        let images = [
            try Image.sample(1) { $0.tags = ["ci", "b", "a"] }, try Image.sample(2) { $0.isProtected = true },
        ]
        let text = String(decoding: try await saved(images).json(), as: UTF8.self)
        #expect(
            text == """
                {
                  "createdAt" : "2026-11-18T11:06:40Z",
                  "endpoint" : "https://ims.demo.example/v2",
                  "images" : [
                    {
                      "createdAt" : "2026-09-21T14:13:20Z",
                      "fate" : "delete",
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
                      "createdAt" : "2026-09-21T14:13:20Z",
                      "fate" : "keep",
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
                  "schema" : "delete-image-plan/1",
                  "user" : "demo"
                }

                """
        )
    }

    @Test("Written and read again it is the same plan")
    func roundTrip() async throws {
        let images = try (1...5).map { number in
            try Image.sample(number) { image in
                image.name = ["“two\nwords” \\ / 🎉", nil, "", "\u{1B}[31m", "e\u{301}"][number - 1]
                image.isProtected = number == 2
                if number == 3 { (image.createdAt, image.updatedAt, image.size, image.status) = (nil, nil, nil, nil) }
            }
        }
        let plan = try await saved(images, by: [RetentionRule(tags: ["ci"], keepLast: 1, liftsProtection: true)])
        #expect(try read(plan) == plan)
        #expect(plan.deletions.count == 3)
    }

    @Test("It is for its own cloud and project only")
    func place() async throws {
        let plan = try read(try await saved([.sample(1)]))
        let here = try await Bench().service().signIn()
        let elsewhere = try await Bench().service(["OS_IMAGE_ENDPOINT_OVERRIDE": "https://other.example/v2"]).signIn()
        try plan.check(here, project: project())
        // A project may be renamed.
        try plan.check(here, project: project(name: "continuous"))
        #expect(throws: SavedPlan.Fault.otherEndpoint("https://ims.demo.example/v2")) {
            try plan.check(elsewhere, project: project())
        }
        #expect(throws: SavedPlan.Fault.otherProject(try project())) {
            try plan.check(here, project: project("another"))
        }
    }

    @Test("In an unchanged cloud it deletes what it says, in whatever order it is seen")
    func unchanged() async throws {
        let images = try (1...3).map { try Image.sample($0) }
        let plan = try read(try await saved(images))
        #expect(plan.deletions == images.map(\.id))
        #expect(plan.plan(sightings(images)).deletions.map(\.id) == images.map(\.id))
        var shuffledTags = images
        for index in images.indices { shuffledTags[index].tags = images[index].tags.reversed() }
        #expect(plan.plan(sightings(shuffledTags)).deletions.count == 3)
    }

    @Test("An image that was kept is never deleted, nor is one that the plan does not name")
    func others() async throws {
        let images = try (1...3).map { number in try Image.sample(number) { $0.isProtected = number == 2 } }
        let plan = try read(try await saved(Array(images.prefix(2))))
        #expect(plan.deletions == [images[0].id])
        var unprotected = images
        unprotected[1].isProtected = false
        #expect(plan.plan(sightings(images)).deletions.map(\.id) == [images[0].id])
        #expect(plan.plan(sightings(unprotected)).deletions.map(\.id) == [images[0].id])
        let keepingNewest = try await saved(images, by: [RetentionRule(tags: ["ci"], keepLast: 2)])
        #expect(keepingNewest.plan(sightings(images)).deletions.map(\.id) == [images[0].id])
    }

    static let changes: [(field: String, change: @Sendable (inout Image) -> Void)] = [
        ("name", { $0.name = "nightly" }), ("name", { $0.name = nil }), ("status", { $0.status = "queued" }),
        ("visibility", { $0.visibility = "shared" }), ("createdAt", { $0.createdAt! += 1 }),
        ("createdAt", { $0.createdAt = nil }), ("updatedAt", { $0.updatedAt! += 1 }),
        ("updatedAt", { $0.updatedAt = nil }), ("size", { $0.size! += 1 }), ("size", { $0.size = nil }),
        ("tags", { $0.tags = [] }), ("tags", { $0.tags.append("keep") }), ("imageType", { $0.imageType = "shared" }),
        ("imageType", { $0.imageType = nil }),
    ]

    @Test("An image that is not as it was is kept, and the field is named", arguments: changes.indices)
    func changed(index: Int) async throws {
        let (field, change) = Self.changes[index]
        let images = [try Image.sample(1), try Image.sample(2)]
        var now = images
        change(&now[0])
        let plan = try read(try await saved(images)).plan(sightings(now))
        #expect(plan.entries.map(\.fate) == [.keep(.changed([field])), .delete])
    }

    @Test("All the fields that differ are named")
    func severalChanges() async throws {
        let image = try Image.sample(1)
        var now = image
        (now.name, now.tags, now.size) = ("web", [], 1)
        let plan = try read(try await saved([image])).plan(sightings([now]))
        #expect(plan.entries.map(\.fate) == [.keep(.changed(["name", "size", "tags"]))])
    }

    @Test("An image that is now protected is kept as protected; one with another owner, as changed")
    func reasons() async throws {
        let image = try Image.sample(1)
        let saved = try read(try await saved([image]))
        var (protected, foreign) = (image, image)
        (protected.isProtected, protected.name) = (true, "web")
        foreign.owner = "another"
        #expect(saved.plan(sightings([protected])).entries.map(\.fate) == [.keep(.protected)])
        #expect(saved.plan(sightings([foreign])).entries.map(\.fate) == [.keep(.changed(["owner"]))])
        #expect(saved.plan([]).entries == [])
    }

    @Test("What cannot be seen any more is left alone, so that it may be carried out twice")
    func gone() async throws {
        let bench = Bench(images: Sample.images(2))
        let service = try bench.service()
        let images = try await service.images(ImageQuery(owner: DemoImage.projectID))
        let session = try await service.signIn()
        let saved = SavedPlan(
            DeletionPlan(
                selecting: images,
                by: [RetentionRule(olderThan: .date(Self.now))],
                of: DemoImage.projectID,
                now: Self.now
            ),
            at: session,
            project: try await service.project(),
            now: Self.now
        )
        let first = await service.deleter(for: saved.plan(service.look(at: saved.deletions))).carryOut()
        #expect(first.map(\.result) == [.deleted, .deleted])
        let second = await service.deleter(for: saved.plan(service.look(at: saved.deletions))).carryOut()
        #expect(second.map(\.result) == [.missing, .missing])
        #expect(bench.transport.count("DELETE") == 2)
    }

    @Test("Protection is lifted where the plan says so, and only there")
    func unprotect() async throws {
        let images = try (1...2).map { number in try Image.sample(number) { $0.isProtected = number == 1 } }
        let plan = try read(try await saved(images, by: [RetentionRule(tags: ["ci"], liftsProtection: true)]))
        #expect(plan.content.images.map(\.unprotect) == [true, nil])
        let unchanged = plan.plan(sightings(images))
        #expect(unchanged.entries.map(\.fate) == [.delete, .delete])
        #expect(unchanged.entries.map(\.liftsProtection) == [true, false])
        var swapped = images
        (swapped[0].isProtected, swapped[1].isProtected) = (false, true)
        #expect(
            plan.plan(sightings(swapped)).entries.map(\.fate) == [.keep(.changed(["protected"])), .keep(.protected)]
        )
    }

    @Test("The safeguards of the run that carries it out hold")
    func safeguards() async throws {
        let image = try Image.sample(1)
        let saved = try read(try await saved([image]))
        #expect(saved.plan(sightings([image])).entries.map(\.terms.safeguards) == [[]])
        #expect(saved.plan(sightings([image]), safeguards: [.inUse]).entries.map(\.terms.safeguards) == [[.inUse]])
    }

    @Test("Images that nobody saw are not written down")
    func unseen() async throws {
        let session = try await Bench().service().signIn()
        let plan = DeletionPlan(deleting: [try ImageID(Sample.id(1))])
        #expect(SavedPlan(plan, at: session, project: try project(), now: Self.now).content.images == [])
    }
}
