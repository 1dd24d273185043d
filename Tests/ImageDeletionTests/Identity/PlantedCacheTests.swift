import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// A token cache that somebody else wrote, with the right owner and mode, as an archive or a checkout can hold it.
@Suite("Planted token cache", .timeLimit(.minutes(10)))
struct PlantedCacheTests {
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("token-cache.json")
    }

    private var cache: TokenCache { .file(file) }

    /// A cloud in which `attacker.example` answers deletions with `status`.
    private func fixture(_ status: Int) -> ServiceFixture {
        ServiceFixture { request, _ in request.url.host == "attacker.example" ? .answer(status) : nil }
    }

    /// Writes a cache with this program, for the user's identity, without knowing the user's secret.
    private func plant(_ changes: [String: String?] = ["OS_PASSWORD": "guessed"]) async throws {
        let attacker = ServiceFixture { request, _ in
            SampleTokenResponse {
                $0.token = "invented"
                $0.imageEndpoints = [.init("eu-demo", "https://attacker.example")]
            }.fault
        }
        _ = try await attacker.service(changes, tokenCache: cache).signIn()
        #expect(try String(contentsOf: file, encoding: .utf8).contains("attacker.example"))
    }

    private func rewrite(_ change: (String) -> String) throws {
        let content = try String(contentsOf: file, encoding: .utf8)
        let changed = change(content)
        #expect(changed != content)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(changed.utf8))
        try handle.close()
    }

    private func distrust(_ fixture: ServiceFixture) -> Int {
        fixture.events.value.count { if case .tokenCacheNotTrusted = $0 { true } else { false } }
    }

    @Test("Sends nothing to the address in a cache that was written with another password", arguments: [401, 204])
    func planted(status: Int) async throws {
        try await plant()
        let fixture = fixture(status)
        let outcomes = try await fixture.delete([Sample.id(1)], with: fixture.service(tokenCache: cache))
        #expect(outcomes.map(\.result) == [.deleted])
        #expect(fixture.transport.requests.filter { $0.url.host == "attacker.example" }.isEmpty)
        #expect(await fixture.remaining().contains(Sample.id(1)) == false)
        #expect(distrust(fixture) == 1)
        // What replaced it is trusted.
        try await fixture.service(tokenCache: cache).delete(imageWithID: Sample.id(2))
        #expect(fixture.transport.count("POST") == 1)
        #expect(distrust(fixture) == 1)
    }

    @Test("Ignores a cache with a changed address, token, project, or expiry", arguments: 0..<4)
    func changed(index: Int) async throws {
        let fixture = fixture(401)
        _ = try await fixture.service(tokenCache: cache).signIn()
        try rewrite { content in
            switch index {
            case 0: content.replacing("https://ims.demo.example", with: "https://attacker.example")
            case 1: content.replacing(#""MII"#, with: #""MIJ"#)
            case 2: content.replacing(DemoImage.projectID, with: String(DemoImage.projectID.reversed()))
            default: content.replacing(#""expiresAt" : 1"#, with: #""expiresAt" : 2"#)
            }
        }
        try await fixture.service(tokenCache: cache).delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.requests.map(\.method) == ["POST", "POST", "DELETE"])
        #expect(fixture.transport.requests.filter { $0.url.host == "attacker.example" }.isEmpty)
        #expect(distrust(fixture) == 1)
    }

    @Test("Ignores another identity's entry")
    func renamed() async throws {
        let fixture = fixture(401)
        let other: [String: String?] = ["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_NAME": nil]
        _ = try await fixture.service(other, tokenCache: cache).signIn()
        try rewrite { content in
            content.replacing(
                /"scope" : \[[^\]]*\]/,
                with: #""scope" : ["project name", "ci", "domain name", "Default"]"#
            )
        }
        try await fixture.service(tokenCache: cache).delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Signs in with a new password although a token is cached for the old one")
    func otherPassword() async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service(tokenCache: cache).signIn()
        await #expect(throws: ImageDeletionError.self) {
            try await fixture.service(["OS_PASSWORD": "new"], tokenCache: cache).delete(imageWithID: Sample.id(1))
        }
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Uses a cached token with another passcode")
    func passcode() async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "POST" ? SampleTokenResponse().fault : .answer(204)
        }
        for passcode in ["123456", "654321"] {
            let service = try fixture.service(["OS_PASSCODE": passcode], tokenCache: cache)
            try await service.delete(imageWithID: Sample.id(1))
        }
        #expect(fixture.transport.count("POST") == 1)
    }

    @Test("Does not cache a token from a passcode alone")
    func passcodeOnly() async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "POST" ? SampleTokenResponse().fault : .answer(204)
        }
        let changes: [String: String?] = ["OS_PASSCODE": "123456", "OS_PASSWORD": nil]
        try await fixture.service(changes, tokenCache: cache).delete(imageWithID: Sample.id(1))
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test("Sends a renewed token to its own endpoint")
    func renewed() async throws {
        let fixture = ServiceFixture { request, earlier in
            guard request.method == "POST" else { return .answer(earlier == 0 ? 401 : 204) }
            return SampleTokenResponse {
                $0.token = "token-\(earlier)"
                $0.imageEndpoints = [.init("eu-demo", "https://image-\(earlier).example")]
            }.fault
        }
        try await fixture.service().delete(imageWithID: Sample.id(1))
        let deletions = fixture.transport.requests.filter { $0.method == "DELETE" }
        #expect(deletions.map(\.url.host) == ["image-0.example", "image-1.example"])
        #expect(deletions.map { $0.header("X-Auth-Token") } == ["token-0", "token-1"])
    }

    @Test("Fails when a renewed token is for another project")
    func renewedForAnotherProject() async throws {
        let fixture = ServiceFixture { request, earlier in
            guard request.method == "POST" else { return .answer(earlier == 0 ? 401 : 204) }
            return SampleTokenResponse { if earlier > 0 { $0.projectID = "0123456789abcdef0123456789abcdef" } }.fault
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == .failed)
        #expect(fixture.transport.count("DELETE") == 1)
    }

    // MARK: Forgetting what is not trusted

    enum Exposure: CaseIterable {
        case groupReadable, hardLink, otherPassword, olderVersion
    }

    @Test("Revokes a token in an untrusted cache", arguments: Exposure.allCases)
    func forget(exposure: Exposure) async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service(tokenCache: cache).signIn()
        var changes: [String: String?] = [:]
        switch exposure {
        case .groupReadable:
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        case .hardLink: try FileManager.default.linkItem(at: file, to: folder.file("other"))
        case .otherPassword: changes = ["OS_PASSWORD": "another"]
        case .olderVersion:
            try rewrite { $0.replacing("delete-image-token-cache/", with: "delete-image-token-cache/0") }
        }
        #expect(try await fixture.service(changes, tokenCache: cache).forgetToken())
        let revocation = try #require(fixture.transport.requests.last)
        #expect(revocation.line == "DELETE /v3/auth/tokens")
        #expect(revocation.url.host == "iam.demo.example")
        #expect(revocation.header("X-Subject-Token")?.hasPrefix("MII") == true)
        #expect(!FileManager.default.fileExists(atPath: file.path))
        #expect(fixture.transport.count("POST") == 1)
    }

    @Test("Revokes every exposed token, at the user's own identity service only")
    func forgetAll() async throws {
        // One that cannot be revoked is an error, and no reason to leave the other valid.
        let fixture = ServiceFixture { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .answer(500) : nil
        }
        let other: [String: String?] = ["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_NAME": nil]
        _ = try await fixture.service(tokenCache: cache).signIn()
        _ = try await fixture.service(other, tokenCache: cache).signIn()
        try await plant(["OS_AUTH_URL": "https://elsewhere.example"])
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        let service = try fixture.service(tokenCache: cache, retries: 0)
        await #expect(throws: ImageDeletionError.self) { try await service.forgetToken() }
        let revocations = fixture.transport.requests.filter { $0.method == "DELETE" }
        #expect(revocations.count == 2)
        #expect(revocations.allSatisfy { $0.url.host == "iam.demo.example" })
        #expect(revocations.allSatisfy { $0.header("X-Subject-Token")?.hasPrefix("MII") == true })
    }
}
