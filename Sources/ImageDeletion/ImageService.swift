public import ImageDeletionEssentials

/// A project's images in the image service of one cloud.
///
/// ```swift
/// let service = try ImageService(environment: ProcessInfo.processInfo.environment, tokenCache: .file(cacheURL))
/// try await service.delete(imageWithID: "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11")
///
/// let plan = try await service.plan(.rule(rule))   // safeguards included
/// print(plan)                                      // what goes, what is kept, and why
/// let outcomes = await service.delete(plan)
/// ```
///
/// Nothing is sent before the first call that needs it. One service may be used from any number of tasks; they share
/// one token.
public struct ImageService: Sendable {
    let images: ImageClient
    let compute: ComputeClient
    private let authorization: any Authorization
    /// Where the credentials come from.
    package let source: CredentialSource

    /// A service for whom the OpenStack client's `OS_*` variables describe.
    ///
    /// - Parameters:
    ///   - environment: Variables and their values; see ``OpenStackEnvironment`` for those that count.
    ///   - tokenCache: Where the token is kept between runs; without one, each service asks for its own.
    ///   - connection: How requests leave.
    /// - Throws: ``ImageDeletionError/Code/configuration`` with everything that is missing or contradictory.
    public init(
        environment: [String: String],
        tokenCache: TokenCache = .disabled,
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
    /// - Throws: ``ImageDeletionError/Code/configuration`` if `connection` has no transport, and ``CurlTransport`` cannot be
    ///   used.
    public init(
        _ environment: OpenStackEnvironment,
        tokenCache: TokenCache = .disabled,
        connection: ServiceConnection = ServiceConnection()
    ) throws(ImageDeletionError) {
        var connection = connection
        if connection.transport == nil {
            connection.transport = try CurlTransport(certificates: environment.certificates)
        }
        source = environment.source
        authorization =
            switch environment.credentials.method {
            case .accessKey(let key): AccessKeyAuthorization(key, environment, connection: connection)
            case .password, .applicationCredential, .token:
                TokenAuthorization(environment, tokenCache: tokenCache, connection: connection)
            }
        images = ImageClient(
            connection: connection,
            authorization: authorization,
            addressSource: environment.endpoint.imageSource
        )
        compute = ComputeClient(connection: connection, authorization: authorization)
    }

    /// Gets a token, from the cache if it can (else `POST /v3/auth/tokens`), and finds the image service.
    ///
    /// Nobody has to call it: whatever needs a token gets one. With an access key there is no token, and only a project
    /// without an ID is looked up (`GET /v3/projects`).
    ///
    /// - Returns: Where the images are, and whose they are.
    /// - Throws: ``ImageDeletionError/Code/service`` where the identity service gives none, and
    ///   ``ImageDeletionError/Code/configuration`` for settings that do not fit the cloud.
    public func signIn() async throws(ImageDeletionError) -> ImageSession {
        try await authorization.session()
    }

    /// The project that the token is for; a token from somewhere else is asked about (`GET /v3/auth/tokens`).
    ///
    /// - Returns: The project, whose ID its images bear as ``Image/owner``.
    /// - Throws: What ``signIn()`` does, and ``ImageDeletionError/Code/configuration`` for a token of no project.
    public func project() async throws(ImageDeletionError) -> TokenProject {
        try await authorization.neededProject()
    }

    /// Takes this identity's token out of the cache and revokes it at the identity service
    /// (`DELETE /v3/auth/tokens`).
    ///
    /// - Returns: Whether there was one; a token from somewhere else (`OS_TOKEN`) is none of ours, and an access key needs
    ///   none.
    /// - Throws: ``ImageDeletionError/Code/service`` where it could not be revoked; it is out of the cache all the same.
    @discardableResult
    public func forgetToken() async throws(ImageDeletionError) -> Bool {
        try await authorization.forget()
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
    /// - Throws: What ``signIn()`` does, and ``ImageDeletionError/Code/service`` where the list cannot be read to its
    ///   end; one of more than 250,000 images is taken for endless.
    public func images(
        _ query: ImageQuery,
        where isWanted: (Image) -> Bool = { _ in true },
        named isNamed: (@Sendable (String?) -> Bool)? = nil
    ) async throws(ImageDeletionError) -> [Image] {
        try await images.images(query, named: isNamed, where: isWanted)
    }

    // MARK: Three verbs

    /// Finds out what is to become of images, and checks everything that may keep one. Nothing is deleted.
    ///
    /// By rules, it reads the list of images (`GET /v2/images`); by name, too; by ID, it looks each image up
    /// (`GET /v2/images/{image_id}`), or many of them in the list. Servers, volumes, members and references are asked for
    /// only if a safeguard needs them. What cannot be found out, keeps: ``KeepReason/unknown(_:_:)``.
    ///
    /// - Parameters:
    ///   - selection: The images.
    ///   - options: What else keeps an image, and how it is found out.
    /// - Returns: Each image with what is to become of it. The order is that of the selection; by rules, the oldest comes first.
    /// - Throws: What ``signIn()`` does; ``ImageDeletionError/Code/service`` if the list cannot be read;
    ///   ``ImageDeletionError/Code/imageName`` for a name that does not say which image is meant;
    ///   ``ImageDeletionError/Code/clock`` if ages cannot be trusted; ``ImageDeletionError/Code/protection`` if an image
    ///   stays unprotected after an earlier run.
    public func plan(
        _ selection: ImageSelection,
        options: DeletionOptions = DeletionOptions()
    ) async throws(ImageDeletionError) -> DeletionPlan {
        try await Planner(images: images, compute: compute, options: options).plan(selection)
    }

    /// Looks again at the images of a plan that somebody has taken time to approve, and checks again everything that may
    /// keep one. Nothing is deleted.
    ///
    /// An image that has changed since is kept. A plan that was read from a file cannot be carried out without this.
    ///
    /// - Parameters:
    ///   - plan: What was decided, at any time.
    ///   - options: What else keeps an image, and how it is found out.
    /// - Returns: The plan with what has changed. What it kept, it keeps.
    /// - Throws: What ``plan(_:options:)`` does, and ``ImageDeletionError/Code/plan`` for another cloud or project, and if
    ///   one of the newest images, which the plan keeps, is not there as it was.
    public func recheck(
        _ plan: DeletionPlan,
        options: DeletionOptions = DeletionOptions()
    ) async throws(ImageDeletionError) -> DeletionPlan {
        try await Planner(images: images, compute: compute, options: options).recheck(plan)
    }

    /// Deletes what `plan` says (`DELETE /v2/images/{image_id}`). It cannot be undone.
    ///
    /// It stops by itself at a failure that every further image would meet, and when several images in a row fail for a
    /// reason of the service's own. When the calling task is cancelled, the requests under way are given up: their outcome
    /// is ``Outcome/Result/failed``, because nobody knows better.
    ///
    /// Glance: "Delete image"; Open Telekom Cloud: "Deleting an Image (Native OpenStack API)".
    ///
    /// - Parameters:
    ///   - plan: What is to be deleted, and what is not. What it says to be unchecked is kept, and so is what has not all
    ///     of the safeguards in `options`. A plan for another cloud or project fails as a whole.
    ///   - options: How deletions are done.
    ///   - onOutcome: Called once for each image as soon as its outcome is known, in no particular order. No other deletion
    ///     starts before it returns. It returns whether to go on; with `false`, no further deletion starts.
    /// - Returns: An outcome for each image, in the plan's order, whatever happened.
    @discardableResult
    public func delete(
        _ plan: DeletionPlan,
        options: DeletionOptions = DeletionOptions(),
        onOutcome: @escaping @Sendable (Outcome) -> Bool = { _ in true }
    ) async -> [Outcome] {
        do throws(ImageDeletionError) {
            try await Planner(images: images, compute: compute, options: options).prepareDeletion(of: plan)
        } catch {
            let outcomes = plan.entries.map { Outcome(decidedBy: $0) ?? Outcome($0, .failed, error: error) }
            for outcome in outcomes { _ = onOutcome(outcome) }
            return outcomes
        }
        return await deleter(for: plan, options: options).carryOut(onOutcome: onOutcome)
    }

    /// What carries out `plan`, which this service has just made, once. Nothing is sent yet.
    package func deleter(for plan: DeletionPlan, options: DeletionOptions = DeletionOptions()) -> ImageDeleter {
        ImageDeleter(client: images, plan: plan, options: options)
    }

    /// Deletes one private image of the project (`DELETE /v2/images/{image_id}`). It cannot be undone.
    ///
    /// Nothing is looked at before: only the service keeps a protected image.
    ///
    /// - Parameter text: The image's ID, a UUID.
    /// - Throws: ``ImageDeletionError/Code/invalidImageID`` before anything is sent; ``ImageDeletionError/Code/service``
    ///   with kind ``ServiceError/Kind/notFound`` for an image that is not there, ``ServiceError/Kind/protected`` for a
    ///   protected one, or with what else kept it from being deleted; ``ImageDeletionError/Code/configuration`` for
    ///   settings that do not fit the cloud.
    public func delete(imageWithID text: String) async throws(ImageDeletionError) {
        var options = DeletionOptions()
        options.looksAtIDs = false
        let outcomes = await delete(try await plan(.images([try ImageID(text)]), options: options))
        guard let outcome = outcomes.first, outcome.result != .deleted else { return }
        throw outcome.error ?? .service(ServiceError(.image, .cancelled))
    }

    /// Opens the receipt at `url`, for ``DeletionOptions/receipt``.
    ///
    /// - Parameters:
    ///   - url: The file. It is created if there is none.
    ///   - isReadOnly: Whether the file stays as it is; then it must exist.
    /// - Throws: What ``project()`` does, and ``ImageDeletionError/Code/receipt``; then the file is as it was.
    public func receipt(at url: URL, isReadOnly: Bool = false) async throws(ImageDeletionError) -> Receipt {
        let (project, session) = (try await project(), try await signIn())
        do { return try Receipt(url, at: session, project: project, isReadOnly: isReadOnly) } catch {
            throw .receipt(error)
        }
    }
}
