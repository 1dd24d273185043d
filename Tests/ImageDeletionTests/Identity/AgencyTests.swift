import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// Tokens that are exchanged for an agency's.
@Suite("Agencies", .timeLimit(.minutes(10)))
struct AgencyTests {
    private static let agency: [String: String?] = [
        "OS_AGENCY_NAME": "cleaner", "OS_AGENCY_DOMAIN_NAME": "OTC2", "OS_DELEGATED_PROJECT": "ci",
        "OS_PROJECT_NAME": nil,
    ]

    /// Answers both sign-ins as Open Telekom Cloud's IAM does.
    private func fixture(
        _ exchange: @escaping @Sendable (SentRequest, Int) -> FaultyTransport.Fault? = { _, _ in nil }
    ) -> ServiceFixture {
        ServiceFixture { request, earlier in
            switch request.line {
            case "POST /v3/auth/tokens" where request.header("X-Auth-Token") == nil:
                SampleTokenResponse {
                    $0.token = "token-of-the-user"
                    $0.projectID = nil
                }.fault
            case "POST /v3/auth/tokens":
                exchange(request, earlier) ?? SampleTokenResponse { $0.token = "token-of-the-agency-\(earlier)" }.fault
            case "DELETE /v2/images/\(Sample.id(1))", "DELETE /v3/auth/tokens": .answer(204)
            default: nil
            }
        }
    }

    private func json(_ request: SentRequest) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: request.body) as? NSDictionary)
    }

    @Test("The user's token, for the user's own domain, is exchanged for one of the agency")
    func exchange() async throws {
        let fixture = fixture()
        try await fixture.service(Self.agency).delete(imageWithID: Sample.id(1))
        let requests = fixture.transport.requests
        #expect(
            requests.map(\.line) == [
                "POST /v3/auth/tokens", "POST /v3/auth/tokens", "DELETE /v2/images/\(Sample.id(1))",
            ]
        )
        let user = try #require(try json(requests[0])["auth"] as? NSDictionary)
        #expect(user["scope"] as? NSDictionary == ["domain": ["name": "Default"]])
        #expect(requests[1].header("X-Auth-Token") == "token-of-the-user")
        #expect(
            try json(requests[1]) == [
                "auth": [
                    "identity": [
                        "methods": ["assume_role"],
                        "assume_role": ["domain_name": "OTC2", "xrole_name": "cleaner"],
                    ],
                    "scope": ["project": ["name": "ci", "domain": ["name": "OTC2"]]],
                ]
            ]
        )
        #expect(requests[2].header("X-Auth-Token") == "token-of-the-agency-1")
    }

    @Test("The agency's domain may be given by its ID")
    func domainID() async throws {
        let fixture = fixture()
        let changes = Self.agency.merging(["OS_AGENCY_DOMAIN_NAME": nil, "OS_AGENCY_DOMAIN_ID": "d2"]) { $1 }
        _ = try await fixture.service(changes).signIn()
        let auth = try #require(try json(fixture.transport.requests[1])["auth"] as? NSDictionary)
        let identity = try #require(auth["identity"] as? NSDictionary)
        #expect(identity["assume_role"] as? NSDictionary == ["domain_id": "d2", "xrole_name": "cleaner"])
        #expect(auth["scope"] as? NSDictionary == ["project": ["name": "ci", "domain": ["id": "d2"]]])
    }

    @Test("The agency's token is cached under its own identity, and the user's is not")
    func cache() async throws {
        let folder = try TemporaryFolder()
        let cache = TokenCache.file(folder.file("token-cache.json"))
        let fixture = fixture()
        _ = try await fixture.service(Self.agency, tokenCache: cache).signIn()
        _ = try await fixture.service(Self.agency, tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 2)
        let text = try String(contentsOf: folder.file("token-cache.json"), encoding: .utf8)
        #expect(text.contains("token-of-the-agency"))
        #expect(!text.contains("token-of-the-user"))
        // Another agency, another project, and another domain are others.
        for changes in [
            ["OS_AGENCY_NAME": "other"], ["OS_AGENCY_DOMAIN_NAME": "OTC3"], ["OS_DELEGATED_PROJECT": "Ci"],
        ] {
            let before = fixture.transport.count("POST")
            _ = try? await fixture.service(Self.agency.merging(changes) { $1 }, tokenCache: cache).signIn()
            #expect(fixture.transport.count("POST") == before + 2)
        }
        // Nor does the user's own sign-in take it.
        let own = ServiceFixture()
        _ = try await own.service(tokenCache: cache).signIn()
        #expect(own.transport.count("POST") == 1)
    }

    @Test("A token that is revoked meanwhile is exchanged anew")
    func renewal() async throws {
        let refused = Locked(false)
        let fixture = ServiceFixture { request, earlier in
            switch request.line {
            case "POST /v3/auth/tokens" where request.header("X-Auth-Token") == nil:
                return SampleTokenResponse { $0.projectID = nil }.fault
            case "POST /v3/auth/tokens": return SampleTokenResponse { $0.token = "agency-\(earlier)" }.fault
            case "DELETE /v2/images/\(Sample.id(1))":
                let isFirst = refused.withLock { refused in
                    defer { refused = true }
                    return !refused
                }
                return .answer(isFirst ? 401 : 204)
            default: return nil
            }
        }
        try await fixture.service(Self.agency).delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.count("POST") == 4)
        #expect(fixture.transport.requests.last?.header("X-Auth-Token") == "agency-3")
    }

    @Test("A refusal of the agency names the agency", arguments: [401, 403, 404])
    func refused(status: Int) async throws {
        let message = "Could not find agency: cleaner, or the user is not an Agent Operator"
        let fixture = fixture { _, _ in .answer(status, body: #"{"error":{"code":\#(status),"message":"\#(message)"}}"#)
        }
        do {
            _ = try await fixture.service(Self.agency).signIn()
            Issue.record("there is no such agency")
        } catch {
            guard case .configuration(let problems) = error.reason,
                case .agencyRefused("cleaner", let failure) = problems.first
            else { throw error }
            #expect(failure.status == status)
            #expect(error.description.contains(message))
            #expect(error.description.contains("OS_AGENCY_NAME"))
        }
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("A refused password is not exchanged, and not sent again")
    func refusedPassword() async throws {
        let fixture = ServiceFixture { request, _ in request.method == "POST" ? .answer(401) : nil }
        let service = try fixture.service(Self.agency)
        for _ in 1...2 { await #expect(throws: ImageDeletionError.self) { try await service.signIn() } }
        #expect(fixture.transport.count("POST") == 1)
    }

    @Test("An agency's token for another project deletes nothing")
    func otherProject() async throws {
        let fixture = fixture { _, _ in SampleTokenResponse { $0.projectName = "production" }.fault }
        await #expect(throws: ImageDeletionError.self) {
            try await fixture.service(Self.agency).delete(imageWithID: Sample.id(1))
        }
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("The user's token is not told, even if the service echoes it")
    func redaction() async throws {
        let fixture = fixture { request, _ in
            .answer(400, body: #"{"message":"\#(request.header("X-Auth-Token") ?? "")"}"#)
        }
        await #expect(throws: ImageDeletionError.self) { try await fixture.service(Self.agency).signIn() }
        #expect(!"\(fixture.events.value)".contains("token-of-the-user"))
    }
}
