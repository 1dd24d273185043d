import ImageDeletionEssentials

/// What `clouds.yaml` and `secure.yaml` contain, found and merged as openstacksdk does.
struct CloudsFile {
    /// The clouds, by their names.
    private(set) var clouds: [ExactText: YAMLNode] = [:]
    /// The paths of the files that were read.
    private(set) var paths: [String] = []
    /// The folders in which a file was looked for.
    var searched: [String] { search.folders }
    private(set) var warnings: [SettingsWarning] = []
    private let search: Search
    /// The files that were found, each with whether a variable names it.
    private var found: [(path: String, isNamed: Bool)] = []

    /// Reads the files. Without one, there are no clouds.
    init(_ environment: [String: String], _ files: ConfigurationFiles) throws(ImageDeletionError) {
        search = Search(environment, files)
        let main = try load("clouds", override: environment["OS_CLIENT_CONFIG_FILE"])
        let secure = try load("secure", override: environment["OS_CLIENT_SECURE_FILE"])
        guard let root = try Self.merged(main, secure), let node = root["clouds"] else { return }
        guard let members = node.members else { throw Self.malformed(node, "“clouds” must be a mapping") }
        clouds = members
    }

    /// Returns the profile `name` of `clouds-public.yaml`; nil if there is none.
    mutating func publicProfile(_ name: String) throws(ImageDeletionError) -> YAMLNode? {
        guard let root = try load("clouds-public"), let profiles = root["public-clouds"] else { return nil }
        guard profiles.members != nil else { throw Self.malformed(profiles, "“public-clouds” must be a mapping") }
        return profiles[name]
    }

    /// Returns the error for a value that cannot be meant.
    static func malformed(_ node: YAMLNode, _ reason: String) -> ImageDeletionError {
        .configuration([.cloudsFile(path: node.file, line: node.line, reason: reason)])
    }

    /// Reads the first file of this name that is there; nil if it is empty.
    private mutating func load(_ name: String, override: String? = nil) throws(ImageDeletionError) -> YAMLNode? {
        for path in search.paths(name, override: override) {
            let isNamed = override.map { !$0.isEmpty && path == search.absolute($0) } ?? false
            let content: ConfigurationFiles.Content?
            do { content = try search.files.file(path) } catch {
                // openstacksdk passes over it as well, but silently, and over one that was named.
                guard error.code == EACCES, !isNamed else {
                    throw .configuration([.cloudsFile(path: path, line: nil, reason: error.reason)])
                }
                warnings.append(.unreadableFile(path: path, reason: error.reason))
                continue
            }
            if content == nil, isNamed {
                let reason = FileError(systemError: ENOENT).reason
                throw .configuration([.cloudsFile(path: path, line: nil, reason: reason)])
            }
            guard let content else { continue }
            paths.append(path)
            try noteFolder(of: path, isNamed: isNamed)
            guard let root = try Self.parse(content.data, path) else { return nil }
            guard root.members != nil else { throw Self.malformed(root, "it must be a mapping") }
            if content.isReadableByOthers, root.hasSecret { warnings.append(.secretReadableByOthers(path: path)) }
            return root
        }
        return nil
    }

    /// Makes sure that a file of the current folder is not combined with others, unless a variable names it.
    ///
    /// A checkout of somebody else's package could otherwise have the user's password sent to an address of its own.
    private mutating func noteFolder(of path: String, isNamed: Bool) throws(ImageDeletionError) {
        func isForeign(_ file: (path: String, isNamed: Bool)) -> Bool {
            search.isInCurrentFolder(file.path) && !file.isNamed
        }
        let file = (path, isNamed)
        let other = found.first { other in
            search.isInCurrentFolder(other.path) != search.isInCurrentFolder(path)
                && (isForeign(other) || isForeign(file))
        }
        found.append(file)
        guard let other else { return }
        let reason =
            "it is not combined with \(other.path), because one of them is in the current folder. Set "
            + "OS_CLIENT_CONFIG_FILE and OS_CLIENT_SECURE_FILE to the files to use, or move them into one folder"
        throw .configuration([.cloudsFile(path: path, line: nil, reason: reason)])
    }

