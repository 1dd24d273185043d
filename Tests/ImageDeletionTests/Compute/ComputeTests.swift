import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Images in use")
struct ComputeTests {
    static let nova = "https://nova.demo.example/v2.1"
    static let ecs = "https://ecs.demo.example/v1/70c77dc6bbfa40dbb5f00e6705972d6f"

    /// A cloud whose catalog has these services, and which answers their paths so.
    func fixture(
        services: [String: String] = ["compute": nova],
        _ answer: @escaping @Sendable (SentRequest, Int) -> FaultyTransport.Fault? = { _, _ in nil }
    ) -> ServiceFixture {
        let asked = Locked(0)
        return ServiceFixture { request, _ in
            if request.line == "POST /v3/auth/tokens" {
                var types = services
                types["image"] = "https://ims.demo.example"
                let catalog = types.map { type, url in
                    #"{"type":"\#(type)","endpoints":[{"interface":"public","region_id":"eu-demo","url":"\#(url)"}]}"#
                }.joined(separator: ",")
                return .answer(
                    201,
                    headers: ["X-Subject-Token": "secret"],
                    body: """
                        {"token":{"expires_at":"2999-01-01T00:00:00Z","project":{"id":"\(DemoImage.projectID)",\
                        "name":"ci"},"catalog":[\(catalog)]}}
                        """
                )
            }
            guard request.url.host != "ims.demo.example" else { return nil }
            let number = asked.withLock { count in
                defer { count += 1 }
                return count
            }
            return answer(request, number)
        }
    }

