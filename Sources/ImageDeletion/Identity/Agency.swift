import ImageDeletionEssentials

extension Credentials {
    /// An agency (Open Telekom Cloud), by which an account lets users of another one act in its projects.
    package struct Agency: Sendable, Hashable {
        /// The name, which is unique within its domain.
        package var name: String
        /// The domain of the account that created it.
        package var domain: Domain

        /// An agency of these parts.
        package init(name: String, domain: Domain) {
            self.name = name
            self.domain = domain
        }
    }
}

extension Credentials.Agency {
    /// The request that exchanges a user's token for one of the agency in `project`: `POST /v3/auth/tokens`.
    ///
    /// Open Telekom Cloud: "Obtaining an Agency Token". Its table of parameters names the agency `agency_name`; its
    /// examples and all public clients, `xrole_name`.
    func request(to authURL: URL, with token: Secret, for project: Credentials.Project?) -> ServiceRequest {
        var role: [String: JSONValue] = ["xrole_name": .text(name)]
        switch domain {
        case .id(let id): role["domain_id"] = .text(id)
        case .name(let name): role["domain_name"] = .text(name)
        }
        var auth: [String: JSONValue] = ["identity": ["methods": ["assume_role"], "assume_role": .object(role)]]
        auth["scope"] = project.map { ["project": $0.json] }
        return ServiceRequest(
            service: .identity,
            method: "POST",
            endpoint: authURL,
            path: "auth/tokens",
            headers: ["X-Auth-Token": token.value],
            body: try? JSONEncoder().encode(["auth": auth]),
            expects: [200, 201],
            secrets: [token]
        )
    }

    /// Returns what `error`, the failure of that request, means.
    func meaning(of error: ImageDeletionError) -> ImageDeletionError {
        guard var failure = error.serviceError else { return error }
        // The password was processed: no further attempt counts as a wrong one.
        failure.uncertainAttempts = 0
        guard let status = failure.status, [401, 403, 404].contains(status) else { return .service(failure) }
        return .configuration([.agencyRefused(name: name, failure)])
    }
}
