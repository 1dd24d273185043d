package import ImageDeletionEssentials

/// Who asks, where, and for which project: what the identity service needs to know before it gives a token.
package struct Credentials: Sendable, Hashable {
    /// The identity service, ending in `/v3`. Only nil with ``Method/token(_:)`` or ``Method/accessKey(_:)``, and an
    /// endpoint override.
    package var authURL: URL?
    /// How the identity is proved.
    package var method: Method
    /// The project whose images are meant. An application credential or a token has its own.
    package var project: Project?
    /// The agency whose project that is; nil for a project of the user's own account.
    package var agency: Agency?

    /// Credentials of these parts.
    package init(authURL: URL?, method: Method, project: Project? = nil, agency: Agency? = nil) {
        self.authURL = authURL
        self.method = method
        self.project = project
        self.agency = agency
    }

    /// How the identity is proved.
    package enum Method: Sendable, Hashable {
        /// A password, a TOTP passcode, or both where the account asks for both. At least one of them is there.
        case password(User, password: Secret?, passcode: Secret?)
        /// An application credential, by ID, or by name with its user.
        case applicationCredential(ApplicationCredential, secret: Secret)
        /// A token from somewhere else, used as it is.
        case token(Secret)
        /// An access key, which signs each request. It belongs to a user, and to no project.
        case accessKey(AccessKey)
    }

    /// An access key (AK/SK).
    package struct AccessKey: Sendable, Hashable {
        /// The access key ID, which is sent with each request.
        package var id: String
        /// The secret key, which is never sent.
        package var secret: Secret
        /// The security token of a temporary access key; nil for a permanent one.
        package var securityToken: Secret?

        /// An access key of these parts.
        package init(id: String, secret: Secret, securityToken: Secret? = nil) {
            self.id = id
            self.secret = secret
            self.securityToken = securityToken
        }
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

    /// All that the settings say of a project. A password's token is requested for the ID, else for the name in the
    /// domain. Whatever else is said, and all of it where the token has a project of its own, must fit the token.
    package struct Project: Sendable, Hashable {
        /// The ID.
        package var id: String?
        /// The name, which is unique within its domain.
        package var name: String?
        /// The domain; with a password and without an ID the user's, where the settings name no other.
        package var domain: Domain?

        /// A project of which these are known.
        package init(id: String? = nil, name: String? = nil, domain: Domain? = nil) {
            self.id = id
            self.name = name
            self.domain = domain
        }
    }

    /// A domain, by ID or by name.
    package enum Domain: Sendable, Hashable {
        /// By ID.
        case id(String)
        /// By name.
        case name(String)
    }

    /// Returns what the settings say of the project and `token` contradicts; nil where it fits.
    func contradiction(to token: Token) -> ConfigurationProblem? {
        guard let wanted = project else { return nil }
        guard let project = token.project else { return .tokenWithoutProject }
        // The identity service itself has resolved what the token was requested for, and may know it by another
        // spelling: a name that it does not repeat fits, and so does a domain.
        let isResolved = if case .password = method { wanted.id == nil } else { false }
        func differs(_ text: String?, _ other: String?) -> Bool {
            guard let text else { return false }
            return other.map { $0.exact != text.exact } ?? !isResolved
        }
        if differs(wanted.id, project.id) { return .otherProject(wanted: wanted.id ?? "", token: project) }
        if differs(wanted.name, project.name) { return .otherProject(wanted: wanted.name ?? "", token: project) }
        if isResolved { return nil }
        switch wanted.domain {
        case .id(let id) where differs(id, token.projectDomain?.id),
            .name(let id) where differs(id, token.projectDomain?.name):
            return .otherProjectDomain(wanted: id, token: project)
        default: return nil
        }
    }

    /// Who asks, for people; nil for a token or an access key, which do not say.
    var userName: String? {
        switch method {
        case .password(.id(let name), _, _), .password(.name(let name, _), _, _): name
        case .applicationCredential(.id(let name), _), .applicationCredential(.name(let name, _), _): name
        case .token, .accessKey: nil
        }
    }

    /// Everything in here that nobody may see.
    var secrets: [Secret] {
        switch method {
        case .password(_, let password, let passcode): [password, passcode].compactMap { $0 }
        case .applicationCredential(_, let secret): [secret]
        case .token(let token): [token]
        case .accessKey(let key): [key.secret, key.securityToken].compactMap { $0 }
        }
    }
}
