import Foundation
import ImageDeletion
import TestSupport
import Testing

@Suite("Redaction")
struct RedactionTests {
    @Test("Redacts a token that the server echoes")
    func token() async throws {
        let fixture = ServiceFixture { request, _ in
            guard request.method == "DELETE" else { return nil }
            let token = request.header("X-Auth-Token") ?? ""
            return .answer(
                409,
                headers: ["X-Request-Id": "req-\(token)"],
                body: #"{"error":{"code":"\#(token)","message":"no \#(token) here"}}"#
            )
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        let token = try #require(fixture.transport.requests.last?.header("X-Auth-Token"))
        #expect(token.count > 4000)
        guard let error = outcome.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.message == "(redacted)")
        #expect(error.code == "(redacted)")
        #expect(error.requestID == "(redacted)")
        #expect(!"\(fixture.events.value)".contains(token.prefix(40)))
    }

    @Test("Redacts a password, also in JSON", arguments: [400, 401, 403, 500])
    func password(status: Int) async throws {
        let password = "pa\"ss\\wörd/1"
        let fixture = ServiceFixture { request, _ in
            let body = String(decoding: request.body, as: UTF8.self)
            return .answer(status, body: "cannot read \(body) or \(password)")
        }
        let service = try fixture.service(["OS_PASSWORD": password], retries: 0)
        let error = await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        let said = "\(error.debugDescription) \(fixture.events.value)"
        #expect(said.contains("(redacted)"))
        #expect(!said.contains("wörd"))
    }

    @Test(
        "Redacts a token followed by a combining mark",
        arguments: ["\u{FE0F}", "\u{301}"]
    )
    func mark(mark: String) async throws {
        let fixture = ServiceFixture { request, _ in
            guard request.method == "DELETE" else { return nil }
            return .answer(409, body: "you sent \(request.header("X-Auth-Token") ?? "")\(mark)")
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        guard let error = outcome.error?.serviceError else { return #expect(outcome.error != nil) }
        #expect(error.message == "(redacted)")
    }

    @Test("Redacts a token at the cut of a long response")
    func longAnswer() async throws {
        let fixture = ServiceFixture { request, _ in
            guard request.method == "DELETE" else { return nil }
            let tag = "<a \(request.header("X-Auth-Token") ?? "")>"
            return .answer(409, body: String(repeating: tag, count: (2 << 20) / tag.utf8.count))
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        let token = try #require(fixture.transport.requests.last?.header("X-Auth-Token"))
        #expect(outcome.result == .failed)
        #expect(!"\(outcome) \(fixture.events.value)".contains(token.prefix(12)))
    }

    @Test("Redacts an escaped token in an image's name")
    func escapedName() async throws {
        let fixture = ServiceFixture { request, _ in
            guard request.method == "GET", let token = request.header("X-Auth-Token") else { return nil }
            let name = #"\"\\"# + token.utf8.map { String(format: "\\u%04x", $0) }.joined()
            return .answer(200, body: #"{"id":"\#(Sample.id(1))","name":"\#(name)","tags":["\\u0022\u00e4\u0041"]}"#)
        }
        let id = try ImageID(Sample.id(1))
        let image = try #require(try await fixture.service().plan(.images([id])).entries.first?.image)
        #expect(image.name == #""\(redacted)"#)
        #expect(image.tags == [#"\u0022äA"#])
    }

    @Test("Redacts a token in a redirect's address")
    func location() async throws {
        let fixture = ServiceFixture { request, _ in
            guard request.method == "DELETE" else { return nil }
            return .answer(
                302,
                headers: ["Location": "https://x/" + (request.header("X-Auth-Token") ?? "")]
            )
        }
        guard let error = try await fixture.delete([Sample.id(1)]).first?.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.message == "(redacted)")
    }

    /// How a server may spell a secret, or the part of it that it repeats.
    enum Spelling: CaseIterable {
        case decimalEntities, hexEntities, percentTwice, jsonTwice, base64, base64OfMore, withoutEnd, withoutStart,
            spaced

        func callAsFunction(_ secret: String) -> String {
            switch self {
            case .decimalEntities: secret.utf8.map { "&#\($0);" }.joined()
            case .hexEntities: secret.utf8.map { "&#x" + String($0, radix: 16) + ";" }.joined()
            case .percentTwice: secret.utf8.map { "%25" + String($0, radix: 16) }.joined()
            case .jsonTwice: secret.utf8.map { String(format: #"\\u%04x"#, $0) }.joined()
            case .base64: Data(secret.utf8).base64EncodedString()
            case .base64OfMore: "Basic " + Data("user:\(secret)".utf8).base64EncodedString()
            case .withoutEnd: String(secret.dropLast(secret.count / 5))
            case .withoutStart: String(secret.dropFirst(secret.count / 5))
            case .spaced: secret.enumerated().map { $0 == 9 ? "\n\($1)" : "\($1)" }.joined()
            }
        }
    }

    @Test("Withholds a text with most of a secret in any spelling", arguments: Spelling.allCases)
    func spelled(spelling: Spelling) async throws {
        let fixture = ServiceFixture { request, _ in
            if request.method == "POST" { return nil }
            return .answer(409, body: "you sent \(spelling(request.header("X-Auth-Token") ?? "")), really")
        }
        guard let error = try await fixture.delete([Sample.id(1)]).first?.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.message == "(redacted)")

        let password = "c0rrect-h0rse"
        let other = ServiceFixture { _, _ in .answer(409, body: "you sent \(spelling(password)), really") }
        let service = try other.service(["OS_PASSWORD": password])
        let refusal = await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        guard let error = refusal?.serviceError else { return #expect(refusal != nil) }
        #expect(error.message == "(redacted)")
    }

    @Test(
        "Redacts a short password only as a whole word",
        arguments: [
            ("x", "nginx refuses"), ("in", "nginx refuses"), ("ref", "nginx refuses"), ("secret7", "nginx: secret77"),
            ("x", nil), ("%20", nil), ("secret7", nil),
        ]
    )
    func short(password: String, told: String?) async throws {
        let fixture = ServiceFixture { _, _ in .answer(409, body: told ?? "wrong: \(password)") }
        let service = try fixture.service(["OS_PASSWORD": password])
        let refusal = await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        guard let error = refusal?.serviceError else { return #expect(refusal != nil) }
        #expect(error.message == told ?? "(redacted)")
    }

    @Test("Keeps the reason of a refusal that has a common word of the password")
    func commonWord() async throws {
        let words = "The password is expired and needs to be changed for user ci"
        let fixture = ServiceFixture { _, _ in .answer(401, body: #"{"error":{"message":"\#(words)"}}"#) }
        let service = try fixture.service(["OS_PASSWORD": "mypassword123"])
        let refusal = await #expect(throws: ImageDeletionError.self) { _ = try await service.signIn() }
        guard let error = refusal?.serviceError else { return #expect(refusal != nil) }
        #expect(error.message == words)
    }

    @Test(
        "Reads a response in which the password is a word",
        arguments: ["token", "red", "id", "a", " ", "ci"]
    )
    func word(password: String) async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "POST" ? SampleTokenResponse { $0.projectName = "a red ci" }.fault : nil
        }
        let service = try fixture.service(["OS_PASSWORD": password, "OS_PROJECT_NAME": "a red ci"])
        #expect(try await service.signIn().project?.name == "a red ci")
    }

    @Test("Does not print a secret's value")
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
