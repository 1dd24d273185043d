import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Safeguards", .serialized)
struct SafeguardTests {
    static var images: [DemoImage] {
        var images: [DemoImage] = [.old(1, "free"), .old(2, "used"), .old(3, "lent"), .old(4, "lendable")]
        images[1].usedBy = "web-1"
        images[2].visibility = "shared"
        images[2].members = ["9b1c6a0f5d7e4c83a2f1b0c9d8e7f6a5"]
        images[3].visibility = "shared"
        return images
    }

    @Test("Keeps images in use or shared, and reports by what")
    func kept() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let run = try await cloud.run(["--json", "--unless-in-use", "--unless-shared"] + (1...4).map(Sample.id))
        #expect(run.status == 0)
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["deleted", "kept", "kept", "deleted"])
        #expect(report.images.map(\.reason) == [nil, "inUse", "shared", nil])
        #expect(report.images[1].detail == "In use: server web-1 was created from it.")
        #expect(report.images[2].detail == "It is lent to project 9b1c6a0f5d7e4c83a2f1b0c9d8e7f6a5.")
        #expect(await cloud.remaining() == Set([2, 3].map(Sample.id)))
    }

    @Test(
        "Reads one list of servers, and members only of shared images"
    )
    func requests() async throws {
        var images = (1...40).map { DemoImage.old($0, "nightly-\($0)") }
        images[2].visibility = "shared"
        images[3].usedBy = "web-1"
        let cloud = try LoopbackCloud(images: images)
        _ = try await cloud.run(["--yes", "--match", "*", "--unless-in-use", "--unless-shared"])
        let asked = cloud.requestLines.filter { !$0.hasPrefix("DELETE") }.map { $0.prefix { $0 != "?" } }
        #expect(
            // The list of servers, to its end, and the members at the same time.
            asked.prefix(3) + asked.dropFirst(3).sorted() == [
                "POST /identity/v3/auth/tokens", "GET /image/v2/images", "GET /image/v2/images",
                "GET /compute/v2.1/\(DemoImage.projectID)/servers/detail",
                "GET /compute/v2.1/\(DemoImage.projectID)/servers/detail",
                "GET /image/v2/images/\(Sample.id(3))/members",
            ]
        )
    }

    @Test(
        "Keeps images that volumes and shelved servers use",
        arguments: [DemoImage.Use.volume, .shelved]
    )
    func indirectly(use: DemoImage.Use) async throws {
        var images: [DemoImage] = [.old(1, "free"), .old(2, "used")]
        (images[1].usedBy, images[1].use) = ("web-1", use)
        let cloud = try LoopbackCloud(images: images)
        let run = try await cloud.run(["--json", "--yes", "--unless-in-use", "--match", "*"])
        #expect(try run.report().images.map(\.reason) == [nil, "inUse"])
        #expect(await cloud.remaining() == [Sample.id(2)])
    }

    @Test("Sends no safeguard request when nothing is selected")
    func nothingToGuard() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "free")])
        _ = try await cloud.run(["--yes", "--match", "nosuch", "--unless-in-use", "--unless-shared"])
        #expect(cloud.requestLines.dropFirst().allSatisfy { $0.hasPrefix("GET /image/v2/images?") })
    }

    @Test("Keeps an image that cannot be checked, and reports why", arguments: [403, 404, 500])
    func unknown(status: Int) async throws {
        let cloud = try LoopbackCloud(images: Self.images) { request, _ in
            request.path.contains("/servers/") || request.path.hasSuffix("/members")
                ? .answer(status, headers: [:], body: Data()) : nil
        }
        let run = try await cloud.run(
            ["--json", "--retries", "0", "--unless-in-use", "--unless-shared"] + (1...4).map(Sample.id)
        )
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["kept", "kept", "kept", "kept"])
        #expect(report.images.map(\.reason) == ["inUse", "inUse", "inUse", "inUse"])
        #expect(report.images[0].detail?.hasPrefix("Nobody can say whether a server was created from it.") == true)
        #expect(report.images[0].detail?.contains("\(status)") == true)
        let shared = try await cloud.run(["--json", "--retries", "0", "--unless-shared", Sample.id(3)])
        #expect(try shared.report().images.map(\.reason) == ["shared"])
        #expect(try shared.report().images[0].detail?.hasPrefix("Nobody can say whether it is lent") == true)
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Keeps a protected image; deletes it with --unprotect")
    func unprotect() async throws {
        var image = DemoImage.old(1, "release")
        image.isProtected = true
        let cloud = try LoopbackCloud(images: [image, .old(2, "free", day: 1)])
        let kept = try await cloud.run(["--yes", "--match", "release"])
        #expect(kept.status == 0)
        #expect(
            kept.output.contains("It is protected; --unprotect, or unprotect in its rule, deletes it all the same.")
        )
        let run = try await cloud.run(["--yes", "--unprotect", "--match", "*", "--concurrency", "1"])
        #expect(run.status == 0)
        #expect(await cloud.remaining().isEmpty)
        #expect(
            cloud.requestLines.suffix(3) == [
                "PATCH /image/v2/images/\(Sample.id(1))", "DELETE /image/v2/images/\(Sample.id(1))",
                "DELETE /image/v2/images/\(Sample.id(2))",
            ]
        )
    }

    @Test("Restores the protection when the deletion fails, or reports that it could not")
    func puttingBack() async throws {
        var image = DemoImage.old(1, "release")
        image.isProtected = true
        let cloud = try LoopbackCloud(images: [image]) { request, _ in
            request.method == "DELETE" ? .answer(409, headers: [:], body: Data()) : nil
        }
        let run = try await cloud.run(["--unprotect", Sample.id(1)])
        #expect(run.status == 1)
        #expect(!run.output.contains("protection was lifted"))
        #expect(await cloud.cloud.currentImages.map(\.isProtected) == [true])

        let worse = try LoopbackCloud(images: [image]) { request, earlier in
            request.method == "DELETE" || request.method == "PATCH" && earlier > 0
                ? .answer(409, headers: [:], body: Data()) : nil
        }
        let lost = try await worse.run(["--unprotect", Sample.id(1)])
        #expect(lost.status == 1)
        #expect(lost.output.contains("Its protection was lifted and could not be put back: protect it again."))
        #expect(await worse.cloud.currentImages.map(\.isProtected) == [false])
    }

    @Test("Changes nothing in a dry run with --unprotect")
    func dryRun() async throws {
        var images = Self.images
        images[0].isProtected = true
        let cloud = try LoopbackCloud(images: images)
        let run = try await cloud.run(
            ["--dry-run", "--unprotect", "--unless-in-use", "--unless-shared", "--match", "*"]
        )
        #expect(run.output.contains("4 images: would delete 2 (4.0 GiB), 2 kept."))
        #expect(cloud.requests.dropFirst().allSatisfy { $0.method == "GET" })
    }
}
