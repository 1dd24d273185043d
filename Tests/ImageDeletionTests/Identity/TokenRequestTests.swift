import Foundation
import ImageDeletion
import TestSupport
import Testing

/// What the identity service is sent, byte for byte.
@Suite("Token request")
struct TokenRequestTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var changes: [String: String?]
        var body: String
    }

    static let examples = [
        Example(
            testDescription: "password, project by name",
            changes: [:],
            body: #"""
                {"auth":{"identity":{"methods":["password"],"password":{"user":
                    {"name":"demo","password":"demo-pa55w0rd","domain":{"name":"Default"}}}},
                "scope":{"project":{"name":"ci","domain":{"name":"Default"}}}}}
                """#
        ),
        Example(
            testDescription: "password, project by ID",
            changes: ["OS_PROJECT_ID": "70c77dc6bbfa40dbb5f00e6705972d6f", "OS_PROJECT_NAME": nil],
            body: #"""
                {"auth":{"identity":{"methods":["password"],"password":{"user":
                    {"name":"demo","password":"demo-pa55w0rd","domain":{"name":"Default"}}}},
                "scope":{"project":{"id":"70c77dc6bbfa40dbb5f00e6705972d6f"}}}}
                """#
        ),
        Example(
            testDescription: "user by ID, project in a domain of its own",
            changes: ["OS_USER_ID": "u1", "OS_USERNAME": nil, "OS_PROJECT_DOMAIN_ID": "d2"],
            body: #"""
                {"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"u1","password":"demo-pa55w0rd"}}},
                "scope":{"project":{"name":"ci","domain":{"id":"d2"}}}}}
                """#
        ),
        Example(
            testDescription: "domain by ID",
            changes: ["OS_USER_DOMAIN_ID": "d1", "OS_USER_DOMAIN_NAME": nil, "OS_PROJECT_DOMAIN_NAME": "Away"],
            body: #"""
                {"auth":{"identity":{"methods":["password"],"password":{"user":
                    {"name":"demo","password":"demo-pa55w0rd","domain":{"id":"d1"}}}},
                "scope":{"project":{"name":"ci","domain":{"name":"Away"}}}}}
                """#
        ),
        Example(
            testDescription: "Open Telekom Cloud's domain variable",
            changes: ["OS_DOMAIN_NAME": "OTC-EU-DE-00000000001", "OS_USER_DOMAIN_NAME": nil],
            body: #"""
                {"auth":{"identity":{"methods":["password"],"password":{"user":
                    {"name":"demo","password":"demo-pa55w0rd","domain":{"name":"OTC-EU-DE-00000000001"}}}},
                "scope":{"project":{"name":"ci","domain":{"name":"OTC-EU-DE-00000000001"}}}}}
                """#
        ),
        Example(
            testDescription: "password and passcode",
            changes: ["OS_PASSCODE": "123456"],
            body: #"""
                {"auth":{"identity":{"methods":["password","totp"],
                "password":{"user":{"name":"demo","password":"demo-pa55w0rd","domain":{"name":"Default"}}},
                "totp":{"user":{"name":"demo","passcode":"123456","domain":{"name":"Default"}}}},
                "scope":{"project":{"name":"ci","domain":{"name":"Default"}}}}}
                """#
        ),
        Example(
            testDescription: "passcode alone",
            changes: ["OS_PASSCODE": "123456", "OS_PASSWORD": nil, "OS_USER_ID": "u1"],
            body: #"""
                {"auth":{"identity":{"methods":["totp"],"totp":{"user":{"id":"u1","passcode":"123456"}}},
                "scope":{"project":{"name":"ci","domain":{"name":"Default"}}}}}
                """#
        ),
        Example(
            testDescription: "application credential by ID, without scope",
            changes: [
                "OS_APPLICATION_CREDENTIAL_ID": "a1", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil,
            ],
            body: #"""
                {"auth":{"identity":{"methods":["application_credential"],
                "application_credential":{"id":"a1","secret":"s"}}}}
                """#
        ),
        Example(
            testDescription: "application credential by name, with its user",
            changes: [
                "OS_APPLICATION_CREDENTIAL_NAME": "robot", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil,
            ],
            body: #"""
                {"auth":{"identity":{"methods":["application_credential"],"application_credential":
                {"name":"robot","secret":"s","user":{"name":"demo","domain":{"name":"Default"}}}}}}
                """#
        ),
        Example(
            testDescription: "a password that JSON has to escape",
            changes: ["OS_PASSWORD": "pa\"ss\\wörd\n/1"],
            body: #"""
                {"auth":{"identity":{"methods":["password"],"password":{"user":
                    {"name":"demo","password":"pa\"ss\\wörd\n/1","domain":{"name":"Default"}}}},
                "scope":{"project":{"name":"ci","domain":{"name":"Default"}}}}}
                """#
        ),
    ]

    @Test("Sends the body of each kind of credentials", arguments: examples)
    func body(example: Example) async throws {
        let fixture = ServiceFixture { request, _ in request.method == "POST" ? SampleTokenResponse().fault : nil }
        _ = try await fixture.service(example.changes).signIn()
        let request = try #require(fixture.transport.requests.first)
        #expect(request.line == "POST /v3/auth/tokens")
        #expect(try canonical(request.body) == canonical(Data(example.body.utf8)))
        #expect(fixture.transport.requests.count == 1)
    }

    private func canonical(_ json: Data) throws -> String {
        let object = try JSONSerialization.jsonObject(with: json)
        return String(decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys), as: UTF8.self)
    }

    @Test("Sends only the documented headers")
    func headers() async throws {
        let fixture = ServiceFixture()
        try await fixture.service().delete(imageWithID: Sample.id(1))
        let requests = fixture.transport.requests
        #expect(requests.map(\.method) == ["POST", "DELETE"])
        #expect(requests.map { $0.header("Accept") } == ["application/json", "application/json"])
        let agent = "delete-image/\(Version.current)"
        #expect(requests.map { $0.header("User-Agent") } == [agent, agent])
        #expect(requests.map { $0.header("Content-Type") } == ["application/json", nil])
        #expect(requests.map(\.body.isEmpty) == [false, true])
        #expect(requests.map { $0.header("X-Auth-Token") == nil } == [true, false])
    }

    @Test("Sends a body with a deletion only to delete backups")
    func deleteBackup() async throws {
        let fixture = ServiceFixture()
        let plan = DeletionPlan(deleting: [try ImageID(Sample.id(1))])
        let outcomes = try await fixture.service().deleter(for: plan, options: .test(deletesBackups: true)).carryOut()
        #expect(outcomes.map(\.result) == [.deleted])
        let request = try #require(fixture.transport.requests.last)
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"delete_backup":true}"#)
        #expect(request.header("Content-Type") == "application/json")
    }

    @Test("Looks up a token from OS_TOKEN only for its endpoints")
    func foreignToken() async throws {
        let fixture = ServiceFixture { request, _ in
            request.url.path == "/v3/auth/tokens" ? SampleTokenResponse { $0.status = 200 }.fault : .answer(204)
        }
        let service = try fixture.service(["OS_TOKEN": "from-elsewhere"])
        try await service.delete(imageWithID: Sample.id(1))
        try await service.delete(imageWithID: Sample.id(2))
        let requests = fixture.transport.requests
        #expect(requests.map(\.method) == ["GET", "DELETE", "DELETE"])
        #expect(requests.map { $0.header("X-Auth-Token") } == Array(repeating: "from-elsewhere", count: 3))
        #expect(requests.first?.line == "GET /v3/auth/tokens")
        #expect(requests.first?.header("X-Subject-Token") == "from-elsewhere")
        #expect(requests.first?.body.isEmpty == true)
        #expect(requests.last?.header("X-Subject-Token") == nil)
    }

    @Test("Does not look up a token from OS_TOKEN when the endpoint is given")
    func foreignTokenAndEndpoint() async throws {
        let fixture = ServiceFixture { _, _ in .answer(204) }
        let service = try fixture.service([
            "OS_TOKEN": "from-elsewhere", "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.elsewhere.example/v2",
            "OS_PROJECT_NAME": nil,
        ])
        try await service.delete(imageWithID: Sample.id(1))
        #expect(
            fixture.transport.requests.map(\.url.absoluteString)
                == ["https://ims.elsewhere.example/v2/images/\(Sample.id(1))"]
        )
        #expect(try await service.signIn().project == nil)
        #expect(fixture.transport.requests.count == 1)
    }
}
