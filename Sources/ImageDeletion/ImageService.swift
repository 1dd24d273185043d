public import ImageDeletionEssentials

/// A project's images in the image service of one cloud.
///
/// ```swift
/// let service = try ImageService(environment: ProcessInfo.processInfo.environment, tokenCache: .file(cacheURL))
/// try await service.deleteImage(id: "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11")
/// ```
///
/// Nothing is sent before the first call that needs it. One service may be used from any number of tasks; they share
/// one token.
public struct ImageService: Sendable {
    /// The version of this package.
    package static let version = "0.1.0"

    let images: ImageClient
    let compute: ComputeClient
    private let user: String?

    /// A service for whom the OpenStack client's `OS_*` variables describe.
    ///
    /// - Parameters:
    ///   - environment: Variables and their values; see ``OpenStackEnvironment`` for those that count.
    ///   - tokenCache: Where the token is kept between runs; without one, each service asks for its own.
    ///   - connection: How requests leave.
    /// - Throws: ``ImageDeletionError/configuration(_:)`` with everything that is missing or contradictory.
    public init(
        environment: [String: String],
        tokenCache: TokenCache = .none,
        connection: ServiceConnection = ServiceConnection()
    ) throws(ImageDeletionError) {
        try self.init(OpenStackEnvironment(environment), tokenCache: tokenCache, connection: connection)
    }

    /// A service for whom `environment` describes.
    ///
    /// - Parameters:
    ///   - environment: The variables, read.
    ///   - tokenCache: Where the token is kept between runs; without one, each service asks for its own.
    ///   - connection: How requests leave.
    /// - Throws: ``ImageDeletionError/configuration(_:)`` if `connection` has no transport, and ``CurlTransport`` cannot be
    ///   used.
    public init(
        _ environment: OpenStackEnvironment,
        tokenCache: TokenCache = .none,
        connection: ServiceConnection = ServiceConnection()
    ) throws(ImageDeletionError) {
        var connection = connection
        if connection.transport == nil {
            connection.transport = try CurlTransport(certificates: environment.certificates)
        }
        let tokens = TokenSource(
            client: IdentityClient(credentials: environment.credentials, connection: connection),
            cache: tokenCache,
            needsCatalog: environment.endpoint.override == nil
        )
        let authorized = AuthorizedConnection(connection: connection, tokens: tokens)
        images = ImageClient(
            authorized: authorized,
            authURL: environment.credentials.authURL,
            choice: environment.endpoint
        )
        compute = ComputeClient(authorized: authorized, choice: environment.endpoint)
        user = environment.credentials.userName
    }

    /// Where the images are, and whose they are.
    public struct Session: Sendable, Hashable {
        /// The image service's address, ending in `/v2`.
        public let endpoint: URL
        /// The project; nil for a token from somewhere else that nobody was asked about.
        public let project: TokenProject?
        /// The user's name or ID, or the application credential's; nil for a token from somewhere else.
        public let user: String?
    }

    /// Gets a token, from the cache if it can (else `POST /v3/auth/tokens`), and finds the image service.
    ///
    /// Nobody has to call it: whatever needs a token gets one.
    ///
    /// - Returns: Where the images are, and whose they are.
    /// - Throws: ``ImageDeletionError/service(_:)`` where the identity service gives none, and
    ///   ``ImageDeletionError/configuration(_:)`` for settings that do not fit the cloud.
    public func signIn() async throws(ImageDeletionError) -> Session {
        let (token, endpoint) = try await images.session()
        return Session(endpoint: endpoint, project: token.project, user: user)
    }

    /// The project that the token is for; a token from somewhere else is asked about (`GET /v3/auth/tokens`).
    ///
    /// - Returns: The project, whose ID its images bear as ``Image/owner``.
    /// - Throws: What ``signIn()`` does, and ``ConfigurationProblem/tokenWithoutProject`` for a token of no project.
    public func project() async throws(ImageDeletionError) -> TokenProject {
        let token = try await images.tokens.describedToken()
        guard let project = token.project else { throw .configuration([.tokenWithoutProject]) }
        return project
    }

    /// Takes this identity's token out of the cache and revokes it at the identity service
    /// (`DELETE /v3/auth/tokens`).
    ///
    /// - Returns: Whether there was one; a token from somewhere else (`OS_TOKEN`) is none of ours.
    /// - Throws: ``ImageDeletionError/service(_:)`` where it could not be revoked; it is out of the cache all the same.
    @discardableResult
    public func forgetToken() async throws(ImageDeletionError) -> Bool {
        try await images.tokens.forget()
    }

    /// Looks at each of `ids` (`GET /v2/images/{image_id}`).
    ///
    /// Glance: "Show image"; Open Telekom Cloud: "Querying Image Details (Native OpenStack API)".
    ///
    /// - Parameters:
    ///   - ids: The images to look at.
    ///   - concurrency: How many requests are under way at once; less than 1 counts as 1.
    /// - Returns: What was seen of each, in the order asked for. After a failure that every other look would meet as
    ///   well, no other is begun, and it is what was seen of the rest.
    public func look(at ids: [ImageID], concurrency: Int = 4) async -> [Sighting] {
        await images.look(at: ids, concurrency: concurrency)
    }

