import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// A token that is not taken any more, and credentials that are refused.
@Suite("Token renewal", .timeLimit(.minutes(10)))
struct TokenRenewalTests {
    private let folder: TemporaryFolder
    private var cache: TokenCache { .file(folder.file("token-cache.json")) }

    init() throws { folder = try TemporaryFolder() }

    private func kind(_ error: ImageDeletionError?) -> ServiceError.Kind? {
        error?.serviceError?.kind
    }

    @Test("Replaces a refused cached token once and repeats the request")
    func replaced() async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service(tokenCache: cache).signIn()
        await fixture.cloud.revokeAllTokens()
        let outcomes = try await fixture.delete([Sample.id(1), Sample.id(2)], with: fixture.service(tokenCache: cache))
        #expect(outcomes.map(\.result) == [.deleted, .deleted])
        #expect(fixture.transport.count("POST") == 2)
        // The next run gets the new one.
        try await fixture.service(tokenCache: cache).delete(imageWithID: Sample.id(3))
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Uses a token that another process has cached meanwhile")
    func broughtByAnother() async throws {
        let fixture = ServiceFixture()
        let slow = try fixture.service(tokenCache: cache)
        _ = try await slow.signIn()
        await fixture.cloud.revokeAllTokens()
        try await fixture.service(tokenCache: cache).delete(imageWithID: Sample.id(1))
        try await slow.delete(imageWithID: Sample.id(2))
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Fails after a second refusal")
    func secondRefusal() async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(401) : nil }
        let plan = DeletionPlan(deleting: try (1...3).map { try ImageID(Sample.id($0)) })
        let outcomes = try await fixture.service(tokenCache: cache).deleter(for: plan, options: .test(concurrency: 1))
            .carryOut()
        #expect(outcomes.map(\.result) == [.failed, .pending, .pending])
        #expect(kind(outcomes[0].error) == .unauthorized)
        #expect(outcomes[0].attempts == 2)
        #expect(fixture.transport.requests.map(\.method) == ["POST", "DELETE", "POST", "DELETE"])
    }

    @Test("Requests one token for deletions that are refused together", arguments: [true, false])
    func together(cached: Bool) async throws {
        let barrier = Barrier(of: 8)
        let cloud = Locked<DemoCloud?>(nil)
        let fixture = ServiceFixture(images: Sample.images(9)) { request, earlier in
            guard request.method == "DELETE", (1...8).contains(earlier) else { return nil }
            if earlier == 1 { await cloud.value?.revokeAllTokens() }
            await barrier.arrive()
            return nil
        }
        cloud.withLock { $0 = fixture.cloud }
        let service = try fixture.service(tokenCache: cached ? cache : .disabled)
        let plan = DeletionPlan(deleting: try (1...9).map { try ImageID(Sample.id($0)) })
        let outcomes = await service.deleter(for: plan, options: .test(concurrency: 8)).carryOut()
        #expect(outcomes.map(\.result) == Array(repeating: .deleted, count: 9))
        #expect(fixture.transport.count("DELETE") == 1 + 16)
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Renews a token for a lookup")
    func look() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service()
        _ = try await service.signIn()
        await fixture.cloud.revokeAllTokens()
        let plan = try await service.plan(.images([ImageID(Sample.id(1))]))
        #expect(plan.entries.first?.image?.name == "nightly-1")
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Reports a refused renewal as the identity service's")
    func renewalRefused() async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "POST" && earlier > 0 ? .answer(401) : nil
        }
        let service = try fixture.service(tokenCache: cache)
        _ = try await service.signIn()
        await fixture.cloud.revokeAllTokens()
        guard let error = try await fixture.delete([Sample.id(1)], with: service).first?.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.service == .identity)
        #expect(error.kind == .unauthorized)
        #expect(fixture.transport.requests.map(\.method) == ["POST", "DELETE", "POST"])
    }

    @Test("Does not renew a token from OS_TOKEN")
    func foreign() async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(401) : nil }
        let service = try fixture.service([
            "OS_TOKEN": "from-elsewhere", "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example",
            "OS_PROJECT_NAME": nil,
        ])
        let outcome = try #require(try await fixture.delete([Sample.id(1)], with: service).first)
        #expect(outcome.result == .failed)
        #expect(kind(outcome.error) == .unauthorized)
        #expect(fixture.transport.requests.map(\.method) == ["DELETE"])
    }

    // MARK: Refused credentials: five tries can lock an account

    @Test("Does not send a refused password again", arguments: [true, false])
    func refused(cached: Bool) async throws {
        let fixture = ServiceFixture(images: Sample.images(30))
        let service = try fixture.service(["OS_PASSWORD": "wrong"], tokenCache: cached ? cache : .disabled)
        let ids = try (1...30).map { try ImageID(Sample.id($0)) }
        do throws(ImageDeletionError) {
            _ = try await service.plan(.images(ids))
            Issue.record("seen")
        } catch {
            #expect(kind(error) == .unauthorized)
        }
        let outcomes = await service.deleter(for: DeletionPlan(deleting: ids)).carryOut()
        #expect(outcomes.contains { $0.result == .failed })
        #expect(outcomes.allSatisfy { [.failed, .pending].contains($0.result) })
        fixture.clock.advance(by: 3600)
        await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        #expect(fixture.transport.requests.map(\.method) == ["POST"])
    }

    @Test("Does not send a refused password again from concurrent tasks")
    func refusedTasks() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(["OS_PASSWORD": "wrong"])
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { try? await service.signIn() } }
            for await session in group { #expect(session == nil) }
        }
        #expect(fixture.transport.count("POST") == 1)
    }

    @Test("Does not send a refused password again from waiting processes")
    func refusedProcesses() async throws {
        // The first is answered when the other five have been seen to wait.
        let barrier = Barrier(of: 6)
        let fixture = ServiceFixture { request, _ in
            await barrier.arrive()
            return .answer(401)
        }
        let services = try (0..<6).map { _ in
            let waited = Locked(false)
            return try ImageService(
                environment: fixture.cloud.environment,
                tokenCache: cache,
                connection: ServiceConnection(
                    transport: fixture.transport,
                    clock: WallClock(
                        now: { fixture.clock.now },
                        sleep: { duration in
                            let isFirst =
                                duration == .milliseconds(20)
                                && waited.withLock { waited in
                                    defer { waited = true }
                                    return !waited
                                }
                            if isFirst { await barrier.arrive() }
                            try await Task.sleep(for: duration)
                        }
                    )
                )
            )
        }
        await withTaskGroup { group in
            for service in services { group.addTask { try? await service.signIn() } }
            for await session in group { #expect(session == nil) }
        }
        #expect(fixture.transport.count("POST") == 1)
        // One that starts a moment later does not ask either; later the password may be right.
        for (seconds, questions) in [(4, 1), (1, 2)] as [(Double, Int)] {
            fixture.clock.advance(by: seconds)
            await #expect(throws: ImageDeletionError.self) { _ = try await fixture.service(tokenCache: cache).signIn() }
            #expect(fixture.transport.count("POST") == questions)
        }
        // A clock that was set back makes nobody wait.
        fixture.clock.advance(by: -3600)
        await #expect(throws: ImageDeletionError.self) { _ = try await fixture.service(tokenCache: cache).signIn() }
        #expect(fixture.transport.count("POST") == 3)
    }

    @Test("Remembers a refusal when another identity gets a token")
    func refusedBesides() async throws {
        let fixture = ServiceFixture()
        let wrong: [String: String?] = ["OS_PASSWORD": "wrong"]
        let other: [String: String?] = ["OS_PROJECT_ID": DemoImage.projectID]
        for changes in [wrong, other, wrong] {
            _ = try? await fixture.service(changes, tokenCache: cache).signIn()
        }
        #expect(fixture.transport.count("POST") == 2)
    }
}
