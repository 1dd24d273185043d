import ImageDeletionEssentials

/// The settings of the OpenStack client: its `OS_*` variables, or a cloud in `clouds.yaml`.
///
/// With `OS_CLOUD`, the settings are those of this cloud in `clouds.yaml`. The file is found and read as openstacksdk does:
/// see <doc:SigningIn>. Of the variables, only `OS_REGION_NAME` counts then, and chooses among the cloud's regions.
/// Without any `OS_*` variable, the only cloud of a `clouds.yaml` is used. Otherwise, these variables count:
///
/// - `OS_AUTH_URL`: the identity service, with or without `/v3`.
/// - `OS_USERNAME` or `OS_USER_ID`, `OS_PASSWORD`, `OS_PASSCODE`, `OS_USER_DOMAIN_NAME` or `OS_USER_DOMAIN_ID` (else
///   `OS_DOMAIN_NAME`, `OS_DOMAIN_ID`): who asks.
/// - `OS_PROJECT_NAME` or `OS_PROJECT_ID`, `OS_PROJECT_DOMAIN_NAME` or `OS_PROJECT_DOMAIN_ID`: whose images.
/// - `OS_APPLICATION_CREDENTIAL_ID` or `OS_APPLICATION_CREDENTIAL_NAME`, `OS_APPLICATION_CREDENTIAL_SECRET`: instead of
///   user, password and project.
/// - `OS_TOKEN`: a token from somewhere else, used as it is, never kept and never renewed.
/// - `OS_ACCESS_KEY`, `OS_SECRET_KEY`, and for a temporary key `OS_SECURITY_TOKEN`: an access key, which signs each
///   request (Open Telekom Cloud), instead of user and password. Without `OS_PROJECT_ID`, the project is looked up by
///   `OS_PROJECT_NAME`. Nothing is kept.
/// - `OS_AGENCY_NAME`, `OS_AGENCY_DOMAIN_NAME` or `OS_AGENCY_DOMAIN_ID`, `OS_DELEGATED_PROJECT`: with user and password,
///   an agency of another account (Open Telekom Cloud) and the name of that account's project, whose images are meant
///   instead of `OS_PROJECT_NAME`'s.
/// - `OS_CACERT`, `OS_CERT`, `OS_KEY`: certificates; see ``CertificateFiles``.
/// - `OS_REGION_NAME`, `OS_INTERFACE`, `OS_IMAGE_ENDPOINT_OVERRIDE`: which image service.
///
/// `OS_TENANT_NAME`, `OS_TENANT_ID` and `OS_ENDPOINT_TYPE` are older names of the same. `OS_AUTH_TYPE` says what counts
/// where several are set.
public struct OpenStackEnvironment: Sendable, Hashable {
    /// Who asks.
    package var credentials: Credentials
    /// Which endpoint of the image service is meant.
    package var endpoint: EndpointFilter
    /// The files of `OS_CACERT`, `OS_CERT` and `OS_KEY`. A transport of your own has to use them itself.
    public var certificates: CertificateFiles
    /// Where the credentials come from.
    public internal(set) var source = CredentialSource.variables
    /// What is set but has no effect, and what else people should know.
    public internal(set) var warnings: [SettingsWarning]

