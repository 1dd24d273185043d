import Foundation
public import ImageDeletion

extension ServiceFixture {
    /// Shows `images`, whatever they look like, in the place of the cloud's.
    public static func showing(
        _ images: Locked<[Image]>
    ) -> @Sendable (SentRequest, Int) async -> FaultyTransport.Fault? {
        { request, _ in
            let path = request.url.pathComponents
            guard request.method == "GET", path.starts(with: ["/", "v2", "images"]) else { return nil }
            if path.last == "members" { return .answer(200, body: #"{"members":[]}"#) }
            guard path.count == 3 else {
                let image = images.value.first { $0.id.description == path[3] }
                return image.map { .answer(200, body: $0.json) } ?? .answer(404)
            }
            // A list is read until a page has nothing in it.
            let query = request.url.query ?? ""
            let listed =
                query.contains("marker=")
                ? [] : images.value.filter { $0.isHidden == query.contains("os_hidden=true") }
            return .answer(200, body: #"{"images":[\#(listed.map(\.json).joined(separator: ","))]}"#)
        }
    }

    /// Returns the plan for `images` by `rules`, for a cloud that has no others.
    public static func plan(_ images: [Image], by rules: [RetentionRule]) async throws -> DeletionPlan {
        try await ServiceFixture().service(showing: Locked(images)).plan(ImageSelection(.rules(rules)))
    }
}

extension Image {
    /// The image as the service would describe it.
    fileprivate var json: String {
        let fields: [String: Any?] = [
            "id": id.description, "name": name, "owner": owner, "status": status, "visibility": visibility,
            "protected": isProtected, "os_hidden": isHidden, "size": size, "tags": tags, "__imagetype": imageType,
            "image_type": snapshotOf == nil ? nil : "snapshot", "instance_uuid": snapshotOf,
            "block_device_mapping": blockDeviceMapping, "created_at": createdAt?.formatted(.iso8601),
            "updated_at": updatedAt?.formatted(.iso8601),
        ]
        let object = fields.compactMapValues { $0 }.merging(properties) { field, _ in field }
        let data = (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }
}

extension DeletionPlan {
    /// Creates a plan to delete `ids` without looking them up.
    public init(deleting ids: [ImageID]) {
        let session = ImageSession(
            endpoint: URL(string: "https://ims.demo.example/v2")!,
            project: nil,
            user: nil
        )
        self.init(ids.map(Entry.init(unseen:)), at: session, createdAt: Date(timeIntervalSince1970: 1_795_000_000))
    }
}

extension DeletionOptions {
    public static func test(
        concurrency: Int = 4,
        deletesBackups: Bool = false,
        waitsUntilGone: Bool = false
    ) -> DeletionOptions {
        var options = DeletionOptions()
        (options.concurrency, options.deletesBackups, options.waitsUntilGone) = (
            concurrency, deletesBackups, waitsUntilGone
        )
        return options
    }
}
