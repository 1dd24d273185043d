import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// When a 404 says that an image does not exist, and when it says something else.
@Suite("Not found")
struct NotFoundTests {
    private static let token: [String: String?] = [
        "OS_TOKEN": "from-elsewhere", "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example", "OS_PROJECT_NAME": nil,
    ]

    /// A cloud whose image service answers 404 to everything about an image, and whose identity service describes
    /// tokens as for `project`.
    private func fixture(project: String?, list: Int = 200) -> ServiceFixture {
        ServiceFixture { request, _ in
            switch (request.method, request.url.path) {
            case ("GET", "/v3/auth/tokens"):
                SampleTokenResponse {
                    $0.status = 200
                    $0.projectID = project
                }.fault
            case (_, "/v2/images"): .answer(list, body: #"{"images": []}"#)
            default: request.url.host == "ims.demo.example" ? .answer(404) : nil
            }
        }
    }

    private func outcomes(_ fixture: ServiceFixture, _ changes: [String: String?]) async throws -> [Outcome] {
        try await fixture.delete([Sample.id(1), Sample.id(2), Sample.id(3)], with: fixture.service(changes))
    }

    @Test("Fails on a 404 without a project instead of reporting a missing image")
    func unscoped() async throws {
        let fixture = fixture(project: nil)
        let outcomes = try await outcomes(fixture, Self.token)
        #expect(outcomes.map(\.result) == [.failed, .pending, .pending])
        #expect(outcomes[0].error?.affectsEveryImage == true)
        #expect(fixture.transport.requests.map(\.line).filter { $0.contains("auth/tokens") } == ["GET /v3/auth/tokens"])
    }

    @Test("Reports no missing image when the token cannot be looked up")
    func unknown() async throws {
        let fixture = fixture(project: nil)
        let outcomes = try await outcomes(fixture, Self.token.merging(["OS_AUTH_URL": nil]) { $1 })
        #expect(outcomes.map(\.result) == [.failed, .pending, .pending])
    }

    @Test("Fails a lookup with a token without a project")
    func look() async throws {
        let fixture = fixture(project: nil)
        let service = try fixture.service(Self.token)
        let ids = try (1...2).map { try ImageID(Sample.id($0)) }
        for entry in try await service.plan(.images(ids)).entries {
            guard case .unseen(let error) = entry.action else {
                Issue.record("seen")
                continue
            }
            #expect(error.affectsEveryImage)
        }
    }

    @Test("Reports a missing image after one lookup of the token's project")
    func scoped() async throws {
        let fixture = fixture(project: DemoImage.projectID)
        #expect(try await outcomes(fixture, Self.token).map(\.result) == [.missing, .missing, .missing])
        #expect(fixture.transport.requests.filter { $0.url.path == "/v3/auth/tokens" }.count == 1)
        // One more request shows that an image service v2 answers there.
        #expect(fixture.transport.requests.filter { $0.url.path == "/v2/images" }.count == 1)
    }

    @Test("Reports no deletion after a lost response when every image gets a 404")
    func lost() async throws {
        let lost = Locked(false)
        let fixture = ServiceFixture { request, earlier in
            if request.method == "DELETE", earlier == 0 {
                lost.withLock { $0 = true }
                return .error(TransportError(.connectionLost, "reset"))
            }
            if request.method == "DELETE" { return .answer(404) }
            return SampleTokenResponse {
                $0.status = 200
                $0.projectID = nil
            }.fault
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)], with: fixture.service(Self.token)).first)
        #expect(lost.value)
        #expect(outcome.result == .failed)
    }

    @Test(
        "Reports a wrong address instead of a missing image",
        arguments: [
            "https://ims.demo.example/v2/images", "https://ims.demo.example/v2/\(DemoImage.projectID)",
            "https://ims.demo.example/glance", "https://ims.demo.example/v3",
        ]
    )
    func address(override: String) async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(["OS_IMAGE_ENDPOINT_OVERRIDE": override])
        let outcomes = try await fixture.delete([Sample.id(1), Sample.id(2)], with: service)
        #expect(outcomes.map(\.result) == [.failed, .pending])
        guard outcomes[0].error?.code == .configuration else {
            Issue.record("\(String(describing: outcomes[0].error))")
            return
        }
        #expect(await fixture.remaining().count == 5)
    }

    @Test("Reports a wrong address when the list is not found")
    func list() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(["OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example/v2/images"])
        do {
            _ = try await service.images(ImageQuery(owner: DemoImage.projectID))
            Issue.record("a list")
        } catch {
            #expect(error.code == .configuration)
        }
    }

    @Test(
        "Accepts version suffixes of an image endpoint",
        arguments: ["", "/", "/v1", "/v1/", "/v1.1", "/v2", "/v2/", "/v2.0", "/v2.9/"]
    )
    func suffix(_ suffix: String) async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(["OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example" + suffix])
        try await service.delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.requests.last?.url.path == "/v2/images/\(Sample.id(1))")
    }

    @Test("Prefers the image endpoint of version 2 in a region", arguments: [0, 1, 2])
    func several(first: Int) async throws {
        let endpoints: [SampleTokenResponse.Endpoint] = [
            .init("eu-demo", "https://ims.demo.example/image/v1"),
            .init("eu-demo", "https://ims.demo.example/image/v2"),
            .init("eu-demo", "https://ims.demo.example/other"),
        ]
        let fixture = ServiceFixture { request, _ in
            guard request.method == "POST" else { return .answer(204) }
            return SampleTokenResponse { $0.imageEndpoints = Array(endpoints[first...] + endpoints[..<first]) }.fault
        }
        try await fixture.service().delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.requests.last?.url.path == "/image/v2/images/\(Sample.id(1))")
    }

    @Test("Sends no further request for a missing image after reading a list")
    func proved() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service()
        _ = try await service.images(ImageQuery(owner: DemoImage.projectID))
        let before = fixture.transport.requests.count
        #expect(try await fixture.delete([Sample.id(99)], with: service).map(\.result) == [.missing])
        #expect(fixture.transport.requests.count == before + 1)
    }

    @Test("Reports missing images to an account that must not list images")
    func noList() async throws {
        let fixture = fixture(project: DemoImage.projectID, list: 403)
        #expect(try await outcomes(fixture, Self.token).map(\.result) == [.missing, .missing, .missing])
    }

    @Test("Reports no missing image until the service is confirmed")
    func unavailable() async throws {
        let fixture = fixture(project: DemoImage.projectID, list: 500)
        let service = try fixture.service(Self.token, retries: 0)
        let outcome = try #require(try await fixture.delete([Sample.id(1)], with: service).first)
        #expect(outcome.result == .failed)
        #expect(outcome.status == 500)
    }
}
