import ImageDeletionEssentials

/// Variables that OpenStack does not know.
extension VariableReader {
    private static let accessKeyNames = ["OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN"]

    private static let agencyNames = [
        "OS_AGENCY_NAME", "OS_AGENCY_DOMAIN_NAME", "OS_AGENCY_DOMAIN_ID", "OS_DELEGATED_PROJECT",
    ]

    /// Other proofs of who asks. An access key that is not used could be the one that was meant.
    private static let otherProofs = [
        "OS_TOKEN", "OS_PASSWORD", "OS_PASSCODE", "OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME",
        "OS_APPLICATION_CREDENTIAL_SECRET",
    ]

    private func set(_ names: [String]) -> [String] { names.filter { self[$0] != nil } }

    /// Whether any part of an access key is set.
    var hasAccessKey: Bool { !set(Self.accessKeyNames).isEmpty }

    /// Whether any part of an agency is set.
    var hasAgency: Bool { !set(Self.agencyNames).isEmpty }

    /// The variables that are set and have no effect beside an access key, an agency, or `OS_AUTH_TYPE`.
    var ignoredNames: [String] {
        if !usesAccessKey { return set(Self.accessKeyNames) + set(hasAgency ? Self.projectNames : []) }
        // The ID alone says which project is meant.
        return self["OS_PROJECT_ID"] == nil ? [] : set(["OS_PROJECT_NAME", "OS_TENANT_NAME", "OS_PROJECT_DOMAIN_NAME"])
    }

    private static let projectNames = ["OS_PROJECT_ID", "OS_PROJECT_NAME", "OS_TENANT_ID", "OS_TENANT_NAME"]

    mutating func accessKey() -> Credentials.Method? {
        usesAccessKey = true
        needsProject = true
        let others = set(Self.otherProofs)
        if !others.isEmpty { problems.append(.contradictory(set(Self.accessKeyNames).prefix(1) + others)) }
        let id = value("OS_ACCESS_KEY")
        let secret = value("OS_SECRET_KEY").map { Secret($0) }
        let securityToken = self["OS_SECURITY_TOKEN"].map { Secret($0) }
        let parts = zip(Self.accessKeyNames, [id.map { Secret($0) }, secret, securityToken])
        // The parts of the header with the ID are separated by commas.
        let faults = parts.filter { $1.map { !$0.fitsHeader || $0.value.contains(",") } ?? false }
        problems += faults.map { name, _ in .malformed(variable: name) }
        // It is sent in a header of its own.
        if let id = self["OS_PROJECT_ID"], !Secret(id).fitsHeader {
            problems.append(.malformed(variable: "OS_PROJECT_ID"))
        }
        guard let id, let secret else { return nil }
        return .accessKey(Credentials.AccessKey(id: id, secret: secret, securityToken: securityToken))
    }

    /// The agency that is to be used with `method`; nil for none.
    mutating func agency(of method: Credentials.Method?) -> Credentials.Agency? {
        guard hasAgency else { return nil }
        switch method {
        case .password, nil: break
        case .token, .applicationCredential, .accessKey:
            // An agency is used with a password only.
            problems.append(
                .contradictory([Self.agencyNames, Self.accessKeyNames + Self.otherProofs].compactMap { set($0).first })
            )
        }
        let name = value("OS_AGENCY_NAME")
        let domain = domain("OS_AGENCY_DOMAIN")
        if domain == nil { problems.append(.missing(["OS_AGENCY_DOMAIN_NAME", "OS_AGENCY_DOMAIN_ID"])) }
        _ = value("OS_DELEGATED_PROJECT")
        guard let name, let domain else { return nil }
        return Credentials.Agency(name: name, domain: domain)
    }

    /// The project of the other account, whose images are meant.
    func delegatedProject(_ agency: Credentials.Agency) -> Credentials.Project {
        Credentials.Project(name: self["OS_DELEGATED_PROJECT"], domain: agency.domain)
    }
}
