import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// Requests that are signed with an access key.
@Suite("Access keys", .timeLimit(.minutes(10)))
struct AccessKeyTests {
    // MARK: What is sent

    @Test("A deletion is one request if the settings say where and whose")
    func oneRequest() async throws {
        let fixture = SignedBench()
        let image = ["OS_IMAGE_ENDPOINT_OVERRIDE": fixture.cloud.imageURL.absoluteString, "OS_AUTH_URL": nil]
        try await fixture.service(image).delete(imageWithID: Sample.id(1))
        #expect(fixture.lines == ["DELETE /v2/images/\(Sample.id(1))"])
        let request = try #require(fixture.transport.requests.first)
        #expect(request.header("X-Project-Id") == DemoImage.projectID)
        #expect(request.header("X-Security-Token") == nil)
        #expect(request.header("X-Auth-Token") == nil)
        #expect(await fixture.cloud.currentImages.count == 4)
    }

    @Test("A temporary key's security token goes with each request")
    func securityToken() async throws {
        let fixture = SignedBench()
        let service = try fixture.service([
            "OS_SECURITY_TOKEN": "temporary", "OS_PROJECT_ID": nil, "OS_PROJECT_NAME": "ci",
        ])
        try await service.delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.requests.count == 3)
        #expect(fixture.transport.requests.allSatisfy { $0.header("X-Security-Token") == "temporary" })
    }

    @Test("On Open Telekom Cloud, the image service's address follows from the identity service's")
    func derivedEndpoint() async throws {
        let fixture = SignedBench { _, _ in .answer(204) }
        let service = try fixture.service([
            "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com:443/v3", "OS_REGION_NAME": nil,
        ])
        try await service.delete(imageWithID: Sample.id(1))
        let addresses = fixture.transport.requests.map(\.url.absoluteString)
        #expect(addresses == ["https://ims.eu-de.otc.t-systems.com/v2/images/\(Sample.id(1))"])
    }

    @Test("A retry is signed anew")
    func retry() async throws {
        let fixture = SignedBench { _, earlier in earlier < 2 ? .answer(503, headers: ["Retry-After": "1"]) : nil }
        let image = ["OS_IMAGE_ENDPOINT_OVERRIDE": fixture.cloud.imageURL.absoluteString]
        try await fixture.service(image).delete(imageWithID: Sample.id(1))
        let requests = fixture.transport.requests
        #expect(requests.count == 3)
        #expect(Set(requests.map { $0.header("X-Sdk-Date") }).count == 3)
        #expect(Set(requests.map { $0.header("Authorization") }).count == 3)
    }

    @Test("Plans, safeguards and protection work as with a token")
    func everything() async throws {
        var images = Sample.images(3)
        images[0].isProtected = true
        images[1].usedBy = "web"
        let fixture = SignedBench(images: images)
        let service = try fixture.service()
        var options = DeletionOptions(safeguards: [.inUse])
        options.liftsProtection = true
        let ids = try (1...3).map { number throws(ImageDeletionError) in try ImageID(Sample.id(number)) }
        let outcomes = try await service.delete(service.plan(.images(ids), options: options), options: options)
        #expect(outcomes.map { $0.result == .deleted } == [true, false, true])
        #expect(fixture.lines.contains("PATCH /v2/images/\(Sample.id(1))"))
        #expect(fixture.lines.count { $0 == "GET /v3/auth/catalog" } == 1)
    }

    @Test("Without a catalog, what a safeguard guards is kept")
    func noCatalog() async throws {
        let fixture = SignedBench { request, _ in request.line == "GET /v3/auth/catalog" ? .answer(403) : nil }
        let image = ["OS_IMAGE_ENDPOINT_OVERRIDE": fixture.cloud.imageURL.absoluteString]
        let service = try fixture.service(image)
        let options = DeletionOptions(safeguards: [.inUse])
        let plan = try await service.plan(.images([ImageID(Sample.id(1))]), options: options)
        #expect(await service.delete(plan, options: options).map { $0.result == .deleted } == [false])
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Nothing is written to the token cache, and there is nothing to forget")
    func noCache() async throws {
        let folder = try TemporaryFolder()
        let fixture = SignedBench()
        let service = try fixture.service(tokenCache: .file(folder.file("token-cache.json")))
        try await service.delete(imageWithID: Sample.id(1))
        #expect(try await !service.forgetToken())
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    // MARK: The project

    @Test("The project is looked up by name, once for all")
    func projectByName() async throws {
        let fixture = SignedBench(projects: [("p0", "other"), (DemoImage.projectID, "ci"), ("p2", "CI")])
        let service = try fixture.service(["OS_PROJECT_ID": nil, "OS_PROJECT_NAME": "ci"])
        async let one = service.signIn()
        async let other = service.signIn()
        #expect(try await [one, other].map { $0.project?.id } == [DemoImage.projectID, DemoImage.projectID])
        try await service.delete(imageWithID: Sample.id(1))
        #expect(fixture.lines.count { $0 == "GET /v3/projects" } == 1)
        let lookup = try #require(fixture.transport.requests.first)
        #expect(lookup.url.query == "name=ci")
        #expect(lookup.header("X-Project-Id") == nil)
        #expect(try await service.project().name == "ci")
    }

    @Test("A name that no project or several have deletes nothing", arguments: [("none", 0), ("twice", 2)])
    func ambiguousProject(name: String, count: Int) async throws {
        let fixture = SignedBench(projects: [("p1", "twice"), ("p2", "twice")])
        let problem: ConfigurationProblem =
            count == 0 ? .unknownProject(name: name) : .ambiguousProject(name: name, ids: ["p1", "p2"])
        await #expect(throws: ImageDeletionError.configuration([problem])) {
            try await fixture.service(["OS_PROJECT_ID": nil, "OS_PROJECT_NAME": name]).delete(imageWithID: Sample.id(1))
        }
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("An account that may not look up projects is told to name the ID")
    func lookupDenied() async throws {
        let fixture = SignedBench { _, _ in .answer(403, body: #"{"error":{"code":403,"message":"not authorized"}}"#) }
        do {
            _ = try await fixture.service(["OS_PROJECT_ID": nil, "OS_PROJECT_NAME": "ci"]).signIn()
            Issue.record("there is no project")
        } catch {
            #expect(error.code == .configuration)
            #expect(error.description.contains("Set OS_PROJECT_ID"))
        }
    }
}
