public import ImageDeletionEssentials

/// The file that keeps tokens between runs.
///
/// One file for any number of identities, mode 0600, replaced atomically. A file that is damaged, or that another
/// user could have written or read, is not trusted and is replaced, and neither is an entry that was not written with
/// the user's own password or secret: see ``ServiceEvent/tokenCacheNotTrusted(path:reason:)``. A lock beside it, with
/// `.lock` behind its name, lets processes that start together ask for one token between them.
public struct TokenCache: Sendable {
    private let file: PrivateFile?

    /// Tokens are kept in the file at `url`; its folder is made, mode 0700, when it is first needed.
    public static func file(_ url: URL) -> TokenCache { TokenCache(file: PrivateFile(url: url)) }
    /// Tokens are not kept beyond the ``ImageService`` that got them.
    public static let disabled = TokenCache(file: nil)

    private init(file: PrivateFile?) { self.file = file }

    /// Whom a token was given to. Two runs with the same identity share a token.
    struct Identity: Sendable, Equatable, Codable {
        var authURL: String
        /// Which kind of name, the name, and the same of its domain.
        var user: [String]
        /// Likewise the project; empty where the credentials bring their own.
        var scope: [String]

        static func == (one: Identity, other: Identity) -> Bool {
            one.authURL.exact == other.authURL.exact && one.user.map(\.exact) == other.user.map(\.exact)
                && one.scope.map(\.exact) == other.scope.map(\.exact)
        }
    }

    /// A sign-in that brought no token.
    struct Failure: Sendable, Codable {
        var at: Date
        /// Whether the identity service refused the credentials; else its response was lost or of no use.
        var isRefusal: Bool
    }

    /// What is known of an identity: its token, or how its last sign-in failed.
    struct Entry: Sendable, Codable {
        var identity: Identity
        var token: Token?
        var failure: Failure?
        /// The authentication code of all the rest, in hexadecimal digits.
        fileprivate var proof: String?

        init(identity: Identity, token: Token? = nil, failure: Failure? = nil) {
            self.identity = identity
            self.token = token
            self.failure = failure
        }

        /// Returns whether it matters to a run that needs a token at `now`. A few wrong passwords lock the account, so
        /// nobody asks again for a few seconds: as long as it takes many processes to start, and no longer than it
        /// takes somebody to correct a password.
        func isUseful(at now: Date) -> Bool {
            token?.isFresh(at: now) ?? failure.map { $0.at <= now && now < $0.at + 5 } ?? false
        }

        /// Returns the proof for this content. It covers the decoded values, so that no other reading of the file can
        /// pass for what was written.
        fileprivate func expectedProof(_ key: Key) throws -> String {
            var content = self
            content.proof = nil
            return key.code(of: Array(try TokenCache.encoder.encode(content)))
        }
    }

    /// A secret of the credentials, fit to prove who wrote an entry.
    ///
    /// Owner and mode prove nothing: a file that comes with an archive or a checkout has the user's own. An entry says
    /// where a token is sent, so only somebody who knows the user's secret may write one.
    struct Key: Sendable {
        private let bytes: [UInt8]

        /// The key of `credentials`; nil without a secret that is the same in the next run. A passcode is not, and has
        /// too few digits to protect anything.
        init?(_ credentials: Credentials) {
            guard let identity = Identity(credentials) else { return nil }
            let secret: Secret
            switch credentials.method {
            case .password(_, let password?, _): secret = password
            case .applicationCredential(_, let applicationSecret): secret = applicationSecret
            case .password(_, nil, _), .token, .accessKey: return nil
            }
            guard let name = try? TokenCache.encoder.encode(identity) else { return nil }
            bytes = SHA256.authenticationCode(
                of: Array("delete-image token cache\n".utf8) + name,
                key: Array(secret.value.utf8)
            )
        }

        func code(of message: [UInt8]) -> String {
            SHA256.hexadecimal(SHA256.authenticationCode(of: message, key: bytes))
        }
    }

    private struct Content: Codable {
        var schema = TokenCache.schema
        var entries: [Entry]
    }

    private static let schema = "delete-image-token-cache/3"

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// The path, for people; nil where nothing is kept.
    var path: String? { file?.url.path }

