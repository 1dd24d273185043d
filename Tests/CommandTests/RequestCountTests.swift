import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// What a run costs in requests and connections. One image is in ``DeletingTests``, the safeguards are in
/// ``SafeguardTests``.
@Suite("Requests", .serialized)
struct RequestCountTests {
    @Test("Sends one request per image and one for a token, over one connection per concurrent deletion")
    func byID() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(120))
        let folder = try TemporaryFolder()
        let cold = try await cloud.run(
            ["--max-deletions", "60", "--concurrency", "4"] + (1...60).map(Sample.id),
            in: folder
        )
        #expect(cold.status == 0)
        #expect(cloud.requests.count == 61)
        // The demo cloud's two services share an address, so the first lane goes on with the connection of the sign-in.
        #expect((1...4).contains(cloud.connections))
        let warm = try await cloud.run(
            ["--max-deletions", "60", "--concurrency", "1"] + (61...120).map(Sample.id),
            in: folder
        )
        #expect(warm.status == 0)
        #expect(cloud.requests.count == 61 + 60)
        #expect((2...5).contains(cloud.connections))
        #expect(await cloud.remaining().isEmpty)
    }

    @Test("Sends two more requests when a cached token was revoked")
    func revoked() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(21))
        let folder = try TemporaryFolder()
        _ = try await cloud.run([Sample.id(21)], in: folder)
        await cloud.cloud.revokeAllTokens()
        let before = cloud.requests.count
        let run = try await cloud.run(["--concurrency", "8"] + (1...20).map(Sample.id), in: folder)
        #expect(run.status == 0)
        #expect(cloud.requests.dropFirst(before).prefix(3).map(\.method) == ["DELETE", "POST", "DELETE"])
        #expect(cloud.requests.count - before == 20 + 2)
    }

    @Test(
        "Sends one request per page and deletion for a filter",
        arguments: [10, 500]
    )
    func filtered(longestPage: Int) async throws {
        let images = (1...35).map { DemoImage.old($0, $0.isMultiple(of: 5) ? "nightly-\($0)" : "build-\($0)") }
        let cloud = try LoopbackCloud(images: images, longestPage: longestPage)
        let folder = try TemporaryFolder()
        let filter = ["--match", "nightly-*", "--older-than", "1d", "--keep-last", "2"]
        // One more for the hidden images, of which there are none.
        let pages = (longestPage == 10 ? 4 : 1) + 1
        let look = try await cloud.run(["--dry-run"] + filter, in: folder)
        #expect(look.status == 0)
        #expect(cloud.requests.map(\.method) == ["POST"] + Array(repeating: "GET", count: pages))
        let run = try await cloud.run(["--yes"] + filter, in: folder)
        #expect(run.status == 0)
        #expect(cloud.count("POST") == 1)
        #expect(cloud.count("GET") == 2 * pages)
        #expect(cloud.count("DELETE") == 5)
        #expect(cloud.requests.count == 1 + 2 * pages + 5)
    }
}
