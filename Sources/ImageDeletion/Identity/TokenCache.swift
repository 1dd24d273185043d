public import Foundation

/// Where tokens are kept between runs.
///
/// One file for any number of identities, mode 0600, replaced atomically. A file that is damaged, or that another
/// user could have written or read, is not trusted and is made anew, which
/// ``ServiceEvent/tokenCacheNotTrusted(path:reason:)`` tells. A lock beside it, with `.lock` behind its name, lets
/// processes that start together ask for one token between them.
public struct TokenCache: Sendable {
    private let file: PrivateFile?

    /// Tokens are kept in the file at `url`; its folder is made, mode 0700, when it is first needed.
    public static func file(_ url: URL) -> TokenCache { TokenCache(file: PrivateFile(url: url)) }
    /// Tokens are not kept beyond the ``ImageService`` that got them.
    public static let none = TokenCache(file: nil)

    private init(file: PrivateFile?) { self.file = file }

    /// Whom a token was given to. Two runs with the same identity share a token.
    struct Identity: Sendable, Hashable, Codable {
        var authURL: String
        /// Which kind of name, the name, and the same of its domain.
        var user: [String]
        /// Likewise the project; empty where the credentials bring their own.
        var scope: [String]
    }

    /// What is known of an identity: its token, or when it was last refused one.
    struct Entry: Sendable, Codable {
        var identity: Identity
        var token: Token?
        var refusedAt: Date?

        /// Whether it says anything to a run that wants a token at `now`. A few wrong passwords lock the account, so for
        /// a few seconds nobody asks again: as long as it takes many processes to start, and no longer than it takes
        /// somebody to correct a password.
        func isWorthSomething(at now: Date) -> Bool {
            token?.isFresh(at: now) ?? refusedAt.map { $0 <= now && now < $0 + 5 } ?? false
        }
    }

    private struct Content: Codable {
        var schema = TokenCache.schema
        var entries: [Entry]
    }

    private static let schema = "delete-image-token-cache/2"

    /// The path, for people; nil where nothing is kept.
    var path: String? { file?.url.path }

    /// What is kept of `identity`.
    func entry(for identity: Identity) throws(PrivateFile.Fault) -> Entry? {
        try content().entries.first { $0.identity == identity }
    }

    /// Keeps `entry` in the place of what is kept of its identity, and drops what can serve nobody any more.
    func store(_ entry: Entry, now: Date) throws(PrivateFile.Fault) {
        try update { entries in
            entries.removeAll { $0.identity == entry.identity || !$0.isWorthSomething(at: now) }
            entries.append(entry)
        }
    }

    /// Drops what is kept of `identity`; with the last entry, the file goes.
    func remove(_ identity: Identity) throws(PrivateFile.Fault) {
        try update { $0.removeAll { $0.identity == identity } }
    }

    /// Tries to become the only one that asks for tokens; nil while somebody else does.
    func tryLock() throws(PrivateFile.Fault) -> OpenFile? {
        try file?.tryLock()
    }

    private func content() throws(PrivateFile.Fault) -> Content {
        guard let data = try file?.read() else { return Content(entries: []) }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        guard let content = try? decoder.decode(Content.self, from: data), content.schema == Self.schema else {
            throw PrivateFile.Fault("it is damaged, or made by another version")
        }
        return content
    }

    private func update(_ change: (inout [Entry]) -> Void) throws(PrivateFile.Fault) {
        guard let file else { return }
        // A file that is not to be trusted gives nothing; what replaces it starts empty.
        var entries = (try? content())?.entries ?? []
        change(&entries)
        guard !entries.isEmpty else { return try file.remove() }
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(Content(entries: entries)) else { return }
        try file.replace(with: data)
    }
}

extension TokenCache.Identity {
    /// The identity of `credentials`; nil for a token from somewhere else, which is never kept.
    init?(_ credentials: Credentials) {
        guard let authURL = credentials.authURL else { return nil }
        self.authURL = authURL.absoluteString
        switch credentials.method {
        case .password(let user, _, _): self.user = user.words
        case .applicationCredential(.id(let id), _): user = ["application credential", id]
        case .applicationCredential(.name(let name, let owner), _):
            user = ["application credential name", name] + owner.words
        case .token: return nil
        }
        switch credentials.project {
        case .id(let id): scope = ["project", id]
        case .name(let name, let domain): scope = ["project name", name] + (domain?.words ?? [])
        case nil: scope = []
        }
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
