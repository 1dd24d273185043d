import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Lifting protection", .timeLimit(.minutes(10)))
struct ProtectionTests {
    private static var images: [DemoImage] {
        var images = Sample.images(2)
        images[0].isProtected = true
        return images
    }

    /// Deletes both images, protected or not; the first is.
    private func delete(_ fixture: ServiceFixture) async throws -> [Outcome] {
        let service = try fixture.service(retries: 1)
        let ids = try (1...2).map { number throws(ImageDeletionError) in try ImageID(Sample.id(number)) }
        var options = DeletionOptions()
        (options.liftsProtection, options.concurrency) = (true, 1)
        return await service.delete(try await service.plan(.images(ids), options: options), options: options)
    }

    private func changes(_ fixture: ServiceFixture) -> [String] {
        fixture.transport.requests.filter { $0.method != "GET" && $0.method != "POST" }.map(\.method)
    }

    private func isProtected(_ fixture: ServiceFixture) async -> Bool? {
        await fixture.cloud.currentImages.first { $0.id == Sample.id(1) }?.isProtected
    }

    @Test("Lifts protection first, and only from protected images")
    func lifted() async throws {
        let fixture = ServiceFixture(images: Self.images)
        #expect(try await delete(fixture).map(\.result) == [.deleted, .deleted])
        #expect(changes(fixture) == ["PATCH", "DELETE", "DELETE"])
        let patch = try #require(fixture.transport.requests.first { $0.method == "PATCH" })
        #expect(patch.url.path == "/v2/images/\(Sample.id(1))")
        #expect(patch.header("Content-Type") == "application/openstack-images-v2.1-json-patch")
        #expect(
            String(decoding: patch.body, as: UTF8.self) == #"[{"op":"replace","path":"/protected","value":false}]"#
        )
    }

    @Test("Restores protection after a failed deletion, and reports that failure", arguments: [400, 403, 409, 500])
    func putBack(status: Int) async throws {
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            request.method == "DELETE" ? .answer(status) : nil
        }
        let outcome = try #require(try await delete(fixture).first)
        #expect(outcome.result == .failed)
        #expect(outcome.status == status)
        #expect(outcome.protectionFault == nil)
        #expect(await isProtected(fixture) == true)
    }

    @Test("Reports an image as deleted that is gone after an unexpected status")
    func goneWithAWrongStatus() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .replacedAnswer(202) : nil
        }
        #expect(try await delete(fixture).map(\.result) == [.deleted, .deleted])
    }

    @Test("Restores protection when the response to lifting it was lost and no token is left")
    func lostWithTheToken() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            switch (request.method, earlier) {
            case ("PATCH", 0): .lostAnswer(.connectionLost)
            case ("PATCH", 1): .answer(401)
            case ("POST", 1...2): .error(TransportError(.unreachable, "refused"))
            default: nil
            }
        }
        let outcome = try #require(try await delete(fixture).first)
        #expect(outcome.result == .failed)
        #expect(outcome.protectionFault == .notLifted)
        #expect(await isProtected(fixture) == true)
    }

    @Test("Reports protection that cannot be restored")
    func lost() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            request.method == "DELETE" || request.method == "PATCH" && earlier > 0 ? .answer(409) : nil
        }
        let outcome = try #require(try await delete(fixture).first)
        #expect(outcome.result == .failed)
        #expect(outcome.protectionFault == .notPutBack)
        #expect(await isProtected(fixture) == false)
    }

    @Test("Deletes nothing when protection cannot be lifted", arguments: [403, 409, 500])
    func notLifted(status: Int) async throws {
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            request.method == "PATCH" && request.body.contains(UInt8(ascii: "f")) ? .answer(status) : nil
        }
        let outcomes = try await delete(fixture)
        #expect(outcomes.map(\.result) == [.failed, .deleted])
        #expect(outcomes[0].status == status)
        #expect(fixture.transport.requests.allSatisfy { $0.method != "DELETE" || !$0.line.hasSuffix(Sample.id(1)) })
        #expect(await isProtected(fixture) == true)
    }

    @Test("Restores nothing when protection was not lifted")
    func refused() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, _ in request.method == "PATCH" ? .answer(403) : nil
        }
        let outcome = try #require(try await delete(fixture).first)
        #expect(outcome.protectionFault == .notLifted)
        #expect(outcome.attempts == 0)
        #expect(fixture.transport.count("PATCH") == 1)
    }

    @Test("Restores protection when the response to lifting it was lost")
    func liftingLost() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            guard request.method == "PATCH" else { return nil }
            return earlier == 0 ? .lostAnswer(.timedOut) : earlier == 1 ? .answer(409) : nil
        }
        let outcome = try #require(try await delete(fixture).first)
        #expect(outcome.protectionFault == .notLifted)
        #expect(fixture.transport.count("PATCH") == 3)
        #expect(await isProtected(fixture) == true)
    }

    @Test("Reports an image as missing that is gone before its protection is lifted")
    func goneBefore() async throws {
        let place = Locked<DemoCloud?>(nil)
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            guard request.method == "PATCH", earlier == 0 else { return nil }
            await place.value?.remove(Sample.id(1))
            return .error(TransportError(.timedOut, "lost"))
        }
        place.withLock { $0 = fixture.cloud }
        #expect(try await delete(fixture).map(\.result) == [.missing, .deleted])
        #expect(fixture.transport.requests.allSatisfy { $0.method != "DELETE" || !$0.line.hasSuffix(Sample.id(1)) })
    }

    @Test("Reports an unprotected image as deleted when the response was lost and the image is gone")
    func lostAnswer() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            request.method == "DELETE" && request.line.hasSuffix(Sample.id(1))
                ? (earlier == 0 ? .lostAnswer(.connectionLost) : .answer(500)) : nil
        }
        #expect(try await delete(fixture).first?.result == .deleted)
        #expect(await isProtected(fixture) == nil)
    }

    @Test("Reports an unprotected image as missing that somebody else deleted")
    func goneMeanwhile() async throws {
        let place = Locked<DemoCloud?>(nil)
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            guard request.method == "DELETE", request.line.hasSuffix(Sample.id(1)) else { return nil }
            await place.value?.remove(Sample.id(1))
            return .answer(409)
        }
        place.withLock { $0 = fixture.cloud }
        #expect(try await delete(fixture).first?.result == .missing)
    }

    @Test("Leaves no image unprotected when the run is canceled")
    func cancelled() async throws {
        let (silence, began) = AsyncStream<Void>.makeStream()
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            guard request.method == "DELETE" else { return nil }
            began.yield()
            return .silence
        }
        let run = Task { try await delete(fixture) }
        for await _ in silence { break }
        run.cancel()
        let outcomes = try await run.value
        #expect(outcomes.map(\.result) == [.failed, .pending])
        #expect(outcomes[0].protectionFault == nil)
        #expect(await isProtected(fixture) == true)
    }

    @Test("Renews a refused token while it lifts protection")
    func renewed() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, earlier in
            request.method == "PATCH" && earlier == 0 ? .answer(401) : nil
        }
        #expect(try await delete(fixture).map(\.result) == [.deleted, .deleted])
        #expect(fixture.transport.count("POST") == 2)
    }
}
