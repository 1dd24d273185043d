public import ImageDeletionEssentials

/// The plan as the content of a file.
extension DeletionPlan {
    /// The plan as the content of a file, which people can read. Images that nobody saw are left out.
    ///
    /// - Throws: ``ImageDeletionError/Code/configuration`` if it is not known whose images these are.
    public func json() throws(ImageDeletionError) -> Data {
        guard let project = session.project else { throw .configuration([.tokenWithoutProject]) }
        // Nothing in a plan makes the encoder throw.
        return (try? JSONWriter.data(SavedPlan(self, project: project), isPretty: true) + Data("\n".utf8)) ?? Data()
    }

    /// Reads a plan from the content of a file. ``ImageService/recheck(_:options:)`` has to look at it before it can be
    /// carried out.
    ///
    /// Somebody who approves a plan may read it by other means, so nothing in it is passed over, and nothing can be read in
    /// two ways.
    ///
    /// - Parameter json: What ``json()`` returned.
    /// - Throws: ``ImageDeletionError/Code/plan`` with the place in the file.
    public init(json: Data) throws(ImageDeletionError) {
        do throws(JSONValue.Fault) {
            try self.init(JSONObject(JSONValue(json), allowsNull: true))
        } catch {
            throw .plan(.malformed(error.path.isEmpty ? error.reason : "\(error.path): \(error.reason)"))
        }
    }

    private init(_ json: JSONObject) throws(JSONValue.Fault) {
        let schema = try json.needed("schema", json.text("schema"))
        guard schema == SavedPlan.schema else {
            throw json.fault("schema", "must be \(SavedPlan.schema); another version of delete-image wrote this plan")
        }
        try json.allow(["schema", "createdAt", "endpoint", "project", "user", "properties", "images"], names: false)
        let createdAt = try json.needed("createdAt", json.text("createdAt"))
        let endpoint = try json.needed("endpoint", json.text("endpoint"))
        let project = try json.needed("project", json.members["project"])
        let owner = try TokenProject(JSONObject(project, at: "project", allowsNull: true))
        let user = try json.text("user")
        var entries: [Entry] = []
        var seen: Set<ImageID> = []
        for (index, element) in try json.needed("images", json.list("images")).enumerated() {
            let entry = try Entry(JSONObject(element, at: "images[\(index)]", allowsNull: true))
            guard seen.insert(entry.id).inserted else {
                throw JSONValue.Fault(path: "images[\(index)].id", reason: "duplicate ID")
            }
            entries.append(entry)
        }
        guard let time = ServiceDate.parse(createdAt) else {
            throw json.fault("createdAt", "must be a time, such as 2026-10-01T08:00:00Z")
        }
        guard let address = URL(string: endpoint) else { throw json.fault("endpoint", "must be a URL") }
        self.init(
            entries,
            at: ImageSession(endpoint: address, project: owner, user: user),
            createdAt: time,
            propertyNames: Set(try json.texts("properties") ?? [])
        )
    }
}

extension TokenProject {
    fileprivate init(_ json: JSONObject) throws(JSONValue.Fault) {
        try json.allow(["id", "name"], names: false)
        id = try json.needed("id", json.text("id"))
        name = try json.text("name")
    }
}

extension DeletionPlan.Entry {
    /// An image that a file says to delete is unchecked.
    fileprivate init(_ json: JSONObject) throws(JSONValue.Fault) {
        try json.allow(
            [
                "id", "action", "reason", "places", "rules", "unprotect", "graceSeconds", "safeguards", "name", "owner",
                "status",
                "visibility",
                "protected", "hidden", "createdAt", "updatedAt", "size", "tags", "imageType", "properties",
            ],
            names: false
        )
        let id = try json.needed(
            "id",
            json.member("id", "an image ID (a UUID) is expected") { try? ImageID($0.string ?? "") }
        )
        let action = try json.needed(
            "action",
            json.member("action", "must be delete, mark, unmark or keep") {
                SavedPlan.Action(rawValue: $0.string ?? "")
            }
        )
        let reason = try json.member("reason", "unknown reason") { KeepReason.Kind(rawValue: $0.string ?? "") }
        let safeguards = try json.list("safeguards")?.enumerated().map { index, name throws(JSONValue.Fault) in
            if let safeguard = Safeguard(rawValue: name.string ?? "") { return safeguard }
            throw json.fault("safeguards[\(index)]", "unknown safeguard")
        }
        let conditions = DeletionConditions(
            liftsProtection: try json.flag("unprotect") ?? false,
            safeguards: Set(safeguards ?? []),
            rules: try json.texts("rules") ?? [],
            grace: try json.member("graceSeconds", "must be a whole number of seconds, at least 60") { value in
                value.wholeNumber.flatMap { Int(exactly: $0) }.flatMap(GracePeriod.init)
            }
        )
        var image = Image(id: id)
        image.name = try json.text("name")
        image.owner = try json.text("owner")
        image.status = try json.text("status")
        image.visibility = try json.text("visibility")
        image.isProtected = try json.needed("protected", json.flag("protected"))
        image.isHidden = try json.flag("hidden") ?? false
        image.createdAt = try json.text("createdAt").flatMap(ServiceDate.parse)
        image.updatedAt = try json.text("updatedAt").flatMap(ServiceDate.parse)
        image.size = try json.wholeNumber("size")
        image.tags = try json.needed("tags", json.texts("tags"))
        image.imageType = try json.text("imageType")
        image.properties =
            try json.member("properties", "must be an object of strings") { value in
                value.members.flatMap { members in
                    let strings = members.compactMapValues(\.string)
                    return strings.count == members.count ? strings : nil
                }
            } ?? [:]
        let places = try json.texts("places")?.enumerated().map { index, text throws(JSONValue.Fault) in
            if let place = KeptPlace(text) { return place }
            throw json.fault("places[\(index)]", "must be a keep rule and its period, such as weekly 2026-W47")
        }
        let planned = reason.map { KeepReason.planned($0.rawValue) }
        let keepReason = places.map(KeepReason.place).flatMap { $0.kind == reason ? $0 : nil } ?? planned
        switch action {
        // Whether the image is marked or deleted is decided again.
        case .delete, .mark: self.init(id, image, .unchecked, conditions)
        case .unmark: self.init(id, image, .unmark(keepReason), conditions)
        case .keep: self.init(id, image, .keep(keepReason ?? .unchecked), conditions)
        }
    }
}