    /// Reads variables alone, without `clouds.yaml`.
    init(variables environment: [String: String], allowsHTTP: Bool) throws(ImageDeletionError) {
        var reader = VariableReader(environment)
        let method = reader.method()
        let override = reader.address("OS_IMAGE_ENDPOINT_OVERRIDE") { text throws(AddressFault) in
            try ServiceAddress.image(text, allowsHTTP: allowsHTTP)
        }
        let authURL = reader.address("OS_AUTH_URL") { text throws(AddressFault) in
            try ServiceAddress.identity(text, allowsHTTP: allowsHTTP)
        }
        if reader["OS_AUTH_URL"] == nil {
            if reader["OS_TOKEN"] == nil, !reader.usesAccessKey {
                reader.problems.insert(.missing(["OS_AUTH_URL"]), at: 0)
            } else if reader["OS_IMAGE_ENDPOINT_OVERRIDE"] == nil {
                reader.problems.insert(.missing(["OS_AUTH_URL", "OS_IMAGE_ENDPOINT_OVERRIDE"]), at: 0)
            }
        }
        let agency = reader.agency(of: method)
        let project = agency.map { reader.delegatedProject($0) } ?? reader.project()
        let isKnown = reader.usesAccessKey && project?.id != nil
        if project != nil, !isKnown, reader["OS_AUTH_URL"] == nil, reader.problems.isEmpty {
            // Nobody else can tell which project the token is for, or which ID the project has.
            reader.problems = [.missing(["OS_AUTH_URL"])]
        }
        let interface = reader.interface()
        reader.refuseWhatWouldMeanAnotherScope()
        let certificates = reader.certificates()
        guard let method, reader.problems.isEmpty else { throw .configuration(reader.problems) }
        credentials = Credentials(authURL: authURL, method: method, project: project, agency: agency)
        endpoint = EndpointFilter(
            override: override,
            region: reader["OS_REGION_NAME"],
            interface: interface,
            allowsHTTP: allowsHTTP
        )
        self.certificates = certificates
        warnings = reader.warnings
    }
}

