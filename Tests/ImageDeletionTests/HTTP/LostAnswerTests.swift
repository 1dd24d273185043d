import Foundation
import ImageDeletion
import TestSupport
import Testing

/// "Deleted: 204, or 404 on a try that follows one whose answer was lost."
@Suite("Lost answers")
struct LostAnswerTests {
    @Test(
        "Gone at the second look, after an answer was lost: deleted",
        arguments: [TransportError.Kind.connectionLost, .timedOut]
    )
    func lost(kind: TransportError.Kind) async throws {
        let bench = Bench { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .lostAnswer(kind) : nil
        }
        let outcome = try #require(try await bench.delete([Sample.id(1)]).first)
        #expect(outcome.result == .deleted)
        #expect(outcome.attempts == 2)
    }

    @Test("The same when a gateway lost it", arguments: [502, 504])
    func gateway(status: Int) async throws {
        let bench = Bench { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .replacedAnswer(status) : nil
        }
        #expect(try await bench.delete([Sample.id(1)]).first?.result == .deleted)
    }

    @Test("An earlier lost answer counts, whatever came between")
    func between() async throws {
        let bench = Bench { request, earlier in
            guard request.method == "DELETE" else { return nil }
            return [FaultyTransport.Fault.lostAnswer(.connectionLost), .answer(503), .answer(429)].dropFirst(earlier)
                .first
        }
        #expect(try await bench.delete([Sample.id(1)]).first?.result == .deleted)
    }

    @Test("It counts across a new token, too")
    func acrossRenewal() async throws {
        let bench = Bench { request, earlier in
            guard request.method == "DELETE" else { return nil }
            return [FaultyTransport.Fault.lostAnswer(.connectionLost), .answer(401)].dropFirst(earlier).first
        }
        let outcome = try #require(try await bench.delete([Sample.id(1)]).first)
        #expect(outcome.result == .deleted)
        #expect(outcome.attempts == 3)
    }

    @Test("Where nothing can have been done, 404 is missing", arguments: [429, 503, 408])
    func refused(status: Int) async throws {
        let bench = Bench { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .answer(status) : nil
        }
        #expect(try await bench.delete([Sample.id(99)]).first?.result == .missing)
    }

    @Test("A connection that was never made has done nothing")
    func unreachable() async throws {
        let bench = Bench { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .error(TransportError(.unreachable, "refused")) : nil
        }
        #expect(try await bench.delete([Sample.id(99)]).first?.result == .missing)
    }

    @Test("At the first try, 404 is missing")
    func first() async throws {
        let bench = Bench()
        #expect(try await bench.delete([Sample.id(99)]).first?.result == .missing)
    }

    @Test("When every answer is lost, nobody says that the image is there or gone")
    func unknown() async throws {
        let bench = Bench { request, _ in request.method == "DELETE" ? .lostAnswer(.timedOut) : nil }
        // The second try of the demo cloud would answer 404, if its answer came.
        let outcome = try #require(try await bench.delete([Sample.id(1)]).first)
        #expect(outcome.result == .failed)
        guard case .service(let error)? = outcome.error else { return #expect(outcome.error != nil) }
        #expect(error.mayHaveActed)
    }
}