    /// Reads the list of images that `query` asks for, to its end, page after page (`GET /v2/images`), and then the list
    /// of the hidden ones (`os_hidden=true`), where the service has one.
    ///
    /// Glance: "List images"; Open Telekom Cloud: "Querying Images (Native OpenStack API)".
    ///
    /// - Parameters:
    ///   - query: What the server is asked to list.
    ///   - isWanted: Which of them to return; asked again where an image comes again. A server may list more than was
    ///     asked for, and memory grows with what is wanted, not with the list.
    ///   - isNamed: Whether an image with this name may be wanted; nil if any may. A long list is read faster with it.
    /// - Returns: Each image once, in the order in which the server lists them, as it was seen last; hidden images come
    ///   last.
    /// - Throws: What ``signIn()`` does, and ``ImageDeletionError/service(_:)`` where the list cannot be read to its
    ///   end; one of more than 250,000 images is taken for endless.
    public func images(
        _ query: ImageQuery,
        where isWanted: (Image) -> Bool = { _ in true },
        named isNamed: (@Sendable (String?) -> Bool)? = nil
    ) async throws(ImageDeletionError) -> [Image] {
        try await images.images(query, named: isNamed, where: isWanted)
    }

    /// Returns how many seconds this machine's clock is ahead of the image service's, or behind (negative), if that is
    /// more than five minutes: then no age of an image that was listed can be trusted. Nothing is sent.
    ///
    /// - Returns: The difference by the last list that was read; nil where it is small, or no response had a `Date`.
    public func clockDifference() async -> TimeInterval? {
        await images.clockCheck.difference.flatMap { abs($0) > Token.margin ? $0 : nil }
    }

    /// Deletes one private image of the project (`DELETE /v2/images/{image_id}`). It cannot be brought back.
    ///
    /// Nothing is looked at before: no safeguard holds, and only the service keeps a protected image.
    /// Glance: "Delete image"; Open Telekom Cloud: "Deleting an Image (Native OpenStack API)".
    ///
    /// - Parameter id: The image's ID, a UUID.
    /// - Throws: ``ImageDeletionError/invalidImageID(_:)`` before anything is sent;
    ///   ``ImageDeletionError/service(_:)`` with kind ``ServiceError/Kind/notFound`` for an image that is not there,
    ///   ``ServiceError/Kind/protected`` for a protected one, or with what else kept it from being deleted;
    ///   ``ImageDeletionError/configuration(_:)`` for settings that do not fit the cloud.
    public func deleteImage(id: String) async throws(ImageDeletionError) {
        try await deleteImage(id: ImageID(id))
    }

    /// Deletes one private image of the project (`DELETE /v2/images/{image_id}`). It cannot be brought back.
    ///
    /// - Parameter id: The image's ID.
    /// - Throws: What the method for an ID's text throws, save ``ImageDeletionError/invalidImageID(_:)``.
    public func deleteImage(id: ImageID) async throws(ImageDeletionError) {
        let outcomes = await deleter(for: DeletionPlan(deleting: [id])).carryOut()
        guard let outcome = outcomes.first, outcome.result != .deleted else { return }
        throw outcome.error ?? .service(ServiceError(.image, .cancelled))
    }

    /// Protects an image again whose protection an interrupted run lifted (`PATCH /v2/images/{image_id}`), unless it is
    /// protected.
    ///
    /// Call it for each of ``Receipt/unprotected`` before anything else is done with that receipt.
    ///
    /// - Parameters:
    ///   - id: The image.
    ///   - receipt: The receipt that says so. It gets a line.
    ///   - time: The current time.
    /// - Returns: Whether the image was unprotected. `false` also if it does not exist any more.
    /// - Throws: The error with which the image could not be protected.
    @discardableResult
    public func restoreProtection(
        of id: ImageID,
        in receipt: Receipt,
        at time: Date
    ) async throws(ImageDeletionError) -> Bool {
        let wasProtected: Bool
        do throws(ImageDeletionError) {
            wasProtected = try await images.image(id).isProtected
            if !wasProtected {
                do { try await images.setProtection(of: id, to: true) } catch { throw error.cause }
            }
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
        receipt.noteProtected(id, at: time)
        return !wasProtected
    }

    /// What carries out `plan`, once. Nothing is sent before ``ImageDeleter/carryOut(onOutcome:onBegin:)``.
    ///
    /// - Parameters:
    ///   - plan: What is to be deleted, and what is not.
    ///   - options: How deletions are done.
    public func deleter(
        for plan: DeletionPlan,
        options: ImageDeleter.Options = ImageDeleter.Options()
    ) -> ImageDeleter {
        ImageDeleter(client: images, plan: plan, options: options)
    }
}
