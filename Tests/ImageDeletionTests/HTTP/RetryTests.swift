import Foundation
import ImageDeletion
import TestSupport
import Testing

@Suite("Retry")
struct RetryTests {
    @Test("Retries transient failures", arguments: [408, 429, 500, 502, 503, 504])
    func passing(status: Int) async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "DELETE" && earlier < 2 ? .answer(status) : nil
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == .deleted)
        #expect(outcome.attempts == 3)
        #expect(await fixture.remaining().contains(Sample.id(1)) == false)
    }

    @Test(
        "Does not retry permanent failures",
        arguments: [200, 202, 302, 400, 403, 405, 406, 409, 410, 413, 422, 494, 501, 505]
    )
    func final(status: Int) async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(status) : nil }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == (status == 410 ? .missing : .failed))
        #expect(fixture.transport.count("DELETE") == 1)
        #expect(await fixture.remaining().contains(Sample.id(1)))
    }

    @Test(
        "Retries a failed connection",
        arguments: [TransportError.Kind.unreachable, .connectionLost, .timedOut]
    )
    func connection(kind: TransportError.Kind) async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .error(TransportError(kind, "spoilt")) : nil
        }
        #expect(try await fixture.delete([Sample.id(1)]).first?.result == .deleted)
        #expect(fixture.transport.count("DELETE") == 2)
    }

    @Test(
        "Does not retry an untrusted certificate or an endless response",
        arguments: [TransportError.Kind.untrusted, .oversizedAnswer]
    )
    func noConnection(kind: TransportError.Kind) async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "DELETE" ? .error(TransportError(kind, "spoilt")) : nil
        }
        #expect(try await fixture.delete([Sample.id(1)]).first?.result == .failed)
        #expect(fixture.transport.count("DELETE") == 1)
    }

    @Test("Treats an unknown transport error as a lost connection")
    func foreignError() async throws {
        struct Foreign: Error {}
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .error(Foreign()) : nil }
        let outcome = try #require(try await fixture.delete([Sample.id(1)], with: fixture.service(retries: 0)).first)
        guard let error = outcome.error?.serviceError else { throw Missing() }
        #expect(error.kind == .connectionLost)
        #expect(error.mayHaveActed)
    }

    @Test("Makes at most the given number of attempts", arguments: [0, 1, 4])
    func bounded(retries: Int) async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(503) : nil }
        let outcome = try #require(
            try await fixture.delete([Sample.id(1)], with: fixture.service(retries: retries)).first
        )
        #expect(outcome.result == .failed)
        #expect(outcome.attempts == retries + 1)
        #expect(fixture.transport.count("DELETE") == retries + 1)
    }

    @Test("Doubles the random wait up to a maximum")
    func backoff() async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(503) : nil }
        _ = try await fixture.delete([Sample.id(1)], with: fixture.service(retries: 10, random: { 0.5 }))
        #expect(
            fixture.clock.waits
                == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30].map { .milliseconds(Int($0 * 1000)) }
        )
    }

    @Test(
        "Waits at least for Retry-After, up to a maximum",
        arguments: [
            ("3", Duration.seconds(3)), (" 0 ", .milliseconds(250)), ("7200", .seconds(60)),
            ("99999999999999999999", .seconds(60)), ("-5", .milliseconds(250)), ("soon", .milliseconds(250)),
            ("Wed, 18 Nov 2026 10:26:45 GMT", .seconds(5)), ("Wed, 18 Nov 2020 10:26:45 GMT", .milliseconds(250)),
            ("Wed, 18 Nov 2099 10:26:45 GMT", .seconds(60)),
        ]
    )
    func retryAfter(value: String, wait: Duration) async throws {
        // 2026-11-18T10:26:40Z
        let fixture = ServiceFixture(clock: TestClock(now: Date(timeIntervalSince1970: 1_794_997_600))) {
            request,
            earlier in
            request.method == "DELETE" && earlier == 0 ? .answer(429, headers: ["Retry-After": value]) : nil
        }
        #expect(try await fixture.delete([Sample.id(1)]).first?.result == .deleted)
        #expect(fixture.clock.waits == [wait])
    }

    private struct Missing: Error {}
}
