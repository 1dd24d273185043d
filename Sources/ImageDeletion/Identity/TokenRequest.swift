import ImageDeletionEssentials

/// The body of `POST /v3/auth/tokens`.
///
/// Keystone: "Password authentication with scoped authorization", "Authenticating with an Application Credential",
/// "Multi-step authentication"; Open Telekom Cloud: "Obtaining a User Token Through Password Authentication".
struct TokenRequest {
    /// The body; nil for a token from somewhere else and for an access key, which need no other token.
    let body: Data?

    init(_ credentials: Credentials) {
        var auth: [String: JSONValue] = [:]
        switch credentials.method {
        case .password(let user, let password, let passcode):
            let methods: [JSONValue?] = [password.map { _ in "password" }, passcode.map { _ in "totp" }]
            var identity: [String: JSONValue] = ["methods": .list(methods.compactMap { $0 })]
            if let password { identity["password"] = ["user": user.json(adding: ["password": .text(password.value)])] }
            if let passcode { identity["totp"] = ["user": user.json(adding: ["passcode": .text(passcode.value)])] }
            auth["identity"] = .object(identity)
            // A token that is exchanged for an agency's is for the user's own account as a whole: the permission to do
            // so (Agent Operator) belongs to no project.
            auth["scope"] =
                credentials.agency == nil
                ? credentials.project.map { ["project": $0.json] } : user.domain.map { ["domain": $0.json] }
        case .applicationCredential(let credential, let secret):
            // Bound to its project: to name a scope here is an error.
            auth["identity"] = [
                "methods": ["application_credential"],
                "application_credential": credential.json(adding: ["secret": .text(secret.value)]),
            ]
        case .token, .accessKey:
            body = nil
            return
        }
        body = try? JSONEncoder().encode(["auth": auth])
    }
}

extension Credentials.User {
    fileprivate var domain: Credentials.Domain? {
        if case .name(_, let domain) = self { domain } else { nil }
    }

    fileprivate func json(adding proof: [String: JSONValue] = [:]) -> JSONValue {
        switch self {
        case .id(let id): .object(proof.merging(["id": .text(id)]) { $1 })
        case .name(let name, let domain): .object(proof.merging(["name": .text(name), "domain": domain.json]) { $1 })
        }
    }
}

extension Credentials.ApplicationCredential {
    fileprivate func json(adding proof: [String: JSONValue]) -> JSONValue {
        switch self {
        case .id(let id): .object(proof.merging(["id": .text(id)]) { $1 })
        case .name(let name, let user): .object(proof.merging(["name": .text(name), "user": user.json()]) { $1 })
        }
    }
}

extension Credentials.Project {
    var json: JSONValue {
        if let id { return ["id": .text(id)] }
        var json: [String: JSONValue] = [:]
        json["name"] = name.map { .text($0) }
        json["domain"] = domain?.json
        return .object(json)
    }
}

extension Credentials.Domain {
    fileprivate var json: JSONValue {
        switch self {
        case .id(let id): ["id": .text(id)]
        case .name(let name): ["name": .text(name)]
        }
    }
}
