import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

extension FuzzTarget {
    /// A page of the list of images, through to the deletion of what a rule selects of it.
    static let images = FuzzTarget("images", inputs: 100, samples: pages) { input, generator in
        let comesAgain = generator.once(in: 3)
        let lists = Locked(0)
        let fixture = ServiceFixture(images: []) { request, _ in
            switch request.method {
            case "GET":
                let isFirst = lists.withLock { count in
                    defer { count += 1 }
                    return count == 0
                }
                return isFirst || comesAgain ? .bytes(200, input) : .answer(200, body: #"{"images":[]}"#)
            case "DELETE": return .answer(204)
            default: return nil
            }
        }
        let service = try fixture.service(retries: 1)
        let images: [Image]
        do throws(ImageDeletionError) {
            images = try await service.images(ImageQuery(owner: DemoImage.projectID, pageSize: 3))
        } catch {
            try must(lists.value < 20, "the list was asked for \(lists.value) times")
            return .refused
        }
        try must(lists.value < 20, "the list was asked for \(lists.value) times")
        try must(Set(images.map(\.id)).count == images.count, "an image is there twice")
        let isNamed: @Sendable (String?) -> Bool = { $0?.utf8.starts(with: "nightly-".utf8) == true }
        lists.withLock { $0 = 0 }
        let named = try await fixture.service(retries: 1)
            .images(ImageQuery(owner: DemoImage.projectID, pageSize: 3), where: { isNamed($0.name) }, named: isNamed)
        try must(named == images.filter { isNamed($0.name) }, "read by name, the list has other images")

        let rule = try rule(&generator)
        lists.withLock { $0 = 0 }
        let plan = try await service.plan(.rule(rule))
        let outcomes = await service.delete(plan)
        let gone = Set(fixture.sent("DELETE").map { $0.url.lastPathComponent })
        try must(gone == Set(plan.deletions.map(\.id.description)), "what went is not what was decided")
        try must(outcomes.count == plan.entries.count, "an image has no outcome")
        try isSelected(gone, from: input)
        try await isSavedWell(plan)
        return .accepted
    }

    /// A rule for nightlies, which may count them by day or by a property.
    private static func rule(_ generator: inout SeededGenerator) throws -> RetentionRule {
        let keep = generator.pick([[:], [.last: 1], [.daily: 1, .yearly: 2]] as [[KeepRule: Int]])
        var rule = RetentionRule(namePatterns: [try Glob("nightly-*")], keep: keep)
        if !keep.isEmpty, generator.once(in: 2) {
            rule.groupKey = try GroupKey(generator.pick(["property:os", "tag:branch", "name:nightly-(*)"]))
        }
        if generator.once(in: 4) { rule.properties = [try PropertyFilter(generator.pick(["os=debian", "os", "!os"]))] }
        return rule
    }

    /// What went was listed so: as an own image with a name that matches, and not protected.
    private static func isSelected(_ ids: Set<String>, from input: Data) throws {
        guard let json = JSONTree(input), !json.isAmbiguous(input), let listed = json["images"]?.elements else {
            return
        }
        for id in ids {
            let found = listed.contains { image in
                image["id"]?.string == id && image["owner"]?.string == DemoImage.projectID
                    && ["private", "shared"].contains(image["visibility"]?.string)
                    && image["__imagetype"]?.string != "gold"
                    && image["name"]?.string?.hasPrefix("nightly-") == true
                    && image["protected"]?.isTrue != true && image["protected"]?.string != "true"
            }
            try must(found, "\(id) was deleted, and was not listed as what may go")
        }
    }

    /// A plan that is saved and applied, while nothing changes, deletes what it would have deleted at once.
    private static func isSavedWell(_ plan: DeletionPlan) async throws {
        let read = try DeletionPlan(json: plan.json())
        let service = try ServiceFixture().service(showing: Locked(plan.entries.compactMap(\.image)))
        let later = try await service.recheck(read)
        try must(
            later.deletions.map(\.id) == plan.deletions.map(\.id),
            "a saved plan does not delete what it was made for"
        )
    }

    /// One image, as it is looked at before it is deleted.
    static let image = FuzzTarget("image", inputs: 100, samples: described) { input, generator in
        // Mostly what is described is what was asked for.
        let described = generator.once(in: 4) ? nil : JSONTree(input)?["id"]?.string
        let id = described.flatMap { try? ImageID($0) } ?? ImageID.sample(1)
        let fixture = ServiceFixture(images: []) { request, _ in
            switch request.method {
            case "GET": .bytes(200, input)
            case "DELETE": .answer(204)
            default: nil
            }
        }
        let service = try fixture.service(retries: 1)
        let plan = try await service.plan(.images([id]))
        _ = await service.delete(plan)
        guard let image = plan.entries.first?.image else {
            try must(fixture.sent("DELETE").isEmpty, "an image was deleted that was not seen")
            return .refused
        }
        try must(image.id == id, "\(image.id) was taken for \(id)")
        try must(fixture.sent("PATCH").isEmpty, "a protection was lifted that nobody told to lift")
        if !fixture.sent("DELETE").isEmpty, let json = JSONTree(input), !json.isAmbiguous(input) {
            // Of another project's image, the service decides.
            let isOwn = json["owner"]?.string == DemoImage.projectID
            let isPrivate = isOwn && json["visibility"]?.string != "public"
            try must(isPrivate || plan.entries[0].affectsOthers, "an image that is not private was not marked as such")
            try must(!isOwn || json["protected"]?.isTrue != true, "a protected image was deleted")
        }
        return .accepted
    }

    private static let described = [
        #"{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000001","name":"nightly-1","owner":"70c77dc6bbfa40dbb5f00e6705972d6f","visibility":"private","protected":false,"status":"active","created_at":"2026-09-01T00:00:00Z","updated_at":"2026-09-01T00:00:00.123456Z","size":1073741824,"tags":["ci","branch.b"],"__imagetype":"private","os_hidden":false,"os":"debian"}"#,
        #"{"id":"6B1C0B6E-93A5-4D0C-9D52-000000000002","name":"nightly-2","owner":"70c77dc6bbfa40dbb5f00e6705972d6f","visibility":"shared","protected":"false","status":"queued","created_at":null,"size":null,"tags":null}"#,
        #"{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000003","name":"nightly-3","owner":"70c77dc6bbfa40dbb5f00e6705972d6f","visibility":"private","protected":true,"created_at":"2026-09-03T00:00:00Z","os":true}"#,
        #"{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000006","name":"nightly-6","owner":"70c77dc6bbfa40dbb5f00e6705972d6f","visibility":"private","protected":"true","created_at":"2026-09-02T00:00:00Z"}"#,
        #"{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000004","name":"nightly-4","owner":"other","visibility":"private","protected":false,"created_at":"2026-09-03T00:00:00Z","tags":[]}"#,
        #"{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000005","name":"base","owner":"70c77dc6bbfa40dbb5f00e6705972d6f","visibility":"public","protected":false,"__imagetype":"gold"}"#,
    ]

    private static let pages = [
        #"{"images":[\#(described.joined(separator: ","))],"first":"/v2/images?limit=3","next":"/v2/images?marker=x"}"#,
        #"{"images":[\#(described[0]),\#(described[1])],"first":"/v2/images","schema":"/v2/schemas/images"}"#,
        #"{"images":[\#(described[2]),\#(described[0])]}"#, #"{"images":[]}"#,
    ]
}
