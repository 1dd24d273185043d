import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Image deleter", .timeLimit(.minutes(10)))
struct ImageDeleterTests {
    private func plan(_ count: Int) throws -> DeletionPlan {
        DeletionPlan(
            deleting: try (1...count).map { number throws(ImageDeletionError) in try ImageID(Sample.id(number)) }
        )
    }

    @Test("Deletes one image by the text of its ID or by a listed ID")
    func one() async throws {
        let fixture = ServiceFixture(images: Sample.images(3))
        let service = try fixture.service()
        try await service.delete(imageWithID: Sample.id(1))
        let project = try await service.project()
        let listed = try await service.images(ImageQuery(owner: project.id, name: "nightly-2"))
        try await service.delete(imageWithID: #require(listed.first).id.description)
        #expect(await fixture.remaining() == [Sample.id(3)])
        await #expect(throws: ImageDeletionError.invalidImageID("nightly-3")) {
            try await service.delete(imageWithID: "nightly-3")
        }
    }

    @Test("Runs at most the given number of concurrent deletions", arguments: [1, 2, 4, 7])
    func concurrency(limit: Int) async throws {
        let barrier = Barrier(of: limit)
        let underWay = Locked((now: 0, most: 0))
        let fixture = ServiceFixture(images: Sample.images(20)) { request, earlier in
            guard request.method == "DELETE", earlier > 0 else { return nil }
            underWay.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            await barrier.arrive()
            underWay.withLock { $0.now -= 1 }
            return nil
        }
        let outcomes = try await fixture.service().deleter(for: plan(20), options: .test(concurrency: limit)).carryOut()
        #expect(underWay.value.most == limit)
        #expect(outcomes.map(\.id.description) == (1...20).map(Sample.id), "in the plan's order")
        #expect(outcomes.allSatisfy { $0.result == .deleted })
    }

    @Test(
        "Stops when the service fails image after image",
        arguments: [429, 500, 503, 504],
        [1, 4]
    )
    func inTrouble(status: Int, concurrency: Int) async throws {
        let fixture = ServiceFixture(images: Sample.images(40)) { request, _ in
            request.method == "DELETE" ? .answer(status) : nil
        }
        let outcomes = try await fixture.service()
            .deleter(for: plan(40), options: .test(concurrency: concurrency)).carryOut()
        let failed = outcomes.filter { $0.result == .failed }.count
        // Three in a row, and what was under way beside the third.
        #expect((3..<(3 + concurrency)).contains(failed))
        #expect(fixture.transport.count("DELETE") == 5 * failed)
        #expect(outcomes.count { $0.result == .pending } == 40 - failed)
    }

    @Test("Continues when a success separates failures")
    func nowAndThen() async throws {
        let fixture = ServiceFixture(images: Sample.images(12)) { request, earlier in
            request.method == "DELETE" && earlier % 3 < 2 ? .answer(503) : nil
        }
        let outcomes = try await fixture.service(retries: 0)
            .deleter(for: plan(12), options: .test(concurrency: 1)).carryOut()
        #expect(outcomes.filter { $0.result == .deleted }.count == 4)
        #expect(outcomes.filter { $0.result == .failed }.count == 8)
    }

