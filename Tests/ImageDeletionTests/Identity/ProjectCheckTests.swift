import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// Whatever names a project must name the one that the token is for.
@Suite("Project check")
struct ProjectCheckTests {
    private static let token: [String: String?] = [
        "OS_TOKEN": "from-elsewhere", "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example", "OS_PROJECT_NAME": nil,
        "OS_PASSWORD": nil,
    ]
    private static let applicationCredential: [String: String?] = [
        "OS_APPLICATION_CREDENTIAL_ID": "a", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil,
        "OS_PROJECT_NAME": nil,
    ]
    private static let password: [String: String?] = ["OS_PROJECT_ID": DemoImage.projectID]

    private func fixture() -> ServiceFixture {
        ServiceFixture { request, _ in
            switch request.line {
            case "POST /v3/auth/tokens": SampleTokenResponse().fault
            case "GET /v3/auth/tokens": SampleTokenResponse { $0.status = 200 }.fault
            default: .answer(204)
            }
        }
    }

    /// The settings, and whether they fit project `ci` of domain `Default`.
    static let cases: [([String: String?], [String: String], Bool)] =
        [token, applicationCredential, password].flatMap {
            base in
            [
                ([:], true), (["OS_PROJECT_NAME": "ci"], true), (["OS_PROJECT_NAME": "production"], false),
                (["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_NAME": "ci"], true),
                (["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_NAME": "production"], false),
                (
                    [
                        "OS_TENANT_ID": DemoImage.projectID, "OS_TENANT_NAME": "production",
                        "OS_PROJECT_NAME": "production",
                    ], false
                ),
                (["OS_PROJECT_ID": "0123456789abcdef0123456789abcdef"], false),
                (["OS_PROJECT_ID": "0123456789abcdef0123456789abcdef", "OS_PROJECT_NAME": "ci"], false),
                (["OS_PROJECT_DOMAIN_NAME": "Default", "OS_PROJECT_NAME": "ci"], true),
                (["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_DOMAIN_NAME": "Other"], false),
                (["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_DOMAIN_ID": "other"], false),
                (["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_DOMAIN_ID": "default"], true),
            ].map { (base, $0.0, $0.1) }
        } + [
            (token, ["OS_PROJECT_DOMAIN_NAME": "Other"], false), (token, ["OS_PROJECT_DOMAIN_ID": "default"], true),
            (token, ["OS_PROJECT_NAME": "ci", "OS_PROJECT_DOMAIN_NAME": "Other"], false),
            (applicationCredential, ["OS_PROJECT_NAME": "ci", "OS_PROJECT_DOMAIN_NAME": "Other"], false),
        ]

    @Test("Deletes nothing in another project than the one that is named", arguments: cases.indices)
    func check(index: Int) async throws {
        let (base, changes, fits) = Self.cases[index]
        let fixture = fixture()
        let variables = base.merging(changes.mapValues(Optional.some)) { $1 }
        let deletion: Result<Void, ImageDeletionError>
        do throws(ImageDeletionError) {
            deletion = .success(try await fixture.service(variables).delete(imageWithID: Sample.id(1)))
        } catch {
            deletion = .failure(error)
        }
        switch deletion {
        case .success: #expect(fits)
        case .failure(let error):
            #expect(error.code == .configuration)
            #expect(!fits)
        }
        #expect(fixture.transport.count("DELETE") == (fits ? 1 : 0))
    }

    @Test("Checks the project of a cached token")
    func cached() async throws {
        let folder = try TemporaryFolder()
        let cache = TokenCache.file(folder.file("token-cache.json"))
        let fixture = fixture()
        try await fixture.service(Self.password, tokenCache: cache).delete(imageWithID: Sample.id(1))
        await #expect(throws: ImageDeletionError.self) {
            let changes = Self.password.merging(["OS_PROJECT_NAME": "production"]) { $1 }
            try await fixture.service(changes, tokenCache: cache).delete(imageWithID: Sample.id(1))
        }
        #expect(fixture.transport.count("DELETE") == 1)
    }

    @Test("Fails and names OS_AUTH_URL when a token's project cannot be checked")
    func unknown() throws {
        #expect(throws: ImageDeletionError.configuration([.missing(["OS_AUTH_URL"])])) {
            try ServiceFixture().service(Self.token.merging(["OS_PROJECT_NAME": "ci", "OS_AUTH_URL": nil]) { $1 })
        }
    }

    @Test("Does not look up a token when no project is named")
    func unnamed() async throws {
        let fixture = fixture()
        try await fixture.service(Self.token).delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.requests.map(\.method) == ["DELETE"])
    }
}
