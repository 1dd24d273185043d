/// The settings of one cloud, from where openstacksdk takes them: its profile, the cloud itself, its region.
struct CloudLayers {
    /// The name in the file.
    let name: String
    /// What the file has under this name.
    let cloud: YAMLNode
    /// The name of the region, which may be empty, and where it is written.
    private(set) var region: (name: String, node: YAMLNode)
    /// What counts more comes last.
    private(set) var all: [YAMLNode]
    /// The paths of the files that were read.
    private(set) var paths: [String] = []
    private(set) var warnings: [SettingsWarning] = []

    /// Finds the settings of a cloud.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - cloud: What the file has under this name.
    ///   - region: The region that is meant (`OS_REGION_NAME`); nil for the cloud's first one.
    ///   - file: The file, which may have profiles as well.
    init(
        _ name: String,
        _ cloud: YAMLNode,
        region: String?,
        in file: inout CloudsFile
    ) throws(ImageDeletionError) {
        (self.name, self.cloud, all, self.region) = (name, cloud, [cloud], ("", cloud))
        guard cloud.members != nil else { throw malformed(cloud, "it must be a mapping") }
        if let profile = try profile(in: &file) { all.insert(profile, at: 0) }
        self.region = try choose(region)
        for layer in all { try checkKeys(layer) }
        (paths, warnings) = (file.paths, file.warnings)
    }

    /// Returns the setting `key` beside `auth`.
    subscript(key: String) -> YAMLNode? { all.last { $0[key] != nil }?[key] }

    /// Returns the setting `key` in `auth`.
    subscript(auth key: String) -> YAMLNode? { all.last { $0["auth"]?[key] != nil }?["auth"]?[key] }

    private func profile(in file: inout CloudsFile) throws(ImageDeletionError) -> YAMLNode? {
        // “cloud” is the key's older name.
        guard let node = cloud["profile"] ?? cloud["cloud"], node.scalar != .null else { return nil }
        guard case .text(let profile) = node.scalar else { throw malformed(node, "profile must be a string") }
        if profile.isEmpty { return nil }
        guard let found = try file.publicProfile(profile) ?? CloudProfiles.builtIn[profile] else {
            throw problem(.unknownProfile(profile), at: node)
        }
        guard found.members != nil else { throw malformed(found, "the profile \(quoted(profile)) must be a mapping") }
        return found
    }

    /// A region that a cloud may have.
    private typealias Region = (name: String, node: YAMLNode, values: YAMLNode?)

    /// Returns the region that is meant; its settings become a layer.
    private mutating func choose(_ wanted: String?) throws(ImageDeletionError) -> (name: String, node: YAMLNode) {
        let regions = try self.regions()
        guard let region = wanted.map({ name in regions.first { $0.name.exact == name.exact } }) ?? regions.first else {
            guard let wanted, !regions.isEmpty else { return (wanted ?? "", cloud) }
            throw problem(.unknownRegion(wanted, regions: regions.map(\.name)), at: cloud)
        }
        if let values = region.values {
            // A region's setting without a value leaves that of the cloud in force.
            let members = (values.members ?? [:]).filter { $1.scalar != .null }
            all.append(YAMLNode(value: .mapping(members), file: values.file, line: values.line))
        }
        return (region.name, region.node)
    }

    private func regions() throws(ImageDeletionError) -> [Region] {
        let profile = all.count > 1 ? all[0] : nil
        guard let node = cloud["regions"] ?? cloud["region_name"] ?? profile?["regions"] ?? profile?["region_name"]
        else {
            return []
        }
        if let elements = node.elements {
            return try elements.map { element throws(ImageDeletionError) in try region(element) }
        }
        let isName = cloud["regions"] == nil && (cloud["region_name"] != nil || profile?["regions"] == nil)
        guard isName, case .text(let name) = node.scalar else {
            throw malformed(node, isName ? "region_name \(Cloud.notText)" : "regions must be a sequence")
        }
        // Several regions in one text are an older form.
        let names =
            cloud["region_name"] == nil
            ? [name]
            : name.split(separator: ",", omittingEmptySubsequences: false)
                .map(String.init)
        return names.map { ($0, node, nil) }
    }

    private func region(_ node: YAMLNode) throws(ImageDeletionError) -> Region {
        if case .text(let name) = node.scalar { return (name, node, nil) }
        guard case .text(let name) = node["name"]?.scalar,
            node.members?.keys.allSatisfy({ ["name", "values"].contains($0.text) }) ?? false
        else { throw malformed(node, "a region must be a string, or a mapping with “name” and “values”") }
        let values = node["values"]
        guard values == nil || values?.members != nil else { throw malformed(node, "“values” must be a mapping") }
        return (name, node, values)
    }

    /// Refuses what openstacksdk understands in one place and passes over in another.
    private func checkKeys(_ layer: YAMLNode) throws(ImageDeletionError) {
        let auth = layer["auth"]
        guard auth == nil || auth?.members != nil else { throw malformed(auth ?? layer, "auth must be a mapping") }
        let members = [layer, auth].compactMap { $0?.members }.joined().sorted { $0.key < $1.key }
        for (key, node) in members where key.text.contains("-") {
            let name = key.text.replacing("-", with: "_")
            guard CloudKeys.all.contains(name) else { continue }
            throw malformed(node, "write \(quoted(key.text)) as \(quoted(name))")
        }
    }

    /// Returns the error for a value that cannot be meant.
    private func malformed(_ node: YAMLNode, _ reason: String) -> ImageDeletionError {
        CloudsFile.malformed(node, "cloud \(quoted(name)): \(reason)")
    }

    private func problem(_ problem: ConfigurationProblem, at node: YAMLNode) -> ImageDeletionError {
        .configuration([.cloud(name, file: node.file, line: node.line, problem)])
    }
}