    @Test(
        "Stops at the first refusal to delete the project's own image",
        arguments: ["private", "shared"]
    )
    func lacksPermission(visibility: String) async throws {
        let images = Sample.images(8).map { image in
            var image = image
            image.visibility = visibility
            return image
        }
        let fixture = ServiceFixture(images: images) { request, _ in
            guard request.method == "DELETE" else { return nil }
            let message = "You are not authorized to complete delete_image action.<br /><br />\\n\\n\\n"
            return .answer(403, body: #"{"message": "\#(message)", "code": "403 Forbidden", "title": "Forbidden"}"#)
        }
        let service = try fixture.service()
        let outcomes = await service.delete(try await service.plan(.rule(RetentionRule(namePatterns: [try Glob("*")]))))
        #expect(fixture.transport.count("DELETE") == 1)
        guard let error = outcomes.first?.error?.serviceError else { return #expect(outcomes.first?.error != nil) }
        #expect(error.kind == .lacksPermission)
        #expect(outcomes.dropFirst().allSatisfy { $0.result == .pending })

        // An image that nobody looked at may be another project's.
        let unseen = try await fixture.delete((1...8).map(Sample.id), with: service)
        #expect(fixture.transport.count("DELETE") == 9)
        #expect(unseen.allSatisfy { $0.result == .failed })
    }

    @Test("Starts with one deletion, so that a bad token is refused once")
    func first() async throws {
        let revoked = ServiceFixture(images: Sample.images(8))
        let service = try revoked.service()
        _ = try await service.signIn()
        await revoked.cloud.revokeAllTokens()
        let outcomes = try await service.deleter(for: plan(8), options: .test(concurrency: 4)).carryOut()
        #expect(outcomes.allSatisfy { $0.result == .deleted })
        #expect(
            revoked.transport.requests.map(\.method) == ["POST", "DELETE", "POST"]
                + Array(repeating: "DELETE", count: 8)
        )

        let refusing = ServiceFixture(images: Sample.images(8)) { request, _ in
            request.method == "DELETE" ? .answer(401) : nil
        }
        let refused = try await refusing.service().deleter(for: plan(8), options: .test(concurrency: 4)).carryOut()
        #expect(refused.map(\.result) == [.failed] + Array(repeating: .pending, count: 7))
        #expect(refusing.transport.count("DELETE") == 2)
    }

    @Test("Starts the others when the first deletion is accepted, even when it waits until images are gone")
    func firstThatLingers() async throws {
        let others = Barrier(of: 2)
        let fixture = ServiceFixture(images: Sample.images(2)) { request, earlier in
            // The look at the first image is answered when the second has been asked for.
            if request.method == "GET" || earlier == 1 { await others.arrive() }
            return nil
        }
        let options = DeletionOptions.test(concurrency: 2, waitsUntilGone: true)
        let outcomes = try await fixture.service().deleter(for: plan(2), options: options).carryOut()
        #expect(outcomes.allSatisfy { $0.result == .deleted })
    }

    @Test("Reports each outcome once, and starts nothing further after false")
    func stoppedByOutcome() async throws {
        let fixture = ServiceFixture(images: Sample.images(9))
        let told = Locked<[Outcome]>([])
        let outcomes = try await fixture.service().deleter(for: plan(9), options: .test(concurrency: 1)).carryOut {
            outcome in
            told.withLock { $0.append(outcome) }
            return told.value.count < 3
        }
        #expect(outcomes.map(\.result) == Array(repeating: .deleted, count: 3) + Array(repeating: .pending, count: 6))
        #expect(told.value == outcomes)
        #expect(fixture.transport.count("DELETE") == 3)
    }

    @Test("Finishes deletions in progress and starts no others when stopped")
    func stopped() async throws {
        let deleter = Locked<ImageDeleter?>(nil)
        let fixture = ServiceFixture(images: Sample.images(9)) { request, earlier in
            if request.method == "DELETE", earlier == 3 { await deleter.value?.stop() }
            return nil
        }
        let made = try fixture.service().deleter(for: try plan(9), options: .test(concurrency: 1))
        deleter.withLock { $0 = made }
        let outcomes = await made.carryOut()
        #expect(outcomes.map(\.result) == Array(repeating: .deleted, count: 4) + Array(repeating: .pending, count: 5))
    }

    @Test("Deletes nothing when stopped while it waits for a token")
    func stoppedBefore() async throws {
        let deleter = Locked<ImageDeleter?>(nil)
        let fixture = ServiceFixture(images: Sample.images(4)) { request, _ in
            if request.method == "POST" { await deleter.value?.stop() }
            return nil
        }
        let made = try fixture.service().deleter(for: try plan(4), options: .test(concurrency: 2))
        deleter.withLock { $0 = made }
        #expect(await made.carryOut().map(\.result) == [.pending, .pending, .pending, .pending])
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Does not report an image as existing that cannot be looked up after its deletion")
    func acceptedUnseen() async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "GET" ? .error(TransportError(.untrusted, "expired")) : nil
        }
        let deleter = try fixture.service().deleter(for: try plan(1), options: .test(waitsUntilGone: true))
        let outcome = try #require(await deleter.carryOut().first)
        #expect(outcome.result == .failed)
        #expect(outcome.mayBeGone)
    }

    @Test("Reports unknown outcomes and starts nothing further when canceled")
    func cancelled() async throws {
        let (silence, began) = AsyncStream<Void>.makeStream()
        let fixture = ServiceFixture(images: Sample.images(4)) { request, earlier in
            guard request.method == "DELETE", earlier == 1 else { return nil }
            began.yield()
            return .silence
        }
        let deleter = try fixture.service().deleter(for: try plan(4), options: .test(concurrency: 1))
        let run = Task { await deleter.carryOut() }
        for await _ in silence { break }
        run.cancel()
        let outcomes = await run.value
        #expect(outcomes.map(\.result) == [.deleted, .failed, .pending, .pending])
        guard let error = outcomes[1].error?.serviceError else { throw Unexpected() }
        #expect(error.kind == .cancelled)
        #expect(fixture.transport.count("DELETE") == 2)
    }

    @Test("Sends no request for what is kept, unavailable, or already deleted")
    func decided() async throws {
        var images = Sample.images(3)
        images[1].isProtected = true
        let fixture = ServiceFixture(images: images)
        let service = try fixture.service()
        let ids = try (1...4).map { number throws(ImageDeletionError) in try ImageID(Sample.id(number)) }
        let plan = try await service.plan(.images(ids))
        let before = fixture.transport.requests.count
        #expect(await service.delete(plan).map(\.result) == [.deleted, .kept(.protected), .deleted, .missing])
        #expect(fixture.transport.requests.count == before + 2)
    }

    @Test("Sends no request when nothing is planned")
    func empty() async throws {
        let fixture = ServiceFixture()
        #expect(try await fixture.service().deleter(for: DeletionPlan(deleting: [])).carryOut().isEmpty)
        #expect(fixture.transport.requests.isEmpty)
    }

    private struct Unexpected: Error {}
}
