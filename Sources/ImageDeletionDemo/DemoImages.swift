import ImageDeletion
import ImageDeletionEssentials

/// The image service of the demo cloud, and the servers that were created from its images.
struct DemoImages {
    private var images: [DemoImage]
    private let longestPage: Int
    private let now: @Sendable () -> Date

    init(_ images: [DemoImage], longestPage: Int, now: @escaping @Sendable () -> Date) {
        self.images = images
        self.longestPage = longestPage
        self.now = now
    }

    var all: [DemoImage] { images }

    mutating func put(_ image: DemoImage) {
        remove(image.id)
        images.append(image)
    }

    mutating func remove(_ id: String) { images.removeAll { $0.id == id } }

    mutating func answer(_ method: String, id: String, project: String, body: Data?) -> DemoAnswer {
        guard let index = images.firstIndex(where: { $0.id == id && $0.isVisible(to: project) }) else {
            let message = method == "DELETE" ? "Failed to find image \(id) to delete" : "No image found with ID \(id)"
            return .glance(404, message)
        }
        let image = images[index]
        switch method {
        case "GET":
            return .json(200, .object(image.json))
        case "DELETE" where image.owner != project:
            return .glance(403, "You are not authorized to complete delete_image action.")
        case "DELETE" where image.isProtected:
            return .glance(403, "Image \(id) is protected and cannot be deleted.")
        case "DELETE":
            images.remove(at: index)
            return DemoAnswer(status: 204)
        case "PATCH" where image.owner != project:
            return .glance(403, "You are not authorized to complete modify_image action.")
        case "PATCH":
            let changes = (try? JSONValue(body ?? Data()))?.elements
            guard let change = changes?.first, changes?.count == 1, change["op"] == "replace",
                let value = change["value"]?.boolean
            else { return .glance(400, "Only protected and os_hidden can be changed here.") }
            switch change["path"]?.string {
            case "/protected": images[index].isProtected = value
            case "/os_hidden": images[index].isHidden = value
            default: return .glance(400, "Only protected and os_hidden can be changed here.")
            }
            images[index].updatedAt = now()
            return .json(200, .object(images[index].json))
        default:
            return .glance(405, "The method \(method) is not allowed for this resource.")
        }
    }

    /// Adds a tag to an image, or removes it.
    mutating func answer(_ method: String, tag: String, of id: String, project: String) -> DemoAnswer {
        guard let index = images.firstIndex(where: { $0.id == id && $0.isVisible(to: project) }) else {
            return .glance(404, "No image found with ID \(id)")
        }
        guard images[index].owner == project else {
            return .glance(403, "You are not authorized to complete modify_image action.")
        }
        let place = images[index].tags.firstIndex { $0.exact == tag.exact }
        switch (method, place) {
        case ("PUT", nil): images[index].tags.append(tag)
        case ("PUT", _): break
        case ("DELETE", let place?): images[index].tags.remove(at: place)
        case ("DELETE", nil): return .glance(404, "Image tag not found.")
        default: return .glance(405, "The method \(method) is not allowed for this resource.")
        }
        images[index].updatedAt = now()
        return DemoAnswer(status: 204)
    }

    /// A page of the list: the newest first, with the filters that are asked for.
    func list(_ method: String, _ url: URL, project: String) -> DemoAnswer {
        guard method == "GET" else { return .glance(405, "The method \(method) is not allowed for this resource.") }
        let items = URLComponents(url: url, resolvingAgainstBaseURL: true)?.queryItems ?? []
        func value(_ name: String) -> String? { items.first { $0.name == name }?.value }
        let tags = items.filter { $0.name == "tag" }.compactMap(\.value)
        let listed = images.filter { image in
            // Another project's community images can be used by ID, but are in no ordinary list.
            image.isVisible(to: project) && (image.visibility != "community" || image.owner == project)
                && image.isHidden == (value("os_hidden") == "true")
                && value("owner").map { image.owner == $0 } ?? true
                && value("name").map { image.name.exact == $0.exact } ?? true
                && tags.allSatisfy { tag in image.tags.contains { $0.exact == tag.exact } }
        }.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }

        var start = 0
        if let marker = value("marker") {
            guard let index = listed.firstIndex(where: { $0.id == marker }) else {
                return .glance(400, "No image found with ID \(marker)")
            }
            start = index + 1
        }
        let limit = min(longestPage, value("limit").flatMap { Int($0) } ?? 25)
        let page = listed[start...].prefix(limit)
        var answer: [String: JSONValue] = [
            "images": .list(page.map { .object($0.json) }), "first": "/v2/images", "schema": "/v2/schemas/images",
        ]
        if let last = page.last, page.count == limit { answer["next"] = "/v2/images?marker=\(last.id)" }
        return .json(200, .object(answer))
    }

    func members(_ method: String, of id: String, _ project: String) -> DemoAnswer {
        guard method == "GET" else { return .glance(405, "The method \(method) is not allowed for this resource.") }
        guard let image = images.first(where: { $0.id == id && $0.isVisible(to: project) }) else {
            return .glance(404, "No image found with ID \(id)")
        }
        guard image.visibility == "shared" else {
            return .glance(403, "Not allowed to list members for image \(id): Only shared images have members.")
        }
        return .json(
            200,
            [
                "members": .list(
                    image.members.map { ["member_id": .text($0), "image_id": .text(id), "status": "accepted"] }
                ),
                "schema": "/v2/schemas/members",
            ]
        )
    }

    /// A page of the servers, as the compute service describes them.
    func servers(_ url: URL) -> DemoAnswer {
        page(of: "servers", url) { image in
            image.usedBy.map { name in
                // A shelved server still names the image that it was created from, and not its snapshot.
                let origins = [DemoImage.Use.disk: image.id, .shelved: "0e0c6d1c-2f6b-4c3e-9a52-5f1f6c5d9b01"]
                return [
                    "id": .text(image.serverID), "name": .text(name),
                    "image": origins[image.use].map { ["id": .text($0)] } ?? "",
                    "status": image.use == .shelved ? "SHELVED_OFFLOADED" : "ACTIVE", "metadata": [:],
                    "os-extended-volumes:volumes_attached": image.use == .volume
                        ? [["id": .text(image.volumeID)]] : [],
                ]
            }
        }
    }

    /// A page of the volumes, as the block storage service describes them.
    func volumes(_ url: URL) -> DemoAnswer {
        page(of: "volumes", url) { image in
            guard image.usedBy != nil, image.use == .volume else { return nil }
            return [
                "id": .text(image.volumeID), "status": "in-use", "bootable": "true", "snapshot_id": nil,
                "attachments": [["server_id": .text(image.serverID), "device": "/dev/vda"]],
                "volume_image_metadata": ["image_id": .text(image.id), "image_name": .text(image.name)],
            ]
        }
    }

    private func page(of name: String, _ url: URL, _ describe: (DemoImage) -> JSONValue?) -> DemoAnswer {
        let items = URLComponents(url: url, resolvingAgainstBaseURL: true)?.queryItems ?? []
        let marker = items.first { $0.name == "marker" }?.value
        let all = images.compactMap(describe)
        let start = marker.map { marker in all.firstIndex { $0["id"]?.string == marker }.map { $0 + 1 } } ?? 0
        guard let start else { return .json(400, ["badRequest": ["message": "marker not found", "code": 400]]) }
        return .json(200, .object([name: .list(Array(all[start...]))]))
    }
}
