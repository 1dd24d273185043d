import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Looking up many images")
struct ImageLookupTests {
    private let ids = (1...50).compactMap { try? ImageID(Sample.id($0)) }
    private var options: DeletionOptions {
        var options = DeletionOptions()
        options.concurrency = 2
        return options
    }

    @Test("Reports a common failure for all images after one request per concurrent lookup")
    func whole() async throws {
        let fixture = ServiceFixture(images: Sample.images(50)) { request, _ in
            request.method == "GET" ? .answer(401, headers: ["X-Request-Id": "req-1"]) : nil
        }
        let service = try fixture.service()
        let entries = try await service.plan(.images(ids), options: options).entries
        #expect(entries.map(\.id) == ids)
        #expect(entries.allSatisfy { $0.image == nil })
        #expect(fixture.transport.count("GET") <= 8)
        // Who was not asked about has no request that anybody could be asked about.
        guard case .unseen(let cause)? = entries.last?.action else { return #expect(Bool(false)) }
        let last = try #require(cause.serviceError)
        #expect(last.requestID == nil)
        #expect(fixture.transport.count("POST") <= 4)
    }

    @Test("Reports a common failure to list members for all images")
    func members() async throws {
        let images = Sample.images(50).map { image in
            var image = image
            image.visibility = "shared"
            return image
        }
        let fixture = ServiceFixture(images: images) { request, _ in
            request.url.path.hasSuffix("/members") ? .error(TransportError(.unreachable, "refused")) : nil
        }
        let service = try fixture.service(retries: 0)
        var options = options
        options.safeguards = [.shared]
        #expect(try await service.plan(.images(ids), options: options).deletions.isEmpty)
        #expect(fixture.transport.requests.count { $0.url.path.hasSuffix("/members") } <= 4)
    }

    @Test("Reports a failure of one image only for that image")
    func own() async throws {
        let fixture = ServiceFixture(images: Sample.images(49)) { request, _ in
            request.url.path.hasSuffix(Sample.id(7)) ? .answer(403) : nil
        }
        let plan = try await fixture.service().plan(.images(ids), options: options)
        #expect(plan.entries.count { $0.image == nil } == 2)
    }

    @Test("Reports no image as missing after an identity service's error")
    func otherService() async throws {
        let fixture = ServiceFixture(images: Sample.images(1)) { request, earlier in
            switch (request.method, earlier) {
            case ("GET", _): .answer(401)
            case ("POST", 1):
                .answer(401, body: #"{"error":{"message":"The image does not exist.","code":"IMG.0144"}}"#)
            default: nil
            }
        }
        let plan = try await fixture.service().plan(.images([ids[0]]))
        #expect(plan.preview.map(\.result) == [.failed])
    }
}
