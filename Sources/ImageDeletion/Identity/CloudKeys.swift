import ImageDeletionEssentials

/// The keys of a cloud in `clouds.yaml`.
enum CloudKeys {
    /// The keys of project, domain, token and passcode, each with its older name.
    static let scope: [(key: String, older: String?)] = [
        ("domain_id", nil), ("domain_name", nil), ("user_domain_id", nil), ("user_domain_name", nil),
        ("project_domain_id", nil), ("project_domain_name", nil), ("token", "auth_token"), ("passcode", nil),
        ("project_id", "tenant_id"), ("project_name", "tenant_name"),
    ]

    /// The other keys of `auth`.
    static let identity = [
        "auth_url", "username", "user_id", "password", "application_credential_id", "application_credential_name",
        "application_credential_secret", "system_scope", "trust_id", "default_domain_id", "default_domain_name",
    ]

    /// The services that are asked something, by all their names.
    static let services = [
        "image", "compute", "block_storage", "block_store", "volume", "volumev2", "volumev3",
    ]

    /// The keys beside `auth` that mean something here.
    private static let settings = [
        "auth_type", "region_name", "regions", "interface", "endpoint_type", "image_endpoint_override",
        "image_endpoint", "identity_api_version", "image_api_version", "verify", "insecure", "cacert", "cert", "key",
        "profile", "user_name", "tenant_id", "tenant_name", "auth_token",
    ]

    /// All keys that mean something here.
    static let all = Set(scope.map(\.key) + identity + settings)

    /// Returns the keys of `auth` that go with an `auth_type`; none for one that is not supported.
    static func allowed(for type: String) -> Set<String> {
        let base: Set = [
            "auth_url", "system_scope", "domain_id", "domain_name", "project_id", "project_name", "project_domain_id",
            "project_domain_name", "trust_id", "tenant_id", "tenant_name",
        ]
        let user: Set = ["user_id", "username", "user_name", "user_domain_id", "user_domain_name"]
        let defaults: Set = ["default_domain_id", "default_domain_name"]
        switch type {
        case "password": return base.union(user).union(defaults).union(["password"])
        case "v3password": return base.union(user).union(["password"])
        case "token": return base.union(defaults).union(["token", "auth_token"])
        case "v3token": return base.union(["token", "auth_token"])
        case "v3totp": return base.union(user).union(["passcode"])
        case "v3applicationcredential":
            return base.union(user).union([
                "application_credential_id", "application_credential_name", "application_credential_secret",
            ])
        default: return []
        }
    }

    /// Returns the key for a variable of the OpenStack client.
    static func key(of variable: String) -> String {
        let key = variable.replacing(/^OS_/, with: "").lowercased()
        return settings.contains(key) ? key : "auth.\(key)"
    }
}

/// The profiles of clouds that need no file.
enum CloudProfiles {
    static let builtIn: [String: YAMLNode] = {
        let text = """
            otc:
              auth: {auth_url: "https://iam.{region_name}.otc.t-systems.com/v3"}
              regions: [eu-de, eu-nl]
              interface: public
              identity_api_version: "3"
            otc-swiss:
              auth: {auth_url: "https://iam-pub.eu-ch2.sc.otc.t-systems.com/v3"}
              regions: [eu-ch2]
              interface: public
              identity_api_version: "3"
            """
        let profiles = try? YAMLReader.read(Data(text.utf8), file: "the built-in profiles")?.members
        return Dictionary(uniqueKeysWithValues: (profiles ?? [:]).map { ($0.key.text, $0.value) })
    }()
}
