package import Foundation

/// Who asks, where, and for which project: what the identity service needs to know before it gives a token.
package struct Credentials: Sendable, Hashable {
    /// The identity service, ending in `/v3`. Only nil with ``Method/token(_:)`` and an endpoint override.
    package var authURL: URL?
    /// How the identity is proved.
    package var method: Method
    /// The project whose images are meant. An application credential or a token has its own.
    package var project: Project?

    /// Credentials of these parts.
    package init(authURL: URL?, method: Method, project: Project? = nil) {
        self.authURL = authURL
        self.method = method
        self.project = project
    }

    /// How the identity is proved.
    package enum Method: Sendable, Hashable {
        /// A password, a TOTP passcode, or both where the account asks for both. At least one of them is there.
        case password(User, password: Secret?, passcode: Secret?)
        /// An application credential, by ID, or by name with its user.
        case applicationCredential(ApplicationCredential, secret: Secret)
        /// A token from somewhere else, used as it is.
        case token(Secret)
    }

    /// A user, by ID or by name within a domain.
    package enum User: Sendable, Hashable {
        /// By ID, which is enough.
        case id(String)
        /// By name, which is unique within its domain.
        case name(String, domain: Domain)
    }

    /// An application credential, by ID or by name of its user.
    package enum ApplicationCredential: Sendable, Hashable {
        /// By ID, which is enough.
        case id(String)
        /// By name, which is unique among its user's.
        case name(String, user: User)
    }

    /// A project, by ID or by name within a domain. The domain may be left out where the project is only compared
    /// with that of a token, which an application credential or ``Method/token(_:)`` brings along.
    package enum Project: Sendable, Hashable {
        /// By ID, which is enough.
        case id(String)
        /// By name, which is unique within its domain.
        case name(String, domain: Domain?)
    }

    /// A domain, by ID or by name.
    package enum Domain: Sendable, Hashable {
        /// By ID.
        case id(String)
        /// By name.
        case name(String)
    }

    /// Who asks, for people; nil for a token, which does not say.
    var userName: String? {
        switch method {
        case .password(.id(let name), _, _), .password(.name(let name, _), _, _): name
        case .applicationCredential(.id(let name), _), .applicationCredential(.name(let name, _), _): name
        case .token: nil
        }
    }

    /// Everything in here that nobody may see.
    var secrets: [Secret] {
        switch method {
        case .password(_, let password, let passcode): [password, passcode].compactMap { $0 }
        case .applicationCredential(_, let secret): [secret]
        case .token(let token): [token]
        }
    }
}
