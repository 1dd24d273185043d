import Foundation
import ImageDeletion
import TestSupport
import Testing

@Suite("Redaction")
struct RedactionTests {
    @Test("A server that echoes the token does not make it known")
    func token() async throws {
        let bench = Bench { request, _ in
            guard request.method == "DELETE" else { return nil }
            let token = request.header("X-Auth-Token") ?? ""
            return .answer(
                409,
                headers: ["X-Request-Id": "req-\(token)"],
                body: #"{"error":{"code":"\#(token)","message":"no \#(token) here"}}"#
            )
        }
        let outcome = try #require(try await bench.delete([Sample.id(1)]).first)
        let token = try #require(bench.transport.requests.last?.header("X-Auth-Token"))
        #expect(token.count > 4000)
        guard case .service(let error)? = outcome.error else {
            Issue.record("no error")
            return
        }
        #expect(error.message == "no (redacted) here")
        #expect(error.code == "(redacted)")
        #expect(error.requestID == "req-(redacted)")
        #expect(!"\(bench.events.value)".contains(token.prefix(40)))
    }

    @Test("Nor the password, also where it is quoted as JSON", arguments: [400, 401, 403, 500])
    func password(status: Int) async throws {
        let password = "pa\"ss\\wörd/1"
        let bench = Bench { request, _ in
            let body = String(decoding: request.body, as: UTF8.self)
            return .answer(status, body: "cannot read \(body) or \(password)")
        }
        let service = try bench.service(["OS_PASSWORD": password], retries: 0)
        let error = await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        let said = "\(error.debugDescription) \(bench.events.value)"
        #expect(said.contains("(redacted)"))
        #expect(!said.contains("wörd"))
    }

    @Test("A redirect's address that holds the token is redacted")
    func location() async throws {
        let bench = Bench { request, _ in
            guard request.method == "DELETE" else { return nil }
            return .answer(
                302,
                headers: ["Location": "https://x/" + (request.header("X-Auth-Token") ?? "")]
            )
        }
        guard case .service(let error)? = try await bench.delete([Sample.id(1)]).first?.error else {
            Issue.record("no error")
            return
        }
        #expect(error.message == "https://x/(redacted)")
    }

    @Test(
        "A password that is a word of the answer does not spoil it",
        arguments: ["token", "red", "id", "a", " ", "ci"]
    )
    func word(password: String) async throws {
        let bench = Bench { request, _ in
            request.method == "POST" ? TokenAnswer { $0.projectName = "a red ci" }.fault : nil
        }
        let service = try bench.service(["OS_PASSWORD": password, "OS_PROJECT_NAME": "a red ci"])
        #expect(try await service.signIn().project?.name == "a red ci")
    }

    @Test("A secret does not show itself")
    func secret() {
        let secret = Secret("pa55w0rd")
        var dumped = ""
        dump(secret, to: &dumped)
        let method = Credentials.Method.password(.id("u"), password: secret, passcode: nil)
        for text in ["\(secret)", secret.debugDescription, String(reflecting: method), dumped] {
            #expect(!text.contains("pa55w0rd"))
        }
    }
}
