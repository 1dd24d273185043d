import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Shared images", .timeLimit(.minutes(10)))
struct SharingTests {
    private static let project = "9b1c6a0f5d7e4c83a2f1b0c9d8e7f6a5"

    private static func images(_ count: Int, visibility: String = "shared", members: [String] = []) -> [DemoImage] {
        Sample.images(count).map { image in
            var image = image
            (image.visibility, image.members) = (visibility, members)
            return image
        }
    }

    /// What the safeguard makes of a plan to delete all images of the cloud.
    private func reasons(
        _ fixture: ServiceFixture,
        concurrency: Int = 4,
        safeguards: Set<Safeguard> = [.shared]
    ) async throws -> [KeepReason?] {
        let service = try fixture.service(retries: 0)
        let ids = try await fixture.cloud.currentImages.map { image throws(ImageDeletionError) in try ImageID(image.id)
        }
        var options = DeletionOptions(safeguards: safeguards) { _ in [:] }
        options.concurrency = concurrency
        return try await service.plan(.images(ids), options: options).entries.map { entry in
            if case .keep(let reason) = entry.action { reason } else { nil }
        }
    }

    private func asked(_ fixture: ServiceFixture) -> Int {
        fixture.transport.requests.count { $0.url.path.hasSuffix("/members") }
    }

    @Test("Keeps an image that a project can use, but not a shared one without members")
    func shared() async throws {
        var images = Self.images(3)
        images[1].members = [Self.project, "another"]
        images[2].visibility = "private"
        let fixture = ServiceFixture(images: images)
        #expect(try await reasons(fixture) == [nil, .shared(with: [Self.project, "another"]), nil])
        #expect(asked(fixture) == 2, "nobody asks for the members of a private image")
    }

    @Test("Sends no request when nothing is guarded")
    func unguarded() async throws {
        let fixture = ServiceFixture(images: Self.images(3, members: [Self.project]))
        #expect(try await reasons(fixture, safeguards: [.inUse, .referenced]) == [nil, nil, nil])
        #expect(asked(fixture) == 0)
    }

    @Test("Keeps an image whose members cannot be listed", arguments: [401, 403, 404, 500])
    func refused(status: Int) async throws {
        let fixture = ServiceFixture(images: Self.images(2)) { request, _ in
            request.url.path.hasSuffix("/members") ? .answer(status) : nil
        }
        for reason in try await reasons(fixture) {
            guard case .unknown(.shared, let cause)? = reason, let error = cause.serviceError else {
                throw Unexpected()
            }
            #expect(error.status == status)
        }
    }

    @Test(
        "Keeps an image whose list of members is malformed",
        arguments: ["", "{}", #"{"members":{}}"#, #"{"members":[{}]}"#]
    )
    func senseless(body: String) async throws {
        let fixture = ServiceFixture(images: Self.images(1)) { request, _ in
            request.url.path.hasSuffix("/members") ? .answer(200, body: body) : nil
        }
        guard case .unknown(.shared, let error)?? = try await reasons(fixture).first else { throw Unexpected() }
        #expect(error.code == .service)
    }

    @Test("Sends at most the given number of concurrent requests", arguments: [1, 3, 8])
    func concurrency(limit: Int) async throws {
        let barrier = Barrier(of: limit)
        let underWay = Locked((now: 0, most: 0))
        let fixture = ServiceFixture(images: Self.images(9)) { request, _ in
            guard request.url.path.hasSuffix("/members") else { return nil }
            underWay.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            await barrier.arrive()
            underWay.withLock { $0.now -= 1 }
            return nil
        }
        _ = try await reasons(fixture, concurrency: limit)
        #expect(underWay.value.most == limit)
        #expect(asked(fixture) == 9)
    }

    @Test("Checks servers and members concurrently")
    func together() async throws {
        let barrier = Barrier(of: 2)
        let fixture = ServiceFixture(images: Self.images(1)) { request, _ in
            let path = request.url.path
            if path.hasSuffix("/members") || path.hasSuffix("/servers/detail") { await barrier.arrive() }
            return nil
        }
        #expect(try await reasons(fixture, safeguards: [.shared, .inUse]) == [nil])
        #expect(asked(fixture) == 1)
    }

    private struct Unexpected: Error {}
}