    /// Returns what is kept of `identity`.
    ///
    /// - Throws: ``FileError`` for a file that is not trusted, and for an entry that `key` does not prove.
    func entry(for identity: Identity, key: Key) throws(FileError) -> Entry? {
        let entries = try content().entries.filter { $0.identity == identity }
        let own = entries.first { entry in
            guard let proof = entry.proof, let expected = try? entry.expectedProof(key) else { return false }
            return SHA256.areEqual(Array(proof.utf8), Array(expected.utf8))
        }
        if own == nil, !entries.isEmpty {
            throw FileError("its entry was written with another password or secret, or by somebody else")
        }
        return own
    }

    /// Keeps `entry` in the place of what is kept of its identity, and drops what can serve nobody any more.
    func store(_ entry: Entry, key: Key, now: Date) throws(FileError) {
        var entry = entry
        entry.proof = try? entry.expectedProof(key)
        try update { entries in
            entries.removeAll { $0.identity == entry.identity || !$0.isUseful(at: now) }
            entries.append(entry)
        }
    }

    /// Drops what is kept of `identity`; with the last entry, the file goes.
    func remove(_ identity: Identity) throws(FileError) {
        try update { $0.removeAll { $0.identity == identity } }
    }

    /// Returns the tokens that go with `remove(identity)`, whether or not they are trusted: of a file that is not, which
    /// goes as a whole, all tokens of the same identity service.
    func removedTokens(_ identity: Identity) -> Set<Secret> {
        struct Remains: Decodable {
            var entries: [Entry]
            struct Entry: Decodable {
                var identity: Identity?
                var token: Token?
            }
            struct Token: Decodable {
                var secret: Secret?
            }
        }
        guard let data = try? file?.read(ofAnyone: true),
            let remains = try? JSONDecoder().decode(Remains.self, from: data)
        else { return [] }
        let isTrusted = (try? content()) != nil
        let tokens = remains.entries.filter {
            isTrusted ? $0.identity == identity : $0.identity?.authURL == identity.authURL
        }.compactMap { $0.token?.secret }.filter(\.fitsHeader)
        // Whoever planted the file must not make the run endless.
        return Set(tokens.prefix(100))
    }

    /// Tries to become the only one that asks for tokens; nil while somebody else does.
    func tryLock() throws(FileError) -> File? {
        try file?.tryLock()
    }

    private func content() throws(FileError) -> Content {
        guard let data = try file?.read() else { return Content(entries: []) }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        guard let content = try? decoder.decode(Content.self, from: data), content.schema == Self.schema else {
            throw FileError("it is damaged, or was written by another version")
        }
        return content
    }

    private func update(_ change: (inout [Entry]) -> Void) throws(FileError) {
        guard let file else { return }
        // Nothing is taken over from a file that is not trusted.
        var entries = (try? content())?.entries ?? []
        change(&entries)
        guard !entries.isEmpty else { return try file.remove() }
        guard let data = try? Self.encoder.encode(Content(entries: entries)) else { return }
        try file.replace(with: data)
    }
}

extension TokenCache.Identity {
    /// The identity of `credentials`; nil for a token from somewhere else and for an access key, which are never kept.
    init?(_ credentials: Credentials) {
        guard let authURL = credentials.authURL else { return nil }
        self.authURL = authURL.absoluteString
        switch credentials.method {
        case .password(let user, _, _): self.user = user.words
        case .applicationCredential(.id(let id), _): user = ["application credential", id]
        case .applicationCredential(.name(let name, let owner), _):
            user = ["application credential name", name] + owner.words
        case .token, .accessKey: return nil
        }
        if let agency = credentials.agency { user += ["agency", agency.name] + agency.domain.words }
        let project = credentials.project
        scope =
            (project?.id.map { ["project", $0] } ?? []) + (project?.name.map { ["project name", $0] } ?? [])
            + (project?.domain?.words ?? [])
    }
}

extension Credentials.User {
    fileprivate var words: [String] {
        switch self {
        case .id(let id): ["user", id]
        case .name(let name, let domain): ["user name", name] + domain.words
        }
    }
}

extension Credentials.Domain {
    fileprivate var words: [String] {
        switch self {
        case .id(let id): ["domain", id]
        case .name(let name): ["domain name", name]
        }
    }
}
