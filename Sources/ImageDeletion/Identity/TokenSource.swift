import ImageDeletionEssentials

/// Knows when the identity service has to be asked for a token, and asks it once for everybody: for all tasks of this
/// process, and through the token cache for all processes that start together.
actor TokenSource {
    private let client: IdentityClient
    private let cache: TokenCache
    private let identity: TokenCache.Identity?
    /// The proof that a cached token is this user's; nil where none is cached.
    private let key: TokenCache.Key?
    /// Whether a token from `OS_TOKEN` has to be looked up for its endpoints.
    private let needsCatalog: Bool

    private var held: (token: Token, obtainedAt: Date)?
    private var asking: Task<Token, any Error>?
    /// The identity service's refusal of these credentials, which never change: asked again, it would count as another
    /// wrong password, and a few of them lock the account.
    private var refusal: ImageDeletionError?
    /// How many times the password was sent, since the last sign-in that succeeded, without a response that says whether
    /// it was processed, and when that was last.
    private var uncertainSignIns = (count: 0, last: Date.distantPast)
    private var toldAboutCache = false

    init(client: IdentityClient, cache: TokenCache, needsCatalog: Bool) {
        self.client = client
        self.cache = cache
        self.needsCatalog = needsCatalog
        identity = TokenCache.Identity(client.credentials)
        key = TokenCache.Key(client.credentials)
    }

    /// A token to send: the one at hand, else the cache's, else a new one.
    func token() async throws(ImageDeletionError) -> Token {
        if let held, held.token.isUsable(at: now, obtainedAt: held.obtainedAt) { return held.token }
        return try await shared(rejecting: nil)
    }

    /// A token of which the project and the catalog are known. One from somewhere else may have to be looked up.
    func describedToken() async throws(ImageDeletionError) -> Token {
        let token = try await token()
        guard token.project == nil || token.endpoints == nil else { return token }
        guard let authURL = client.credentials.authURL else { throw .configuration([.missing(["OS_AUTH_URL"])]) }
        let described = try await client.description(of: token.secret, from: authURL)
        held = (described, now)
        return described
    }

    /// Another token in the place of one that the image service did not take; nil where there can be no other.
    func replacement(for rejected: Secret) async throws(ImageDeletionError) -> Token? {
        guard identity != nil else { return nil }
        if let held, held.token.secret != rejected { return held.token }
        return try await shared(rejecting: rejected)
    }

    /// Removes this identity's token from the cache and revokes it at the identity service. A token in a cache that is
    /// not trusted is revoked as well: others may have read it.
    ///
    /// - Returns: Whether there was one.
    func forget() async throws(ImageDeletionError) -> Bool {
        guard let identity, let authURL = client.credentials.authURL else { return false }
        let lock = await lock()
        defer { lock?.close() }
        // Reports a cache that is not trusted.
        _ = known(of: identity)
        let cached = cache.removedTokens(identity)
        do {
            if cache.path != nil { try cache.remove(identity) }
        } catch {
            tellNotWritten(error)
        }
        let secrets = cached.union([held?.token.secret].compactMap { $0 })
        held = nil
        // A token that cannot be revoked is no reason to leave the others valid: none of them is on the disk any more.
        var failure: ImageDeletionError?
        for secret in secrets {
            do { try await client.revoke(secret, at: authURL) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        return !secrets.isEmpty
    }

    private var now: Date { client.connection.clock.now() }

    /// One question for all who ask at the same time.
    private func shared(rejecting rejected: Secret?) async throws(ImageDeletionError) -> Token {
        let task = asking ?? Task { try await self.obtain(rejecting: rejected) }
        asking = task
        defer { if asking == task { asking = nil } }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch let error as ImageDeletionError {
            throw error
        } catch {
            throw .service(ServiceError(.identity, .cancelled))
        }
    }

    private func obtain(rejecting rejected: Secret?) async throws -> Token {
        let token: Token
        switch client.credentials.method {
        case .token(let secret): token = try await foreign(secret)
        case .password, .applicationCredential: token = try await own(rejecting: rejected)
        case .accessKey: preconditionFailure("an access key signs requests, and needs no token")
        }
        if let project = held?.token.project, let other = token.project, project.id.exact != other.id.exact {
            // The images of this run were selected in the first project.
            throw ImageDeletionError.configuration([
                .otherProject(wanted: project.name ?? project.id, token: other)
            ])
        }
        held = (token, now)
        return token
    }

    private func foreign(_ secret: Secret) async throws(ImageDeletionError) -> Token {
        guard needsCatalog || client.credentials.project != nil else { return Token(secret: secret) }
        guard let authURL = client.credentials.authURL else { throw .configuration([.missing(["OS_AUTH_URL"])]) }
        return try await client.description(of: secret, from: authURL)
    }

    private func own(rejecting rejected: Secret?) async throws(ImageDeletionError) -> Token {
        guard let identity, let authURL = client.credentials.authURL else {
            throw .configuration([.missing(["OS_AUTH_URL"])])
        }
        if let refusal { throw refusal }
        if rejected == nil, let token = known(of: identity)?.token, token.isFresh(at: now) { return token }

        let askedSince = now
        let lock = await lock()
        defer { lock?.close() }
        // Whoever held the lock may have brought a token, or a refusal, meanwhile.
        if let known = known(of: identity) {
            if let token = known.token, token.isFresh(at: now), token.secret != rejected { return token }
            if let failure = known.failure, failure.at <= now, failure.at >= askedSince || known.isUseful(at: now) {
                // The same wrong password from every process, or in a loop, would lock the account.
                throw .service(
                    ServiceError(
                        .identity,
                        failure.isRefusal ? .unauthorized : .unavailable,
                        message: failure.isRefusal
                            ? "another process was refused a moment ago; if the credentials are right by now, try "
                                + "again in five seconds"
                            : "another process got no usable response a moment ago; try again in five seconds"
                    )
                )
            }
        }
        let uncertain = now < uncertainSignIns.last + Self.lockWindow ? uncertainSignIns.count : 0
        guard uncertain < Self.maximumUncertainSignIns else {
            throw .service(
                ServiceError(
                    .identity,
                    .unavailable,
                    message: "earlier sign-ins got no usable response, and repeated wrong passwords lock the account"
                )
            )
        }
        do {
            let token = try await client.token(
                from: authURL,
                maximumUncertainAttempts: Self.maximumUncertainSignIns - uncertain
            )
            uncertainSignIns.count = 0
            keep(TokenCache.Entry(identity: identity, token: token))
            return token
        } catch {
            if let failure = error.serviceError {
                if [.unauthorized, .incompleteCredentials].contains(failure.kind) { refusal = error }
                if failure.uncertainAttempts > 0 { uncertainSignIns = (uncertain + failure.uncertainAttempts, now) }
                if failure.kind == .unauthorized || failure.uncertainAttempts > 0 {
                    let isRefusal = failure.kind == .unauthorized
                    keep(TokenCache.Entry(identity: identity, failure: .init(at: now, isRefusal: isRefusal)))
                }
            }
            throw error
        }
    }

    // Open Telekom Cloud locks an account after five wrong passwords within 15 minutes.
    private static let lockWindow: TimeInterval = 15 * 60
    private static let maximumUncertainSignIns = 2

    /// What the cache knows. A cache that cannot be trusted knows nothing.
    private func known(of identity: TokenCache.Identity) -> TokenCache.Entry? {
        guard let key else { return nil }
        do {
            return try cache.entry(for: identity, key: key)
        } catch {
            if !toldAboutCache, let path = cache.path {
                toldAboutCache = true
                client.connection.report(.tokenCacheNotTrusted(path: path, reason: error.reason))
            }
            return nil
        }
    }

    private func keep(_ entry: TokenCache.Entry) {
        guard let key else { return }
        do { try cache.store(entry, key: key, now: now) } catch { tellNotWritten(error) }
    }

    private func tellNotWritten(_ fault: FileError) {
        guard let path = cache.path else { return }
        client.connection.report(.tokenCacheNotWritten(path: path, reason: fault.reason))
    }

    /// Waits for its turn among all processes that use the same cache. nil where there is none to be had: without a
    /// cache, in a folder that cannot be written, or when another process holds the lock for longer than a request may
    /// take.
    private func lock() async -> File? {
        guard key != nil, let path = cache.path else { return nil }
        let start = now
        var pause = Duration.milliseconds(20)
        var isReported = false
        while now < start + client.connection.timeout.timeInterval, !Task.isCancelled {
            if !isReported, now >= start + 2 {
                isReported = true
                client.connection.report(.waitingForTokenCache(path: path))
            }
            do {
                if let lock = try cache.tryLock() { return lock }
                try await client.connection.clock.sleep(pause)
                pause = min(pause * 2, .milliseconds(320))
            } catch {
                return nil
            }
        }
        return nil
    }
}
