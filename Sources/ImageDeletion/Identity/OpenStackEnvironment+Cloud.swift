extension OpenStackEnvironment {
    /// Reads the settings. A variable that is set to nothing counts as not set.
    ///
    /// - Parameters:
    ///   - environment: Variables and their values, like those of the process. Besides `OS_*`, only those count that say
    ///     where configuration files are, such as `HOME`.
    ///   - allowsHTTP: Whether `http` is taken for hosts that are not loopback addresses: token and password can be
    ///     read on the way there.
    /// - Throws: ``ImageDeletionError/Code/configuration`` with everything that is wrong, not just the first of it.
    public init(_ environment: [String: String], allowsHTTP: Bool = false) throws(ImageDeletionError) {
        try self.init(environment, files: .system, allowsHTTP: allowsHTTP)
    }

    /// Reads the settings, and `clouds.yaml` among `files`.
    package init(
        _ environment: [String: String],
        files: ConfigurationFiles,
        allowsHTTP: Bool = false
    ) throws(ImageDeletionError) {
        guard let cloud = try Cloud(chosenBy: environment, among: files) else {
            try self.init(variables: environment, allowsHTTP: allowsHTTP)
            return
        }
        // An unknown way to sign in says nothing about what is missing.
        guard cloud.variables["OS_AUTH_TYPE"] != nil else { throw .configuration(cloud.refusals) }
        do { try self.init(variables: cloud.variables, allowsHTTP: allowsHTTP) } catch {
            guard case .configuration(let problems) = error.reason else { throw error }
            throw .configuration(cloud.refusals + problems.map(cloud.located))
        }
        guard cloud.refusals.isEmpty else { throw .configuration(cloud.refusals) }
        source = .cloud(cloud.name, files: cloud.layers.paths)
        warnings += cloud.layers.warnings
        let ignored = environment.filter { Self.isIgnored($0.key) && !$0.value.isEmpty }.keys.sorted()
        if !ignored.isEmpty { warnings.append(.ignoredVariables(ignored, cloud: cloud.name)) }
    }

    /// Whether a variable would count without a cloud.
    private static func isIgnored(_ name: String) -> Bool {
        let parts = [
            "ACCESS_KEY", "AGENCY", "APPLICATION_CREDENTIAL", "AUTH", "CACERT", "CERT", "DEFAULT_DOMAIN",
            "DELEGATED_PROJECT", "DOMAIN", "ENDPOINT_TYPE", "IDENTITY_API_VERSION", "IMAGE_", "INSECURE", "INTERFACE",
            "KEY", "PASS", "PROJECT", "SECRET_KEY", "SECURITY_TOKEN", "SYSTEM_SCOPE", "TENANT", "TOKEN", "TRUST_ID",
            "USER",
        ]
        return parts.contains { name.hasPrefix("OS_" + $0) }
    }
}

extension Cloud {
    /// Translates the cloud that `environment` chooses.
    ///
    /// - Returns: nil if the settings are the variables themselves.
    package init?(
        chosenBy environment: [String: String],
        among files: ConfigurationFiles
    ) throws(ImageDeletionError) {
        guard Self.mayBeChosen(by: environment) else { return nil }
        var file = try CloudsFile(environment, files)
        guard let name = try Self.name(environment, file), let node = file.clouds[name.exact] else { return nil }
        let region = environment["OS_REGION_NAME"].flatMap { $0.isEmpty ? nil : $0 }
        let layers = try CloudLayers(name, node, region: region, in: &file)
        try self.init(layers, home: environment["HOME"] ?? files.homeDirectory)
    }

    /// The variables that choose a cloud, and none of whose settings.
    private static let selectors: Set = [
        "OS_CLOUD", "OS_CLOUD_NAME", "OS_REGION_NAME", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE",
    ]

    /// Whether the settings are those of a cloud, if there is one. Like openstacksdk, does not guess from the only cloud
    /// of a file where any variable is set.
    private static func mayBeChosen(by environment: [String: String]) -> Bool {
        if let name = environment["OS_CLOUD"], !name.isEmpty { return name.exact != variablesName(environment).exact }
        return environment.keys.allSatisfy { name in
            !name.hasPrefix("OS_") || selectors.contains(name)
                || ["OS_TEST", "OS_STD", "OS_LOG"].contains(where: name.hasPrefix)
        }
    }

    /// The name of the cloud that the variables describe.
    private static func variablesName(_ environment: [String: String]) -> String {
        environment["OS_CLOUD_NAME"] ?? "envvars"
    }

    /// Returns the name of the cloud that is meant; nil if the files have none and none was asked for.
    private static func name(
        _ environment: [String: String],
        _ file: CloudsFile
    ) throws(ImageDeletionError) -> String? {
        if let node = file.clouds[variablesName(environment).exact] {
            throw CloudsFile.malformed(
                node,
                "\(quoted(variablesName(environment))) is the name of the cloud that the OS_ variables describe"
            )
        }
        let names = file.clouds.keys.map(\.text).sorted()
        guard let name = environment["OS_CLOUD"], !name.isEmpty else {
            if names.count > 1 { throw .configuration([.cloudNeeded(clouds: names, files: file.paths)]) }
            return names.first
        }
        guard file.clouds[name.exact] != nil else {
            throw .configuration([
                .unknownCloud(name, clouds: names, files: file.paths, searched: file.searched)
            ])
        }
        return name
    }
}