    static func servers(_ servers: [(name: String, image: Int?)], more: String = "") -> String {
        let list = servers.map { name, image in
            let image = image.map { #"{"id":"\#(Sample.id($0))"}"# } ?? "\"\""
            let state = #""status":"ACTIVE","os-extended-volumes:volumes_attached":[]"#
            return #"{"id":"id-of-\#(name)","name":"\#(name)","image":\#(image),\#(state)}"#
        }
        return #"{"servers":[\#(list.joined(separator: ","))]\#(more)}"#
    }

    /// What the safeguard makes of a plan to delete images 1 to `count`.
    func reasons(
        _ fixture: ServiceFixture,
        _ count: Int = 3,
        safeguards: Set<Safeguard> = [.inUse],
        change: (inout Image) -> Void = { _ in }
    ) async throws -> [KeepReason?] {
        let images = try (1...count).map { number in
            var image = try Image.sample(number)
            change(&image)
            return image
        }
        let service = try fixture.service(retries: 0, showing: Locked(images))
        let options = DeletionOptions(safeguards: safeguards) { _ in [:] }
        return try await service.plan(.images(images.map(\.id)), options: options).entries.map { entry in
            if case .keep(let reason) = entry.action { reason } else { nil }
        }
    }

    func computeRequests(_ fixture: ServiceFixture) -> [SentRequest] {
        fixture.transport.requests.filter { $0.url.host != "ims.demo.example" && $0.method == "GET" }
    }

    @Test("Keeps an image that servers use, with each server's name once")
    func inUse() async throws {
        let fixture = fixture { _, number in
            let servers = [("web-1", 1), ("boots-from-volume", nil), ("web-2", 1), ("web-1", 1)]
            return .answer(200, body: Self.servers(number == 0 ? servers : []))
        }
        #expect(try await reasons(fixture) == [.inUse(by: ["web-1", "web-2"]), nil, nil])
        let request = try #require(computeRequests(fixture).first)
        #expect(request.url.absoluteString == Self.nova + "/servers/detail?limit=1000")
        #expect(request.header("X-Auth-Token") == "secret")
    }

    @Test("Reads one list for all images", arguments: [1, 3, 40])
    func oneList(count: Int) async throws {
        let fixture = fixture { _, number in .answer(200, body: Self.servers(number == 0 ? [("web-1", 1)] : [])) }
        _ = try await reasons(fixture, count)
        #expect(computeRequests(fixture).count == 2, "one page, and one with nothing in it")
    }

    @Test(
        "Fails when the list of servers does not end",
        arguments: Sampling.of([(0, "compute"), (50_000, "compute"), (0, "ecs"), (50_000, "ecs")], 1)
    )
    func invented(others: Int, service: String) async throws {
        let many = (0..<others).map { #"{"id":"\#($0)"},"# }.joined()
        let fixture = fixture(services: [service: Self.nova]) { _, number in
            .answer(200, body: #"{"servers":[\#(many){"id":"last-\#(number)"}]}"#)
        }
        guard case .unknown(_, let cause)? = try await reasons(fixture, 1).first ?? nil, let error = cause.serviceError
        else {
            Issue.record("the image is not kept")
            return
        }
        #expect(error.message == "the list of servers does not end")
        #expect(computeRequests(fixture).count <= (others == 0 ? 1000 : 4))
    }

    @Test("Sends no request when nothing is guarded")
    func unguarded() async throws {
        let fixture = fixture { _, _ in .answer(200, body: Self.servers([("web-1", 1)])) }
        #expect(try await reasons(fixture, safeguards: [.referenced]) == [nil, nil, nil])
        #expect(computeRequests(fixture).isEmpty)
    }

    @Test("Reads the list of servers until a page is empty")
    func pages() async throws {
        let full = (1...1000).map { ("s-\($0)", Int?.none) }
        let fixture = fixture { request, _ in
            switch request.url.query ?? "" {
            case "limit=1000":
                .answer(
                    200,
                    body: Self.servers([("web-1", 1)], more: #","servers_links":[{"rel":"next","href":"https://x"}]"#)
                )
            case "limit=1000&marker=id-of-web-1": .answer(200, body: Self.servers(full))
            case "limit=1000&marker=id-of-s-1000": .answer(200, body: Self.servers([("web-2", 2)]))
            case "limit=1000&marker=id-of-web-2": .answer(200, body: Self.servers([("web-3", 3)]))
            case "limit=1000&marker=id-of-web-3": .answer(200, body: Self.servers([]))
            default: .answer(400)
            }
        }
        #expect(try await reasons(fixture) == [.inUse(by: ["web-1"]), .inUse(by: ["web-2"]), .inUse(by: ["web-3"])])
        #expect(computeRequests(fixture).allSatisfy { $0.url.host == "nova.demo.example" })
    }

    @Test("Reads Open Telekom Cloud's own list of servers")
    func elasticCloudServers() async throws {
        let fixture = fixture(services: ["compute": Self.nova, "ecs": Self.ecs]) { request, _ in
            if request.url.host == "nova.demo.example" {
                let isFirst = request.url.query == "limit=1000"
                return .answer(200, body: Self.servers(isFirst ? [("web-1", 1)] : []))
            }
            guard request.url.path.hasSuffix("/cloudservers/detail") else { return .answer(404) }
            let metered =
                #"{"id":"2","name":"web-2","image":{"id":""},"metadata":{"n":1,"metering.image_id":"\#(Sample.id(2))"}}"#
            let pages = [
                "offset=1&limit=1000": #"{"count":2,"servers":[\#(metered)]}"#,
                "offset=2&limit=1000":
                    #"{"count":2,"servers":[{"id":"3","name":"","image":{"id":"\#(Sample.id(3))"}}]}"#,
                // A server that vanished between two pages moved another out of the way: the sum is no end.
                "offset=3&limit=1000":
                    #"{"count":2,"servers":[{"id":"4","name":"web-4","image":{"id":"\#(Sample.id(4))"}}]}"#,
                "offset=4&limit=1000": #"{"count":2,"servers":[]}"#,
            ]
            return pages[request.url.query ?? ""].map { .answer(200, body: $0) } ?? .answer(400)
        }
        #expect(
            try await reasons(fixture, 5) == [
                .inUse(by: ["web-1"]), .inUse(by: ["web-2"]), .inUse(by: ["3"]), .inUse(by: ["web-4"]), nil,
            ]
        )
    }

    @Test("Keeps every image when servers cannot be listed", arguments: [401, 403, 404, 429, 500, 302])
    func refused(status: Int) async throws {
        for ecs in [false, true] {
            let services = ecs ? ["compute": Self.nova, "ecs": Self.ecs] : ["compute": Self.nova]
            let fixture = fixture(services: services) { request, _ in
                // With two services one answer is not enough.
                ecs && request.url.host == "nova.demo.example" ? .answer(200, body: Self.servers([])) : .answer(status)
            }
            for reason in try await reasons(fixture) {
                guard case .unknown(.inUse, let cause)? = reason else { throw Unexpected(reason) }
                let error = try #require(cause.serviceError)
                #expect(error.service == .compute)
                #expect(error.status == status)
            }
        }
    }

    @Test(
        "Keeps every image when a list of servers is malformed",
        arguments: [
            "", "{}", #"{"servers":{}}"#, #"{"servers":[{}]}"#, "<html>", #"{"servers":[{"id":"1","image":"debian"}]}"#,
            #"{"servers":[{"id":"1","image":{"links":[]}}]}"#, #"{"servers":[{"id":"1","image":{"id":"debian"}}]}"#,
            #"{"servers":[{"id":"1","image":7}]}"#, #"{"servers":[{"id":"1","metadata":{"metering.image_id":7}}]}"#,
        ]
    )
    func senseless(body: String) async throws {
        let fixture = fixture { _, number in .answer(200, body: number == 0 ? body : Self.servers([])) }
        for reason in try await reasons(fixture) {
            guard case .unknown(.inUse, let error)? = reason else { throw Unexpected(reason) }
            #expect(error.code == .service)
        }
        #expect(computeRequests(fixture).count == 1)
    }

    @Test("Keeps every image when the list of servers does not end")
    func endless() async throws {
        let fixture = fixture { _, _ in .answer(200, body: Self.servers([("a", 1)])) }
        for reason in try await reasons(fixture) {
            guard case .unknown(.inUse, let error)? = reason else { throw Unexpected(reason) }
            #expect(error.code == .service)
        }
        #expect(computeRequests(fixture).count == 2)
    }

    @Test("Keeps every image when the catalog has no compute service or an unencrypted one")
    func noService() async throws {
        for services in [[:], ["compute": "http://nova.demo.example"], ["compute": "nonsense"]] {
            let fixture = fixture(services: services) { _, _ in .answer(200, body: Self.servers([])) }
            for reason in try await reasons(fixture) {
                guard case .unknown(.inUse, let error)? = reason else { throw Unexpected(reason) }
                #expect(error.code == .configuration)
            }
            #expect(computeRequests(fixture).isEmpty)
        }
    }

    struct Unexpected: Error {
        init(_ reason: KeepReason?) { Issue.record("\(String(describing: reason))") }
    }
}
