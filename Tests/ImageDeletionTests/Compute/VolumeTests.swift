import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// Servers whose list does not name the image that they live on.
extension ComputeTests {
    private static let cinder = "https://cinder.demo.example/v3/70c77dc6bbfa40dbb5f00e6705972d6f"

    /// One page of a list, and an empty one after it.
    private static func pages(_ list: String, _ items: [String], _ request: SentRequest) -> FaultyTransport.Fault {
        let isLast = request.url.query?.contains("marker=") == true
        return .answer(200, body: #"{"\#(list)":[\#(isLast ? "" : items.joined(separator: ","))]}"#)
    }

    /// A cloud with these servers and volumes.
    private func fixture(
        servers: [String],
        volumes: [String],
        type: String = "volumev3",
        ecs: [String]? = nil
    ) -> ServiceFixture {
        var services = ["compute": Self.nova, type: Self.cinder]
        if ecs != nil { services["ecs"] = Self.ecs }
        return fixture(services: services) { request, _ in
            switch request.url.host {
            case "nova.demo.example": Self.pages("servers", servers, request)
            case "cinder.demo.example": Self.pages("volumes", volumes, request)
            default:
                .answer(
                    200,
                    body: #"{"servers":[\#(request.url.query == "offset=1&limit=1000" ? (ecs ?? []).joined() : "")]}"#
                )
            }
        }
    }

    /// A server without an image, with these volumes; nil for one that does not list any.
    private static func server(_ name: String, volumes: [String]?, status: String = "ACTIVE", more: String = "")
        -> String
    {
        let attached = volumes.map { $0.map { #"{"id":"\#($0)"}"# }.joined(separator: ",") }
        let list = attached.map { #","os-extended-volumes:volumes_attached":[\#($0)]"# } ?? ""
        return #"{"id":"id-of-\#(name)","name":"\#(name)","image":"","status":"\#(status)"\#(list)\#(more)}"#
    }

    private static func volume(_ id: String, image: Int? = nil, snapshot: String? = nil) -> String {
        let metadata = image.map { #","volume_image_metadata":{"image_id":"\#(Sample.id($0))","os_type":"linux"}"# }
        let snapshot = snapshot.map { #""\#($0)""# } ?? "null"
        return #"{"id":"\#(id)","snapshot_id":\#(snapshot),"attachments":[]\#(metadata ?? "")}"#
    }

    private func expectUnknown(
        _ reasons: [KeepReason?],
        _ isExpected: (ImageDeletionError) -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for reason in reasons {
            guard case .unknown(.inUse, let error)? = reason else { throw Unexpected(reason) }
            #expect(isExpected(error), "\(error)", sourceLocation: sourceLocation)
        }
    }

    @Test(
        "Keeps the image of a volume that a server boots from",
        arguments: ["volumev3", "block-storage", "volume"]
    )
    func volume(type: String) async throws {
        let fixture = fixture(
            servers: [Self.server("web-1", volumes: ["v1", "v2"]), Self.server("web-2", volumes: ["v3"])],
            volumes: [Self.volume("v1"), Self.volume("v2", image: 2), Self.volume("v3", image: 2)]
                + [Self.volume("detached", image: 3)],
            type: type
        )
        #expect(try await reasons(fixture) == [nil, .inUse(by: ["web-1", "web-2"]), nil])
        let requests = computeRequests(fixture).filter { $0.url.host == "cinder.demo.example" }
        #expect(
            requests.map(\.url.absoluteString) == [
                Self.cinder + "/volumes/detail?limit=1000", Self.cinder + "/volumes/detail?limit=1000&marker=detached",
            ]
        )
        #expect(requests[0].header("X-Auth-Token") == "secret")
    }

    @Test("Lists volumes only if a server has no image in either list")
    func notNeeded() async throws {
        let metered = #"{"id":"id-of-web-1","name":"web-1","metadata":{"metering.image_id":"\#(Sample.id(2))"}}"#
        let fixture = fixture(servers: [Self.server("web-1", volumes: ["v1"])], volumes: [], ecs: [metered])
        #expect(try await reasons(fixture) == [nil, .inUse(by: ["web-1"]), nil])
        #expect(computeRequests(fixture).allSatisfy { $0.url.host != "cinder.demo.example" })
    }

    @Test("Keeps every image when a server's volumes are unknown")
    func notListed() async throws {
        let servers = [
            Self.server("web-1", volumes: ["gone"]), Self.server("web-1", volumes: nil),
            Self.server("web-1", volumes: [], status: "BUILD"),
        ]
        for server in servers {
            let fixture = fixture(servers: [server], volumes: [Self.volume("v1")])
            try expectUnknown(try await reasons(fixture)) { error in
                guard let error = error.serviceError else { return false }
                return error.kind == .unexpected && error.message?.contains("web-1") == true
            }
        }
        let unfinished = fixture(
            servers: [Self.server("web-1", volumes: ["v1"], status: "BUILD")],
            volumes: [#"{"id":"v1","status":"downloading"}"#]
        )
        try expectUnknown(try await reasons(unfinished)) { _ in true }
        let diskless = fixture(servers: [Self.server("web-1", volumes: [])], volumes: [])
        #expect(try await reasons(diskless) == [nil, nil, nil])
    }

    @Test("Keeps every image when volumes cannot be listed", arguments: [401, 403, 404, 500, 0])
    func volumesRefused(status: Int) async throws {
        let services = ["compute": Self.nova].merging(status == 0 ? [:] : ["volumev3": Self.cinder]) { $1 }
        let fixture = fixture(services: services) { request, _ in
            request.url.host == "nova.demo.example"
                ? Self.pages("servers", [Self.server("web-1", volumes: ["v1"])], request) : .answer(status)
        }
        try expectUnknown(try await reasons(fixture)) { error in
            switch error.reason {
            case .configuration(let problems): status == 0 && problems == [.noVolumeService]
            case .service(let error): error.service == .volume && error.status == status
            default: false
            }
        }
    }

    @Test(
        "Keeps every image when the list of volumes is malformed or does not end",
        arguments: [
            "{}", #"{"volumes":[{}]}"#, #"{"volumes":[{"id":"v1","volume_image_metadata":"debian"}]}"#,
            #"{"volumes":[{"id":"v1","volume_image_metadata":{"image_id":"debian"}}]}"#, #"{"volumes":[{"id":"v1"}]}"#,
        ]
    )
    func senselessVolumes(body: String) async throws {
        let fixture = fixture(services: ["compute": Self.nova, "volumev3": Self.cinder]) { request, _ in
            request.url.host == "nova.demo.example"
                ? Self.pages("servers", [Self.server("web-1", volumes: ["v1"])], request) : .answer(200, body: body)
        }
        try expectUnknown(try await reasons(fixture)) { error in
            guard let error = error.serviceError else { return false }
            return error.service == .volume && error.kind == .unexpected
        }
    }

    @Test("Counts a server in any state", arguments: ["ERROR", "DELETED", "SOFT_DELETED", "RESCUE", "UNKNOWN"])
    func states(status: String) async throws {
        let server = #"{"id":"1","name":"web-1","status":"\#(status)","image":{"id":"\#(Sample.id(2))"}}"#
        let fixture = fixture(servers: [server], volumes: [])
        #expect(try await reasons(fixture) == [nil, .inUse(by: ["web-1"]), nil])
    }

    @Test(
        "Keeps the snapshot of a shelved server, but not of a server with a disk",
        arguments: [
            ("SHELVED", true), ("SHELVED_OFFLOADED", true), ("ERROR", true), ("SOFT_DELETED", true), ("ACTIVE", false),
            ("SHUTOFF", false),
        ]
    )
    func shelved(status: String, isKept: Bool) async throws {
        let origin = #"{"id":"\#(Sample.id(9))"}"#
        let server = #"{"id":"s1","name":"web-1","status":"\#(status)","image":\#(origin)}"#
        let kept = try await reasons(fixture(servers: [server], volumes: [])) { image in
            if image.id.description == Sample.id(2) { image.snapshotOf = "s1" }
            if image.id.description == Sample.id(3) { image.snapshotOf = "gone" }
        }
        #expect(kept == [nil, isKept ? .inUse(by: ["web-1"]) : nil, nil])
        let task = #","OS-EXT-STS:task_state":"shelving_image_uploading""#
        let shelving = #"{"id":"s1","name":"web-1","status":"ACTIVE","image":\#(origin)\#(task)}"#
        let early = try await reasons(fixture(servers: [shelving], volumes: []), 1) { $0.snapshotOf = "s1" }
        #expect(early == [.inUse(by: ["web-1"])])
    }

    @Test("Reads from Glance's properties what an image is a snapshot of")
    func properties() throws {
        func image(_ properties: String) throws -> Image {
            try JSONDecoder().decode(Image.self, from: Data(#"{"id":"\#(Sample.id(1))"\#(properties)}"#.utf8))
        }
        #expect(try image(#","image_type":"snapshot","instance_uuid":"s1""#).snapshotOf == "s1")
        #expect(try image(#","image_type":"backup","instance_uuid":"s1""#).snapshotOf == nil)
        #expect(try image(#","instance_uuid":"s1""#).snapshotOf == nil)
        #expect(try image(#","block_device_mapping":"[]""#).blockDeviceMapping == "[]")
        #expect(try image(#","block_device_mapping":[]"#).blockDeviceMapping == "")
        #expect(try image(#","block_device_mapping":null"#).blockDeviceMapping == nil)
    }

    @Test("Keeps a snapshot of a volume-backed server while a volume created from it is attached")
    func volumeSnapshot() async throws {
        let mapping = #"[{"snapshot_id":"snap-1","source_type":"snapshot","boot_index":0},{"snapshot_id":null}]"#
        func reason(_ volumes: [String], _ attached: [String], mapping: String) async throws -> KeepReason? {
            let server = Self.server("web-1", volumes: attached)
            return try await reasons(fixture(servers: [server], volumes: volumes), 1) {
                $0.blockDeviceMapping = mapping
            }[
                0
            ]
        }
        let made = Self.volume("v1", snapshot: "snap-1")
        #expect(try await reason([made], ["v1"], mapping: mapping) == .inUse(by: ["web-1"]))
        #expect(try await reason([made], [], mapping: mapping) == nil)
        #expect(try await reason([Self.volume("v1", snapshot: "snap-2")], ["v1"], mapping: mapping) == nil)
        #expect(try await reason([Self.volume("v1")], ["v1"], mapping: "[]") == nil)
        try expectUnknown([try await reason([], [], mapping: "nonsense")]) { _ in true }
    }

    @Test("Reads a list with numbered pages until two readings agree")
    func agreement() async throws {
        @Sendable func page(_ ids: [Int]) -> FaultyTransport.Fault {
            let servers = ids.map { #"{"id":"\#($0)","image":{"id":"\#(Sample.id($0))"},"status":"ACTIVE"}"# }
            return .answer(200, body: #"{"servers":[\#(servers.joined(separator: ","))]}"#)
        }
        // Server 9 goes between the first two pages, so that server 3 moves to the page that was read before.
        let readings = [[[9, 1, 2], [4], []], [[1, 2, 3], [4], []], [[1, 2, 3], [4], []]]
        let changing = fixture(services: ["ecs": Self.ecs]) { _, number in page(readings.flatMap(\.self)[number]) }
        #expect(try await reasons(changing, 4).allSatisfy { $0 != nil })
        let restless = fixture(services: ["ecs": Self.ecs]) { _, number in page(number % 2 == 0 ? [number + 1] : []) }
        try expectUnknown(try await reasons(restless)) { error in
            guard let error = error.serviceError else { return false }
            return error.message == "the list of servers keeps changing"
        }
    }
}