    private static func parse(_ data: Data, _ path: String) throws(ImageDeletionError) -> YAMLNode? {
        guard path.hasSuffix("json") else {
            do { return try YAMLReader.read(data, file: path) } catch {
                throw .configuration([.cloudsFile(path: path, line: error.line, reason: error.reason)])
            }
        }
        do {
            let json = try JSONValue(data)
            return json == .null ? nil : YAMLNode(json, file: path)
        } catch {
            let reason = (error.path.isEmpty ? "" : error.path + ": ") + error.reason
            throw .configuration([.cloudsFile(path: path, line: nil, reason: reason)])
        }
    }

    /// Returns `one` with what `other` has in its place or in addition.
    private static func merged(_ one: YAMLNode?, _ other: YAMLNode?) throws(ImageDeletionError) -> YAMLNode? {
        guard let one, let other else { return one ?? other }
        guard var members = one.members, let additions = other.members else { return other }
        for (key, addition) in additions {
            if addition.members != nil, let member = members[key] {
                guard member.members != nil else {
                    throw malformed(member, "\(quoted(key.text)) must be a mapping, as it is in \(addition.file)")
                }
                members[key] = try merged(member, addition)
            } else {
                members[key] = addition
            }
        }
        return YAMLNode(value: .mapping(members), file: one.file, line: one.line)
    }

    /// The places at which openstacksdk looks for a file.
    private struct Search {
        let files: ConfigurationFiles
        let folders: [String]

        init(_ environment: [String: String], _ files: ConfigurationFiles) {
            var files = files
            while files.currentDirectory.hasSuffix("/") { files.currentDirectory.removeLast() }
            self.files = files
            let variable = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
            let home = variable("HOME") ?? files.homeDirectory
            let absolute = { (path: String) in path.hasPrefix("/") }
            #if os(macOS)
                let user = home.map { $0 + "/Library/Application Support" }
                let site = "/Library/Application Support"
            #else
                let user = home.map { $0 + "/.config" }
                let site = "/etc/xdg"
            #endif
            let sites = (variable("XDG_CONFIG_DIRS") ?? "").split(separator: ":").map(String.init).filter(absolute)
            folders = [
                files.currentDirectory,
                (variable("XDG_CONFIG_HOME").flatMap { absolute($0) ? $0 : nil } ?? user).map { $0 + "/openstack" },
                (variable("SNAP_REAL_HOME") ?? home).map { $0 + "/.config/openstack" },
                // openstacksdk looks into one folder, whose name has all of them in it if there are several.
                (sites.isEmpty ? [site] : sites).map { $0 + "/openstack" }.joined(separator: ":"),
                "/etc/openstack",
            ].compactMap { $0 }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }

        func paths(_ name: String, override: String? = nil) -> [String] {
            var paths = override.flatMap { $0.isEmpty ? nil : [absolute($0)] } ?? []
            for folder in folders {
                for suffix in ["yaml", "yml", "json"] {
                    let path = "\(folder)/\(name).\(suffix)"
                    if !paths.contains(path) { paths.append(path) }
                }
            }
            return paths
        }

        func isInCurrentFolder(_ path: String) -> Bool {
            path.hasPrefix(files.currentDirectory + "/")
                && !path.dropFirst(files.currentDirectory.utf8.count + 1).contains("/")
        }

        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(files.currentDirectory)/\(path)" }
    }
}

extension YAMLNode {
    /// The same value as `json`, without lines.
    fileprivate init(_ json: JSONValue, file: String) {
        self.init(value: .plain(""), file: file, line: nil)
        switch json {
        case .null: break
        case .flag(let flag): value = .plain("\(flag)")
        case .number(let digits):
            // YAML reads 1e3 as a text; here, it is a number that Python prints in another way.
            let isCanonical = Scalar(plain: digits) == .text(digits) && !digits.contains { "eE".contains($0) }
            value = .plain(isCanonical ? digits : "0_0")
        case .text(let text): value = .text(text)
        case .list(let elements): value = .sequence(elements.map { YAMLNode($0, file: file) })
        case .object(let members):
            value = .mapping(
                Dictionary(members.map { ($0.key.exact, YAMLNode($0.value, file: file)) }) { $1 }
            )
        }
    }

    /// Whether there is a password, a token or another secret in it.
    fileprivate var hasSecret: Bool {
        let names: Set = ["password", "application_credential_secret", "token", "auth_token", "passcode"]
        if let elements { return elements.contains(where: \.hasSecret) }
        return members?.contains { key, node in
            node.hasSecret || names.contains(key.text) && node.scalar != nil && node.scalar != .null
        } ?? false
    }
}
