import ImageDeletionEssentials

/// Decides which images are in use, by what the services say of servers and volumes.
struct ImageUsage {
    let servers: [Server]

    /// Whether `images` and the servers leave a question that only the volumes answer.
    func needsVolumes(for images: [Image]) -> Bool {
        servers.contains { $0.imageIDs.isEmpty && $0.volumeIDs?.isEmpty == false }
            || images.contains { $0.volumeSnapshotIDs?.isEmpty == false }
    }

    /// Returns the reasons to keep `images`, for each that has one. IDs match in any case: what a server was created from
    /// is written as its creator wrote it, and some image services find an image by any spelling.
    ///
    /// - Throws: ``ImageDeletionError/Code/service`` for a server of which it cannot be said what it was created from.
    func reasons(for images: [Image], volumes: [Volume]) throws(ImageDeletionError) -> [ImageID: KeepReason] {
        var users: [String: [String]] = [:]
        func add(_ server: String, to id: ImageID) {
            if users[id.inAnyCase]?.contains(server) != true { users[id.inAnyCase, default: []].append(server) }
        }
        let serversByID = Dictionary(servers.map { ($0.id, $0) }) { first, _ in first }
        let volumesByID = Dictionary(volumes.map { ($0.id, $0) }) { first, _ in first }
        for server in servers {
            for id in server.imageIDs { add(server.label, to: id) }
            guard server.imageIDs.isEmpty else { continue }
            for id in try attachedVolumes(of: server) {
                guard let volume = volumesByID[id] else {
                    throw Self.unknown(.volume, "volume \(id), attached to server \(server.label), is not listed")
                }
                if let image = volume.imageID {
                    add(server.label, to: image)
                } else if volume.isBeingCreated {
                    throw Self.unknown(.volume, "volume \(id) of server \(server.label) is still being created")
                }
            }
        }
        for image in images {
            if let server = image.snapshotOf.flatMap({ serversByID[$0] }), server.mayDependOnSnapshot {
                add(server.label, to: image.id)
            }
            guard let snapshots = image.volumeSnapshotIDs, !snapshots.isEmpty else { continue }
            for volume in volumes where volume.snapshotID.map(snapshots.contains) ?? false {
                for server in self.servers(with: volume) { add(server, to: image.id) }
            }
        }
        var reasons: [ImageID: KeepReason] = [:]
        for image in images {
            if let servers = users[image.id.inAnyCase] {
                reasons[image.id] = .inUse(by: servers)
            } else if image.volumeSnapshotIDs == nil {
                let error = Self.unknown(.image, "the image's block_device_mapping cannot be read")
                reasons[image.id] = .unknown(.inUse, error)
            }
        }
        return reasons
    }

    private func attachedVolumes(of server: Server) throws(ImageDeletionError) -> Set<String> {
        guard let ids = server.volumeIDs, !ids.isEmpty || !server.isBuilding else {
            throw Self.unknown(.compute, "server \(server.label) has no image, and its volumes are not listed")
        }
        return ids
    }

    /// The servers that `volume` is attached to, by what the servers or the volume say.
    private func servers(with volume: Volume) -> Set<String> {
        let listing = servers.filter { $0.volumeIDs?.contains(volume.id) == true || volume.serverIDs.contains($0.id) }
        let labels = Set(listing.map(\.label))
        return labels.isEmpty ? Set(volume.serverIDs) : labels
    }

    private static func unknown(_ service: ServiceError.Service, _ message: String) -> ImageDeletionError {
        .service(ServiceError(service, .unexpected, message: message))
    }
}

extension Image {
    /// The volume snapshots that a snapshot of a volume-backed server consists of: it holds no data of its own, but this
    /// list in its `block_device_mapping`. Empty for any other image; nil if the list cannot be read.
    fileprivate var volumeSnapshotIDs: Set<String>? {
        struct Device: Decodable {
            var snapshotID: String?

            enum CodingKeys: String, CodingKey {
                case snapshotID = "snapshot_id"
            }
        }
        guard let blockDeviceMapping else { return [] }
        let devices = try? JSONDecoder().decode([Device].self, from: Data(blockDeviceMapping.utf8))
        return devices.map { Set($0.compactMap(\.snapshotID)) }
    }
}
