import Foundation

/// The body of `POST /v3/auth/tokens`.
///
/// Keystone: "Password authentication with scoped authorization", "Authenticating with an Application Credential",
/// "Multi-step authentication"; Open Telekom Cloud: "Obtaining a User Token Through Password Authentication".
struct TokenRequest {
    /// The body; nil for a token from somewhere else, for which there is nothing to ask.
    let body: Data?

    init(_ credentials: Credentials) {
        var auth: [String: Any] = [:]
        switch credentials.method {
        case .password(let user, let password, let passcode):
            var identity: [String: Any] = [
                "methods": [password.map { _ in "password" }, passcode.map { _ in "totp" }]
                    .compactMap { $0 }
            ]
            if let password { identity["password"] = ["user": user.json(adding: ["password": password.value])] }
            if let passcode { identity["totp"] = ["user": user.json(adding: ["passcode": passcode.value])] }
            auth["identity"] = identity
            auth["scope"] = credentials.project.map { ["project": $0.json] }
        case .applicationCredential(let credential, let secret):
            // Bound to its project: to name a scope here is an error.
            auth["identity"] = [
                "methods": ["application_credential"],
                "application_credential": credential.json(adding: ["secret": secret.value]),
            ]
        case .token:
            body = nil
            return
        }
        body = try? JSONSerialization.data(withJSONObject: ["auth": auth])
    }
}

extension Credentials.User {
    fileprivate func json(adding proof: [String: Any]) -> [String: Any] {
        switch self {
        case .id(let id): proof.merging(["id": id]) { $1 }
        case .name(let name, let domain): proof.merging(["name": name, "domain": domain.json]) { $1 }
        }
    }
}

extension Credentials.ApplicationCredential {
    fileprivate func json(adding proof: [String: Any]) -> [String: Any] {
        switch self {
        case .id(let id): proof.merging(["id": id]) { $1 }
        case .name(let name, let user): proof.merging(["name": name, "user": user.json(adding: [:])]) { $1 }
        }
    }
}

extension Credentials.Project {
    fileprivate var json: [String: Any] {
        if let id { return ["id": id] }
        var json: [String: Any] = [:]
        json["name"] = name
        json["domain"] = domain?.json
        return json
    }
}

extension Credentials.Domain {
    fileprivate var json: [String: Any] {
        switch self {
        case .id(let id): ["id": id]
        case .name(let name): ["name": name]
        }
    }
}
