import Foundation
import ImageDeletion
import TestSupport
import Testing

/// "Deleted: 204, or 404 on a try that follows one whose answer was lost."
@Suite("Lost responses")
struct LostAnswerTests {
    @Test(
        "Reports an image as deleted that is gone after a lost response",
        arguments: [TransportError.Kind.connectionLost, .timedOut]
    )
    func lost(kind: TransportError.Kind) async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .lostAnswer(kind) : nil
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == .deleted)
        #expect(outcome.attempts == 2)
    }

    @Test("Reports an image as deleted that is gone after a gateway's error", arguments: [502, 504])
    func gateway(status: Int) async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .replacedAnswer(status) : nil
        }
        #expect(try await fixture.delete([Sample.id(1)]).first?.result == .deleted)
    }

    @Test("Reports a missing image when a gateway's status has the service's own message")
    func told() async throws {
        let body = #"{"error":{"message":"The image ID in the request does not exist.","code":"IMG.0027"}}"#
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(504, body: body) : nil }
        #expect(try await fixture.delete([Sample.id(1)]).first?.result == .missing)
    }

    @Test("Remembers a lost response across other failures")
    func between() async throws {
        let fixture = ServiceFixture { request, earlier in
            guard request.method == "DELETE" else { return nil }
            return [FaultyTransport.Fault.lostAnswer(.connectionLost), .answer(503), .answer(429)].dropFirst(earlier)
                .first
        }
        #expect(try await fixture.delete([Sample.id(1)]).first?.result == .deleted)
    }

    @Test("Remembers a lost response across a new token")
    func acrossRenewal() async throws {
        let fixture = ServiceFixture { request, earlier in
            guard request.method == "DELETE" else { return nil }
            return [FaultyTransport.Fault.lostAnswer(.connectionLost), .answer(401)].dropFirst(earlier).first
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == .deleted)
        #expect(outcome.attempts == 3)
    }

    @Test("Reports a 404 as missing when no earlier attempt can have had an effect", arguments: [429, 503, 408])
    func refused(status: Int) async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .answer(status) : nil
        }
        #expect(try await fixture.delete([Sample.id(99)]).first?.result == .missing)
    }

    @Test("Reports a 404 as missing after a failed connection")
    func unreachable() async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .error(TransportError(.unreachable, "refused")) : nil
        }
        #expect(try await fixture.delete([Sample.id(99)]).first?.result == .missing)
    }

    @Test("Reports a 404 to the first attempt as missing")
    func first() async throws {
        let fixture = ServiceFixture()
        #expect(try await fixture.delete([Sample.id(99)]).first?.result == .missing)
    }

    @Test("Reports an unknown result when every response is lost")
    func unknown() async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .lostAnswer(.timedOut) : nil }
        // The second try of the demo cloud would answer 404, if its answer came.
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == .failed)
        #expect(outcome.mayBeGone)
    }

    @Test("Reports an unknown result when the token cannot be renewed")
    func withoutRenewal() async throws {
        let fixture = ServiceFixture { request, earlier in
            switch (request.method, earlier) {
            case ("DELETE", 0): .lostAnswer(.connectionLost)
            case ("DELETE", _): .answer(401)
            case ("POST", 1...): .error(TransportError(.unreachable, "refused"))
            default: nil
            }
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == .failed)
        #expect(outcome.mayBeGone)
        #expect(outcome.attempts == 2)
    }

    @Test(
        "Reports a possible deletion after an unexpected status or a server error",
        arguments: [200, 202, 500, 507]
    )
    func doubtful(status: Int) async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .replacedAnswer(status) : nil }
        let service = try fixture.service(retries: 0)
        let outcome = try #require(try await fixture.delete([Sample.id(1)], with: service).first)
        #expect(outcome.result == .failed)
        #expect(outcome.mayBeGone)
    }

    @Test("Reports a possible deletion whatever the response's body says", arguments: [202, 502, 599])
    func contradiction(status: Int) async throws {
        let body = #"{"error":{"message":"You do not have permission.","code":"IMG.0161"}}"#
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(status, body: body) : nil }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.code == "IMG.0161")
        #expect(outcome.mayBeGone)
    }

    @Test("Reports no possible deletion when the request was not sent or was refused")
    func noDoubt() async throws {
        let unsent = ServiceFixture { request, _ in request.method == "POST" ? .lostAnswer(.connectionLost) : nil }
        #expect(try await unsent.delete([Sample.id(1)]).first?.mayBeGone == false)
        let refused = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(403) : nil }
        #expect(try await refused.delete([Sample.id(1)]).first?.mayBeGone == false)
    }
}
