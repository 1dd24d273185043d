import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

extension FuzzTarget {
    /// The list of projects that an image is lent to.
    static let members = FuzzTarget(
        "members",
        inputs: 100,
        samples: [
            #"{"members":[],"schema":"/v2/schemas/members"}"#,
            #"{"members":[{"image_id":"6b1c0b6e-93a5-4d0c-9d52-000000000001","member_id":"p2","status":"accepted"}]}"#,
            #"{"members":[{"member_id":"p2"},{"member_id":"p3","status":"pending"}]}"#,
        ]
    ) { input, _ in
        let plan = try await checked([.shared], "/members", input)
        if plan.deletions.isEmpty { return .refused }
        if let json = JSONTree(input), !json.isAmbiguous(input) {
            try must(json["members"]?.elements == [], "an image that may be lent was not spared")
        }
        return .accepted
    }

    /// The list of servers, which names the images that they were created from.
    static let servers = FuzzTarget(
        "servers",
        inputs: 100,
        samples: [
            #"{"servers":[{"id":"s1","name":"web","image":{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000001","links":[]}}]}"#,
            #"{"servers":[{"id":"s1","name":"db","image":"","status":"ACTIVE","os-extended-volumes:volumes_attached":[],"metadata":{"metering.image_id":"6B1C0B6E-93A5-4D0C-9D52-000000000001"}}]}"#,
            #"{"servers":[{"id":"s2","name":"db","image":{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000002"},"metadata":{}}],"count":1}"#,
            #"{"servers":[{"id":"s2","image":"6b1c0b6e-93a5-4d0c-9d52-000000000002"},{"id":"s3","image":null,"status":"ACTIVE","os-extended-volumes:volumes_attached":[]}]}"#,
            #"{"servers":[{"id":"s3","image":{"id":"6b1c0b6e-93a5-4d0c-9d52-000000000002"},"metadata":{"metering.image_id":"6b1c0b6e-93a5-4d0c-9d52-000000000001"}}]}"#,
            #"{"servers":[]}"#,
        ]
    ) { input, _ in
        let plan = try await checked([.inUse], "/servers/detail", input)
        if plan.deletions.isEmpty { return .refused }
        if let json = JSONTree(input), !json.isAmbiguous(input) {
            try must(json["servers"]?.elements != nil, "what is no list of servers was taken for an empty one")
            let named = (json["servers"]?.elements ?? []).flatMap { server in
                [server["image"]?["id"], server["image"], server["metadata"]?["metering.image_id"]]
            }
            let isNamed = named.contains { $0?.string?.lowercased() == Sample.id(1) }
            try must(!isNamed, "an image that is in use was not spared")
        }
        return .accepted
    }

    /// The list of volumes, which names the images of servers that boot from them.
    static let volumes = FuzzTarget(
        "volumes",
        inputs: 100,
        samples: [
            #"{"volumes":[{"id":"v1","volume_image_metadata":{"image_id":"6b1c0b6e-93a5-4d0c-9d52-000000000001"}}]}"#,
            #"{"volumes":[{"id":"v1","snapshot_id":null,"attachments":[{"server_id":"s1"}]}],"volumes_links":[]}"#,
            #"{"volumes":[{"id":"v0","volume_image_metadata":{}},{"id":"v1","status":"in-use","metadata":{}}]}"#,
            #"{"volumes":[]}"#,
        ]
    ) { input, _ in
        let server = #"{"id":"s1","image":"","status":"ACTIVE","os-extended-volumes:volumes_attached":[{"id":"v1"}]}"#
        let plan = try await checked([.inUse], "/volumes/detail", input, servers: server)
        if plan.deletions.isEmpty { return .refused }
        if let json = JSONTree(input), !json.isAmbiguous(input) {
            let attached = (json["volumes"]?.elements ?? []).filter { $0["id"]?.string == "v1" }
            try must(!attached.isEmpty, "a volume that is not listed was taken for one without an image")
            let names = attached.map { $0["volume_image_metadata"]?["image_id"]?.string?.lowercased() }
            try must(names.first != Sample.id(1), "an image that is in use was not spared")
        }
        return .accepted
    }

    /// What is left of a plan to delete one image after a question about it was answered by `input`.
    private static func checked(
        _ safeguards: Set<Safeguard>,
        _ path: String,
        _ input: Data,
        servers: String? = nil
    ) async throws -> DeletionPlan {
        let isTold = Locked(false)
        let image = #"{"id":"\#(Sample.id(1))","owner":"\#(DemoImage.projectID)","visibility":"shared"}"#
        let fixture = ServiceFixture(images: []) { request, _ in
            if request.url.path.hasSuffix("/images/\(Sample.id(1))") { return .answer(200, body: image) }
            if let servers, request.url.path.hasSuffix("/servers/detail") {
                let page = request.url.query?.contains("marker=") == true ? "" : servers
                return .answer(200, body: #"{"servers":[\#(page)]}"#)
            }
            guard request.url.path.hasSuffix(path) else { return nil }
            let isAgain = isTold.withLock { told in
                defer { told = true }
                return told
            }
            return isAgain ? .answer(200, body: #"{"servers":[],"volumes":[]}"#) : .bytes(200, input)
        }
        let checked = try await fixture.service(retries: 1)
            .plan(.images([.sample(1)]), options: DeletionOptions(safeguards: safeguards))
        try must(isTold.value, "nobody was asked")
        return checked
    }
}
