import ImageDeletionEssentials

/// The plan as the content of a file.
extension SavedPlan {
    /// Reads a plan.
    ///
    /// Whoever approves it may read it by other means, so nothing in it may be passed over, or be read in two ways.
    ///
    /// - Parameter json: The content of the file.
    /// - Throws: ``Fault/malformed(_:)`` with the place in the file.
    init(json: Data) throws(ImageDeletionError) {
        do throws(JSONValue.Fault) {
            self.init(checked: try Content(JSONObject(JSONValue(json), allowsNull: true)))
        } catch {
            throw .plan(.malformed(error.path.isEmpty ? error.reason : "\(error.path): \(error.reason)"))
        }
    }

    /// The file's content, as people can read it.
    ///
    func json() -> Data {
        // Nothing in a plan makes the encoder throw.
        (try? JSONWriter.data(content, isPretty: true) + Data("\n".utf8)) ?? Data()
    }
}

extension SavedPlan.Content {
    fileprivate init(_ json: JSONObject) throws(JSONValue.Fault) {
        schema = try json.needed("schema", json.text("schema"))
        guard schema == SavedPlan.schema else { throw json.fault("schema", "it is not \(SavedPlan.schema)") }
        try json.allow(["schema", "createdAt", "endpoint", "project", "user", "images"], names: false)
        createdAt = try json.needed("createdAt", json.text("createdAt"))
        endpoint = try json.needed("endpoint", json.text("endpoint"))
        let project = try json.needed("project", json.members["project"])
        self.project = try TokenProject(JSONObject(project, at: "project", allowsNull: true))
        user = try json.text("user")
        images = []
        var seen: Set<ImageID> = []
        for (index, element) in try json.needed("images", json.list("images")).enumerated() {
            let image = try SavedPlan.Entry(JSONObject(element, at: "images[\(index)]", allowsNull: true))
            guard seen.insert(image.id).inserted else {
                throw JSONValue.Fault(path: "images[\(index)].id", reason: "duplicate ID")
            }
            images.append(image)
        }
    }
}

extension TokenProject {
    fileprivate init(_ json: JSONObject) throws(JSONValue.Fault) {
        try json.allow(["id", "name"], names: false)
        id = try json.needed("id", json.text("id"))
        name = try json.text("name")
    }
}

extension SavedPlan.Entry {
    fileprivate init(_ json: JSONObject) throws(JSONValue.Fault) {
        try json.allow(
            [
                "id", "action", "reason", "rules", "unprotect", "safeguards", "name",
                "owner", "status", "visibility", "protected", "hidden", "createdAt", "updatedAt", "size", "tags",
                "imageType",
            ],
            names: false
        )
        id = try json.needed(
            "id",
            json.member("id", "an image ID (a UUID) is expected") { try? ImageID($0.string ?? "") }
        )
        action = try json.needed(
            "action",
            json.member("action", "neither delete nor keep") { SavedPlan.Action(rawValue: $0.string ?? "") }
        )
        reason = try json.member("reason", "unknown reason") { KeepReason.Kind(rawValue: $0.string ?? "") }
        rules = try json.texts("rules")
        unprotect = try json.flag("unprotect")
        safeguards = try json.list("safeguards")?.enumerated().map { index, name throws(JSONValue.Fault) in
            if let safeguard = Safeguard(rawValue: name.string ?? "") { return safeguard }
            throw json.fault("safeguards[\(index)]", "unknown safeguard")
        }
        name = try json.text("name")
        owner = try json.text("owner")
        status = try json.text("status")
        visibility = try json.text("visibility")
        protected = try json.needed("protected", json.flag("protected"))
        hidden = try json.flag("hidden")
        createdAt = try json.text("createdAt")
        updatedAt = try json.text("updatedAt")
        size = try json.wholeNumber("size")
        tags = try json.needed("tags", json.texts("tags"))
        imageType = try json.text("imageType")
    }
}