/// Reads one variable after the other and collects what is wrong on the way.
struct VariableReader {
    private let environment: [String: String]
    var problems: [ConfigurationProblem] = []
    /// Whether the project has to be named, because the credentials do not bring their own.
    var needsProject = false
    /// Whether requests are signed with an access key.
    var usesAccessKey = false

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    subscript(name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The value of the first of `names` that is set; where it is needed and none is, that is a problem.
    mutating func value(_ names: String..., needed: Bool = true) -> String? {
        if let value = names.compactMap({ self[$0] }).first { return value }
        if needed { problems.append(.missing(names)) }
        return nil
    }

    /// The value of a variable that has an older name.
    private mutating func value(_ name: String, older: String, normalized: (String) -> String = { $0 }) -> String? {
        if let new = self[name], let old = self[older], normalized(new) != normalized(old) {
            problems.append(.contradictory([name, older]))
        }
        return self[name] ?? self[older]
    }

    mutating func address(_ name: String, _ read: (String) throws(AddressFault) -> URL) -> URL? {
        guard let text = self[name] else { return nil }
        do {
            return try read(text)
        } catch {
            problems.append(.address(source: name, value: ServiceAddress.told(text), error))
            return nil
        }
    }

    mutating func method() -> Credentials.Method? {
        let hasApplicationCredential = ["ID", "NAME", "SECRET"]
            .contains { self["OS_APPLICATION_CREDENTIAL_\($0)"] != nil }
        switch self["OS_AUTH_TYPE"] {
        case nil:
            if hasAccessKey { return accessKey() }
            if let token = self["OS_TOKEN"] { return .token(Secret(token)) }
            guard hasApplicationCredential else { return password() }
            if self["OS_PASSWORD"] != nil {
                problems.append(.contradictory(["OS_APPLICATION_CREDENTIAL_SECRET", "OS_PASSWORD"]))
            }
            return applicationCredential()
        case "token", "v3token": return value("OS_TOKEN").map { .token(Secret($0)) }
        case "v3applicationcredential": return applicationCredential()
        case "password", "v3password", "v3totp", "v3multifactor": return password()
        case .some(let type):
            problems.append(.unsupported(variable: "OS_AUTH_TYPE", value: type))
            return nil
        }
    }

    private mutating func password() -> Credentials.Method? {
        needsProject = true
        let user = user()
        let password = self["OS_PASSWORD"].map { Secret($0) }
        let passcode = self["OS_PASSCODE"].map { Secret($0) }
        if password == nil, passcode == nil { problems.append(.missing(["OS_PASSWORD"])) }
        return user.map { .password($0, password: password, passcode: passcode) }
    }

    private mutating func applicationCredential() -> Credentials.Method? {
        let id = value("OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME")
        let secret = value("OS_APPLICATION_CREDENTIAL_SECRET")
        guard let id else { return nil }
        if self["OS_APPLICATION_CREDENTIAL_ID"] != nil {
            return secret.map { .applicationCredential(.id(id), secret: Secret($0)) }
        }
        guard let user = user(), let secret else { return nil }
        return .applicationCredential(.name(id, user: user), secret: Secret(secret))
    }

    private mutating func user() -> Credentials.User? {
        if let id = self["OS_USER_ID"] { return .id(id) }
        let name = value("OS_USERNAME", "OS_USER_ID")
        let domain = userDomain
        if domain == nil { problems.append(.missing(["OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID"])) }
        guard let name, let domain else { return nil }
        return .name(name, domain: domain)
    }

    mutating func project() -> Credentials.Project? {
        let id = value("OS_PROJECT_ID", older: "OS_TENANT_ID")
        let name = value("OS_PROJECT_NAME", older: "OS_TENANT_NAME")
        var domain = domain("OS_PROJECT_DOMAIN")
        if needsProject, !hasAgency, id == nil {
            guard name != nil else {
                problems.append(.missing(["OS_PROJECT_NAME", "OS_PROJECT_ID"]))
                return nil
            }
            domain = domain ?? userDomain
            // Without OS_USER_ID, what is missing is the user's domain, which is reported already.
            if domain == nil, !usesAccessKey, self["OS_USER_ID"] != nil {
                problems.append(.missing(["OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID"]))
            }
        }
        if id == nil, name == nil, domain == nil { return nil }
        return Credentials.Project(id: id, name: name, domain: domain)
    }

    func domain(_ prefix: String) -> Credentials.Domain? {
        self["\(prefix)_ID"].map { .id($0) } ?? self["\(prefix)_NAME"].map { .name($0) }
    }

    private var userDomain: Credentials.Domain? { domain("OS_USER_DOMAIN") ?? domain("OS_DOMAIN") }

    mutating func interface() -> String {
        let given = value("OS_INTERFACE", older: "OS_ENDPOINT_TYPE", normalized: EndpointFilter.name)
        let name = EndpointFilter.name(given)
        if !["public", "internal", "admin"].contains(name) {
            problems.append(.unsupported(variable: "OS_INTERFACE", value: given ?? ""))
        }
        return name
    }

    mutating func certificates() -> CertificateFiles {
        if self["OS_KEY"] != nil, self["OS_CERT"] == nil { problems.append(.missing(["OS_CERT"])) }
        return CertificateFiles(authorities: self["OS_CACERT"], certificate: self["OS_CERT"], key: self["OS_KEY"])
    }

    /// Settings under which another client would delete as somebody else or elsewhere, and this one cannot.
    mutating func refuseWhatWouldMeanAnotherScope() {
        for name in ["OS_SYSTEM_SCOPE", "OS_TRUST_ID"] {
            if let value = self[name] { problems.append(.unsupported(variable: name, value: value)) }
        }
        for (name, version) in [("OS_IDENTITY_API_VERSION", "3"), ("OS_IMAGE_API_VERSION", "2")] {
            if let value = self[name], !value.hasPrefix(version), !value.hasPrefix("v" + version) {
                problems.append(.unsupported(variable: name, value: value))
            }
        }
    }

    /// Settings without effect here, whose absence another client would make felt.
    var warnings: [SettingsWarning] {
        let off = ["false", "0", "no", "off"]
        let unused = ["OS_DEFAULT_DOMAIN", "OS_INSECURE"].filter { name in
            self[name].map { !off.contains($0.lowercased()) } ?? false
        }
        return (unused + ignoredNames).map(SettingsWarning.ignoredVariable)
    }
}
