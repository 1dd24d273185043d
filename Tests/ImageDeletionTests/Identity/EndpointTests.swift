import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// Where the image service is.
@Suite("Endpoint")
struct EndpointTests {
    typealias Endpoint = SampleTokenResponse.Endpoint

    private func fixture(_ endpoints: [Endpoint], otherTypes: [String] = []) -> ServiceFixture {
        ServiceFixture { request, _ in
            guard request.method == "POST" else { return .answer(204) }
            return SampleTokenResponse {
                $0.imageEndpoints = endpoints
                $0.otherTypes = otherTypes
            }.fault
        }
    }

    /// The address of the deletion that was sent.
    private func address(_ fixture: ServiceFixture, _ changes: [String: String?] = [:]) async throws -> String? {
        try await fixture.service(changes).delete(imageWithID: Sample.id(1))
        let url = fixture.transport.requests.last?.url.absoluteString
        return url.map { $0.replacingOccurrences(of: "/images/\(Sample.id(1))", with: "") }
    }

    private func problem(_ fixture: ServiceFixture, _ changes: [String: String?] = [:]) async throws
        -> ConfigurationProblem?
    {
        do {
            try await fixture.service(changes).delete(imageWithID: Sample.id(1))
            return nil
        } catch {
            guard case .configuration(let problems) = error.reason else { throw error }
            #expect(fixture.transport.count("DELETE") == 0)
            return problems.first
        }
    }

    @Test(
        "Accepts the catalog's address with and without /v2",
        arguments: [
            "https://ims.demo.example", "https://ims.demo.example/", "https://ims.demo.example/v2",
            "https://ims.demo.example/v2/",
        ]
    )
    func version(url: String) async throws {
        #expect(try await address(fixture([Endpoint("eu-demo", url)])) == "https://ims.demo.example/v2")
    }

    @Test("Accepts a path and a port")
    func path() async throws {
        let fixture = fixture([Endpoint("eu-demo", "https://cloud.example:9292/image/")])
        #expect(try await address(fixture) == "https://cloud.example:9292/image/v2")
    }

    static let catalog = [
        Endpoint("east", "https://east-internal.example", interface: "internal"),
        Endpoint("east", "https://east.example"),
        Endpoint("west", "https://west.example", interface: "publicURL"),
        Endpoint("west", "https://west-admin.example", interface: "admin"),
    ]

    @Test(
        "Chooses the endpoint by region and interface",
        arguments: [
            ("east", "", "https://east.example/v2"), ("west", "", "https://west.example/v2"),
            ("west", "public", "https://west.example/v2"), ("east", "internalURL", "https://east-internal.example/v2"),
            ("west", "admin", "https://west-admin.example/v2"), ("", "admin", "https://west-admin.example/v2"),
        ]
    )
    func choice(region: String, interface: String, url: String) async throws {
        let changes = ["OS_REGION_NAME": region, "OS_INTERFACE": interface]
        #expect(try await address(fixture(Self.catalog), changes) == url)
    }

    @Test("Does not guess a region")
    func regionNeeded() async throws {
        let problem = try await problem(fixture(Self.catalog), ["OS_REGION_NAME": nil])
        #expect(problem == .regionNeeded(regions: ["east", "west"]))
    }

