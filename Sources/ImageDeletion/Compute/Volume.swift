import ImageDeletionEssentials

/// A volume as Cinder describes it ("List accessible volumes with details").
struct Volume: Sendable {
    var id: String
    /// The image that it was created from; nil for one that was created empty.
    var imageID: ImageID?
    /// The volume snapshot that it was created from.
    var snapshotID: String?
    /// The servers that it is attached to.
    var serverIDs: [String]
    private var status: String?

    /// Whether it is still being created: it names its image only when it is done.
    var isBeingCreated: Bool { status == "creating" || status == "downloading" }
}

extension Volume: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id, attachments, status
        case snapshotID = "snapshot_id"
        case imageMetadata = "volume_image_metadata"
    }

    private struct ImageMetadata: Decodable {
        var imageID: String?

        private enum CodingKeys: String, CodingKey {
            case imageID = "image_id"
        }
    }

    private struct Attachment: Decodable {
        var serverID: String?

        private enum CodingKeys: String, CodingKey {
            case serverID = "server_id"
        }
    }

    /// An image that is named in a way that is not understood is an error: the volume may be made from any.
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        id = try json.decode(String.self, forKey: .id)
        let image = try json.decodeIfPresent(ImageMetadata.self, forKey: .imageMetadata)?.imageID ?? ""
        imageID = image.isEmpty ? nil : try ImageID(image)
        snapshotID = try json.decodeIfPresent(String.self, forKey: .snapshotID)
        serverIDs = try json.decodeIfPresent([Attachment].self, forKey: .attachments)?.compactMap(\.serverID) ?? []
        status = try? json.decodeIfPresent(String.self, forKey: .status)
    }
}
