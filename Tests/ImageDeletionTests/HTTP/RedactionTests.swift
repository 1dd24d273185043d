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

    @Test(
        "A mark that makes one character with the end of the token hides nothing",
        arguments: ["\u{FE0F}", "\u{301}"]
    )
    func mark(mark: String) async throws {
        let bench = Bench { request, _ in
            guard request.method == "DELETE" else { return nil }
            return .answer(409, body: "you sent \(request.header("X-Auth-Token") ?? "")\(mark)")
        }
        let outcome = try #require(try await bench.delete([Sample.id(1)]).first)
        guard case .service(let error)? = outcome.error else { return #expect(outcome.error != nil) }
        #expect(error.message == "you sent (redacted)\(mark)")
    }

    @Test("Nor does the edge of what is read of a long answer")
    func longAnswer() async throws {
        let bench = Bench { request, _ in
            guard request.method == "DELETE" else { return nil }
            let tag = "<a \(request.header("X-Auth-Token") ?? "")>"
            return .answer(409, body: String(repeating: tag, count: (2 << 20) / tag.utf8.count))
        }
        let outcome = try #require(try await bench.delete([Sample.id(1)]).first)
        let token = try #require(bench.transport.requests.last?.header("X-Auth-Token"))
        #expect(outcome.result == .failed)
        #expect(!"\(outcome) \(bench.events.value)".contains(token.prefix(12)))
    }

    @Test("An image that is named after the token, in escapes, is not shown by that name")
    func escapedName() async throws {
        let bench = Bench { request, _ in
            guard request.method == "GET", let token = request.header("X-Auth-Token") else { return nil }
            let name = #"\"\\"# + token.utf8.map { String(format: "\\u%04x", $0) }.joined()
            return .answer(200, body: #"{"id":"\#(Sample.id(1))","name":"\#(name)","tags":["\\u0022\u00e4\u0041"]}"#)
        }
        let id = try ImageID(Sample.id(1))
        let image = try #require(try await bench.service().look(at: [id]).first?.finding.get())
        #expect(image.name == #""\(redacted)"#)
        #expect(image.tags == [#"\u0022äA"#])
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
