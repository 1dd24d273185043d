import ImageDeletionEssentials

/// One cloud of `clouds.yaml`, translated into the variables that mean the same.
///
/// The order of precedence is openstacksdk's, with its exceptions: a project or a domain counts beside `auth` more than
/// in it, a user or a password less.
package struct Cloud: Sendable {
    /// The name in the file.
    package let name: String
    /// The variables and their values.
    package private(set) var variables: [String: String] = [:]
    /// What is understood, but not supported.
    private(set) var refusals: [ConfigurationProblem] = []
    /// The key of each variable and the node of its value.
    private var origins: [String: (key: String, node: YAMLNode)] = [:]
    private var faults: [ConfigurationProblem] = []
    let layers: CloudLayers

    /// Translates the settings of a cloud.
    ///
    /// - Parameters:
    ///   - layers: The settings.
    ///   - home: The user's home folder.
    /// - Throws: ``ImageDeletionError/Code/configuration`` for values that cannot be meant.
    init(_ layers: CloudLayers, home: String?) throws(ImageDeletionError) {
        (name, self.layers) = (layers.name, layers)
        translate(region: layers.region.name, home: home)
        if !faults.isEmpty { throw .configuration(faults) }
    }

    // MARK: Settings

    private mutating func translate(region: String, home: String?) {
        set("OS_REGION_NAME", "region_name", layers.region.node, region)
        if region.contains(where: { "{}".contains($0) }) {
            fault(layers.region.node, "a region's name must have no braces")
        }
        let type = layers["auth_type"].map { text($0, "auth_type", mayBeNull: true) ?? "" } ?? "password"
        guard !CloudKeys.allowed(for: type).isEmpty else {
            return refuse(.unsupported(variable: "auth_type", value: type), at: layers["auth_type"] ?? layers.cloud)
        }
        variables["OS_AUTH_TYPE"] = type

        translateScope()
        translateIdentity(type, region: region)
        checkAuth(type)
        let isNameAlone = ["OS_USER_DOMAIN_ID", "OS_USER_DOMAIN_NAME"].allSatisfy { variables[$0] == nil }
        if type.hasPrefix("v3"), variables["OS_USERNAME"] != nil, variables["OS_USER_ID"] != nil, isNameAlone {
            refuse(.missing(["auth.user_domain_name", "auth.user_domain_id"]), at: layers.cloud)
        }
        translateDefaultDomain(type)

        for key in ["image_endpoint_override", "image_endpoint"] where variables["OS_IMAGE_ENDPOINT_OVERRIDE"] == nil {
            take(key, as: "OS_IMAGE_ENDPOINT_OVERRIDE", region: region)
        }
        let interface = ["endpoint_type", "interface"].first { layers[$0] != nil }
        if let interface { take(interface, as: "OS_INTERFACE", region: region) }
        for key in ["identity_api_version", "image_api_version"] {
            take(key, as: "OS_" + key.uppercased(), region: region)
        }
        for key in ["cacert", "cert", "key"] {
            take(key, as: "OS_" + key.uppercased(), region: region)
            expandHome("OS_" + key.uppercased(), home)
        }
        checkVerification()
        checkServices()
        checkTemplates(type)
    }

    /// Project, domain, token and passcode: beside `auth`, they count more than in it, and a newer name more than an
    /// older one.
    private mutating func translateScope() {
        for (key, older) in CloudKeys.scope {
            var last: (key: String, node: YAMLNode)?
            for name in [older, key].compactMap({ $0 }) {
                if let node = layers[auth: name] { last = ("auth.\(name)", node) }
                if let node = layers[name] { last = (name, node) }
            }
            if let last { set("OS_" + key.uppercased(), last.key, last.node, text(last.node, last.key)) }
        }
        // A domain is that of the user and of the project, where there is one.
        guard variables["OS_PROJECT_ID"] != nil || variables["OS_PROJECT_NAME"] != nil else { return }
        for part in ["ID", "NAME"] {
            guard let domain = variables.removeValue(forKey: "OS_DOMAIN_\(part)") else { continue }
            for name in ["OS_USER_DOMAIN_\(part)", "OS_PROJECT_DOMAIN_\(part)"] where variables[name] == nil {
                variables[name] = domain
                origins[name] = origins["OS_DOMAIN_\(part)"]
            }
        }
    }

    /// Everything else in `auth`, which counts more than beside it.
    private mutating func translateIdentity(_ type: String, region: String) {
        for key in CloudKeys.identity where CloudKeys.allowed(for: type).contains(key) {
            let names = key == "username" ? [key, "user_name"] : [key]
            let places = [
                names.first { layers[auth: $0] != nil }.map { (key: "auth.\($0)", node: layers[auth: $0]) },
                names.first { layers[$0] != nil }.map { (key: $0, node: layers[$0]) },
            ]
            for place in places.compactMap({ $0 }) where variables["OS_" + key.uppercased()] == nil {
                guard let node = place.node, var value = text(node, place.key) else { continue }
                if place.key == "auth.auth_url" {
                    value = expanded(value, region) ?? ""
                } else if key == "auth_url", value.contains(where: { "{}".contains($0) }) {
                    fault(node, "auth_url must be in auth for “{region_name}” to be replaced")
                }
                set("OS_" + key.uppercased(), place.key, node, value)
            }
        }
    }

    /// A key that does not go with the way to sign in would be passed over, or a typing error.
    private mutating func checkAuth(_ type: String) {
        let allowed = CloudKeys.allowed(for: type)
        for (key, node) in layers.all.compactMap({ $0["auth"]?.members }).joined().sorted(by: { $0.key < $1.key })
        where !allowed.contains(key.text) {
            // openstacksdk drops these, if they are empty.
            if node.scalar == .text(""), CloudKeys.scope.contains(where: { [$0.key, $0.older].contains(key.text) }) {
                continue
            }
            fault(node, "unknown key \(quoted(key.text)) in auth for auth_type \(quoted(type))")
        }
        for key in ["token", "auth_token", "passcode"] where !allowed.contains(key) {
            if let node = layers[key], node.scalar != .text("") {
                fault(node, "\(key) does not go with auth_type \(quoted(type))")
            }
        }
    }

    /// A default domain is that of the user or the project, where they have none.
    private mutating func translateDefaultDomain(_ type: String) {
        for part in ["ID", "NAME"] {
            guard let domain = variables.removeValue(forKey: "OS_DEFAULT_DOMAIN_\(part)") else { continue }
            let names = ["OS_PROJECT_DOMAIN_\(part)"] + (type == "token" ? [] : ["OS_USER_DOMAIN_\(part)"])
            for name in names where variables[name] == nil {
                variables[name] = domain
                origins[name] = origins["OS_DEFAULT_DOMAIN_\(part)"]
            }
        }
    }

    /// Takes over a setting beside `auth`, in which openstacksdk replaces templates.
    private mutating func take(_ key: String, as variable: String, region: String) {
        guard let node = layers[key], let value = text(node, key, mayBeNull: true) else { return }
        set(variable, key, node, expanded(value, region))
    }

    private mutating func set(_ variable: String, _ key: String, _ node: YAMLNode, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        variables[variable] = value
        origins[variable] = (key, node)
    }

    /// Replaces the user's home folder, as a shell does.
    private mutating func expandHome(_ variable: String, _ home: String?) {
        guard let path = variables[variable], path.hasPrefix("~"), let origin = origins[variable] else { return }
        guard path == "~" || path.hasPrefix("~/"), var home else {
            return fault(origin.node, "write the path in \(origin.key) without “~”")
        }
        while home.hasSuffix("/") { home.removeLast() }
        variables[variable] = home + path.dropFirst()
    }

    private mutating func checkVerification() {
        if let node = layers["verify"], node.scalar != .flag(true) { refuse(.unverified(key: "verify"), at: node) }
        guard let node = layers["insecure"], ![.flag(false), .null].contains(node.scalar) else { return }
        if case .text(let text) = node.scalar, text.lowercased() == "false" { return }
        refuse(.unverified(key: "insecure"), at: node)
    }

    /// Refuses another region or interface for one service: what is in use would be looked up elsewhere.
    private mutating func checkServices() {
        for service in CloudKeys.services {
            for (key, variable) in [
                ("interface", "OS_INTERFACE"), ("endpoint_type", "OS_INTERFACE"), ("region_name", "OS_REGION_NAME"),
            ] {
                let name = "\(service)_\(key)"
                guard let node = layers[name], node.scalar != .null, let value = text(node, name) else { continue }
                let isSame =
                    key == "region_name"
                    ? value.exact == (variables[variable] ?? "").exact
                    : EndpointFilter.name(value) == EndpointFilter.name(variables[variable])
                if !isSame { refuse(.unsupported(variable: name, value: value), at: node) }
            }
        }
    }

    // MARK: Texts

    static let notText = "must be a string; put the value in quotes"

    private mutating func text(_ node: YAMLNode, _ key: String, mayBeNull: Bool = false) -> String? {
        if case .text(let text) = node.scalar { return text }
        if mayBeNull, node.scalar == .null { return nil }
        fault(node, "\(key) \(Self.notText)")
        return nil
    }

    /// Returns `text` with the region's name in its place; nil for any other template.
    private func expanded(_ text: String, _ region: String) -> String? {
        let text = text.replacing("{region_name}", with: region)
        return text.contains { "{}".contains($0) } ? nil : text
    }

    /// openstacksdk takes braces for templates in every text beside `auth`, and in the auth URL.
    private mutating func checkTemplates(_ type: String) {
        var nodes = layers.all.flatMap { $0.members ?? [:] }
            .filter { !CloudKeys.allowed(for: type).contains($0.key.text) }.map { ($0.key.text, $0.value) }
        if let node = layers[auth: "auth_url"] { nodes.append(("auth.auth_url", node)) }
        for (key, node) in nodes.sorted(by: { $0.0 < $1.0 }) {
            guard case .text(let text) = node.scalar, expanded(text, "") == nil else { continue }
            fault(node, "\(printable(key, limit: 60)): no template other than “{region_name}” is supported")
        }
    }

    // MARK: Problems

    private mutating func fault(_ node: YAMLNode, _ reason: String) {
        let problem = ConfigurationProblem.cloudsFile(
            path: node.file,
            line: node.line,
            reason: "cloud \(quoted(name)): \(reason)"
        )
        if !faults.contains(problem) { faults.append(problem) }
    }

    private mutating func refuse(_ problem: ConfigurationProblem, at node: YAMLNode) {
        refusals.append(.cloud(name, file: node.file, line: node.line, problem))
    }

    /// Returns `problem`, which is about the variables, in the words of the file.
    func located(_ problem: ConfigurationProblem) -> ConfigurationProblem {
        let node = problem.settings.compactMap { origins[$0]?.node }.first ?? layers.cloud
        return .cloud(
            name,
            file: node.file,
            line: node.line,
            problem.renamed { origins[$0]?.key ?? CloudKeys.key(of: $0) }
        )
    }
}
