import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// How often a password is sent. Five wrong ones lock an account of Open Telekom Cloud.
@Suite("Sign-in retries", .timeLimit(.minutes(10)))
struct SignInRetryTests {
    static let lostResponses: [FaultyTransport.Fault] =
        [408, 500, 502, 503, 504, 429].map { .answer($0) } + [
            .error(TransportError(.connectionLost, "reset")), .error(TransportError(.timedOut, "late")),
        ]

    private func fixture(_ fault: FaultyTransport.Fault) -> ServiceFixture {
        ServiceFixture(images: Sample.images(30)) { request, _ in request.method == "POST" ? fault : nil }
    }

    @Test(
        "Sends a password at most twice when its response is lost",
        arguments: lostResponses.indices
    )
    func lost(index: Int) async throws {
        let fixture = fixture(Self.lostResponses[index])
        let service = try fixture.service()
        let ids = try (1...30).map { try ImageID(Sample.id($0)) }
        _ = try? await service.plan(.images(ids))
        _ = await service.deleter(for: DeletionPlan(deleting: ids)).carryOut()
        await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Sends a password once without retries")
    func noRetries() async throws {
        let fixture = fixture(.answer(500))
        await #expect(throws: ImageDeletionError.self) { _ = try await fixture.service(retries: 0).signIn() }
        #expect(fixture.transport.count("POST") == 1)
    }

    @Test("Sends an application credential's secret at most twice")
    func applicationCredential() async throws {
        let fixture = fixture(.answer(500))
        let service = try fixture.service([
            "OS_APPLICATION_CREDENTIAL_ID": "a", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil,
        ])
        await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        #expect(fixture.transport.count("POST") == 2)
    }

    static let refusals: [FaultyTransport.Fault] = [
        .error(TransportError(.unreachable, "refused")), .answer(429, headers: ["Retry-After": "1"]),
        .answer(503, headers: ["Retry-After": "1"]),
    ]

    @Test("Retries a password that was certainly not processed", arguments: refusals.indices)
    func unprocessed(index: Int) async throws {
        let fixture = fixture(Self.refusals[index])
        await #expect(throws: ImageDeletionError.self) { _ = try await fixture.service().signIn() }
        #expect(fixture.transport.count("POST") == 5)
    }

    @Test("Counts lost responses for each password separately")
    func recovers() async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "POST" && earlier == 0 ? .lostAnswer(.connectionLost) : nil
        }
        try await fixture.service().delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Applies the limit to renewals, and resets it after a success")
    func renewal() async throws {
        let fixture = ServiceFixture(images: Sample.images(9)) { request, earlier in
            request.method == "POST" && earlier != 1 ? .answer(504) : nil
        }
        let service = try fixture.service()
        try await service.delete(imageWithID: Sample.id(9))
        #expect(fixture.transport.count("POST") == 2)
        await fixture.cloud.revokeAllTokens()
        _ = try await fixture.delete((1...8).map(Sample.id), with: service)
        _ = try await fixture.delete((1...8).map(Sample.id), with: service)
        #expect(fixture.transport.count("POST") == 4)
    }

    @Test("Uses another process's token after sign-ins without a response")
    func broughtByAnother() async throws {
        let folder = try TemporaryFolder()
        let cache = TokenCache.file(folder.file("token-cache.json"))
        let fixture = ServiceFixture { request, earlier in request.method == "POST" && earlier < 2 ? .answer(504) : nil
        }
        let service = try fixture.service(tokenCache: cache)
        await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        fixture.clock.advance(by: 6)
        _ = try await fixture.service(tokenCache: cache).signIn()
        try await service.delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.count("POST") == 3)
    }

    @Test("Counts a canceled sign-in")
    func cancelled() async throws {
        let sent = Barrier(of: 2)
        let fixture = ServiceFixture { request, earlier in
            guard request.method == "POST" else { return nil }
            if earlier == 0 { await sent.arrive() }
            return earlier == 0 ? .silence : .answer(500)
        }
        let service = try fixture.service()
        let task = Task { try await service.signIn() }
        await sent.arrive()
        task.cancel()
        _ = await task.result
        for _ in 0..<3 { _ = try? await service.signIn() }
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Sends no password for five seconds after another process got no response")
    func processes() async throws {
        let folder = try TemporaryFolder()
        let cache = TokenCache.file(folder.file("token-cache.json"))
        let fixture = fixture(.answer(504))
        for _ in 0..<3 {
            await #expect(throws: ImageDeletionError.self) { _ = try await fixture.service(tokenCache: cache).signIn() }
        }
        #expect(fixture.transport.count("POST") == 2)
        fixture.clock.advance(by: 6)
        await #expect(throws: ImageDeletionError.self) { _ = try await fixture.service(tokenCache: cache).signIn() }
        #expect(fixture.transport.count("POST") == 4)
    }
}