    @Test("Lists the available regions or interfaces when one is unknown")
    func noEndpoint() async throws {
        let available = ["east internal", "east public", "west publicURL", "west admin"]
        #expect(
            try await problem(fixture(Self.catalog), ["OS_REGION_NAME": "north"])
                == .noEndpoint(region: "north", interface: "public", available: available)
        )
        #expect(
            try await problem(fixture(Self.catalog), ["OS_REGION_NAME": "east", "OS_INTERFACE": "admin"])
                == .noEndpoint(region: "east", interface: "admin", available: available)
        )
    }

    @Test("Uses an endpoint without a region for every region", arguments: [nil, "*"], ["", "eu-demo"])
    func everywhere(region: String?, wanted: String) async throws {
        let fixture = fixture([Endpoint(region, "https://ims.everywhere.example")])
        #expect(try await address(fixture, ["OS_REGION_NAME": wanted]) == "https://ims.everywhere.example/v2")
    }

    @Test("Prefers the region's own endpoint", arguments: [nil, "*"])
    func ownRegion(region: String?) async throws {
        let fixture = fixture([Endpoint(region, "https://all.example"), Endpoint("eu-demo", "https://own.example")])
        #expect(try await address(fixture) == "https://own.example/v2")
    }

    @Test("Lists the catalog's service types when it has no image service")
    func noImageService() async throws {
        let fixture = fixture([], otherTypes: ["identity", "compute"])
        #expect(try await problem(fixture) == .noImageService(types: ["compute", "identity"]))
    }

    @Test(
        "Sends no token to an unsafe address of the catalog",
        arguments: [
            ("http://ims.demo.example", AddressFault.unencrypted), ("http://127.0.0.1.evil.example", .unencrypted),
            ("ims.demo.example", .malformed), ("ftp://ims.demo.example", .scheme),
            ("https://jo:pw@ims.demo.example", .extraParts), ("https://ims.demo.example/?x", .extraParts),
        ]
    )
    func unsafe(url: String, fault: AddressFault) async throws {
        let fixture = fixture([Endpoint("eu-demo", url)])
        let told = url.replacing("jo:pw", with: "…").replacing("?x", with: "?…")
        #expect(try await problem(fixture) == .address(source: "the catalog", value: told, fault))
    }

    @Test("Accepts http for a loopback address")
    func loopback() async throws {
        #expect(
            try await address(fixture([Endpoint("eu-demo", "http://127.0.0.1:9292")])) == "http://127.0.0.1:9292/v2"
        )
    }

    @Test(
        "Accepts http for any spelling of ::1",
        arguments: ["http://[::1]:5000", "http://[0:0:0:0:0:0:0:1]", "http://[::0001]:5000", "HTTP://LOCALHOST:5000"]
    )
    func loopbackSpellings(url: String) async throws {
        let address = try #require(try await address(fixture([Endpoint("eu-demo", url)])))
        #expect(address.lowercased() == url.lowercased() + "/v2")
    }

    @Test(
        "Rejects http for addresses that only look like loopback",
        arguments: ["http://[::2]", "http://[::]", "http://[fe80::1]", "http://127.0.0.1.example", "http://127.1"]
    )
    func noLoopback(url: String) async throws {
        let problem = try await problem(fixture([Endpoint("eu-demo", url)]))
        #expect(problem == .address(source: "the catalog", value: url, .unencrypted))
    }

    @Test("Accepts http from the catalog when it is allowed")
    func allowsHTTP() async throws {
        let fixture = fixture([Endpoint("eu-demo", "http://ims.demo.example")])
        let service = try ImageService(
            try OpenStackEnvironment(fixture.cloud.environment, allowsHTTP: true),
            connection: ServiceConnection(transport: fixture.transport, clock: fixture.clock.clock)
        )
        #expect(try await service.signIn().endpoint.absoluteString == "http://ims.demo.example/v2")
    }

    @Test("Prefers the endpoint override to the catalog")
    func override() async throws {
        let fixture = fixture(Self.catalog)
        let changes = ["OS_IMAGE_ENDPOINT_OVERRIDE": "https://mine.example/glance/"]
        #expect(try await address(fixture, changes) == "https://mine.example/glance/v2")
    }

    @Test(
        "Derives Open Telekom Cloud's image service from its identity service",
        arguments: [
            ("https://iam.eu-de.otc.t-systems.com/v3", "eu-de", "https://ims.eu-de.otc.t-systems.com/v2"),
            ("https://iam.eu-nl.otc.t-systems.com:443/v3", "", "https://ims.eu-nl.otc.t-systems.com/v2"),
            ("https://IAM.eu-de.OTC.t-systems.com", "eu-de", "https://ims.eu-de.otc.t-systems.com/v2"),
            (
                "https://iam-pub.eu-ch2.sc.otc.t-systems.com/v3", "eu-ch2",
                "https://ims.eu-ch2.sc.otc.t-systems.com/v2"
            ),
        ]
    )
    func openTelekomCloud(authURL: String, region: String, url: String) async throws {
        #expect(try await address(fixture([]), ["OS_AUTH_URL": authURL, "OS_REGION_NAME": region]) == url)
    }

    @Test(
        "Derives no other image service",
        arguments: [
            ("https://iam.eu-de.otc.t-systems.com/v3", "eu-nl"), ("https://iam.example.com/v3", ""),
            ("https://keystone.eu-de.otc.t-systems.com/v3", "eu-de"),
            ("https://iam.eu-de.otc.t-systems.com.evil.example/v3", "eu-de"),
            ("https://iam.eu-de.evilotc.t-systems.com/v3", "eu-de"),
            ("https://iam.eu-west-0.prod-cloud-ocb.orange-business.com/v3", "eu-west-0"),
        ]
    )
    func otherHosts(authURL: String, region: String) async throws {
        let problem = try await problem(fixture([]), ["OS_AUTH_URL": authURL, "OS_REGION_NAME": region])
        #expect(problem == .noImageService(types: []))
    }

    @Test("Prefers the catalog to the derived address")
    func catalogFirst() async throws {
        let changes = ["OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3", "OS_REGION_NAME": "eu-de"]
        let fixture = fixture([Endpoint("eu-de", "https://ims-private.eu-de.otc.t-systems.com")])
        #expect(try await address(fixture, changes) == "https://ims-private.eu-de.otc.t-systems.com/v2")
    }
}
