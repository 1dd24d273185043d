import ImageDeletion
import ImageDeletionDemo
import ImageDeletionEssentials

/// The service that a run talks to, and its token.
extension DeleteCommand {
    /// The service that the variables, or `--demo`, describe. Nothing is sent yet.
    func makeService() throws(Failure) -> ImageService {
        let environment: OpenStackEnvironment
        let transport: any HTTPTransport
        do throws(ImageDeletionError) {
            environment = try OpenStackEnvironment(
                demo?.environment ?? context.environment,
                files: context.configuration,
                allowsHTTP: options.allowsHTTP
            )
            transport = if let demo { demo } else { try context.transport(environment.certificates) }
        } catch {
            throw Failure(error)
        }
        for warning in environment.warnings { warn(Messages.warning(warning)) }
        if options.isVerbose, demo == nil { context.printError(Messages.line(environment.source)) }
        if options.forgetsToken { try checkForgettable(environment.credentials.method) }
        let connection = ServiceConnection(
            transport: transport,
            retry: RetryPolicy(retries: options.retries, random: context.random),
            timeout: .seconds(options.timeout),
            clock: context.clock,
            report: note
        )
        do { return try ImageService(environment, tokenCache: tokenCache(), connection: connection) } catch {
            throw Failure(error)
        }
    }

    /// Checks that `method` gets a token that may be in the cache.
    private func checkForgettable(_ method: Credentials.Method) throws(Failure) {
        switch method {
        case .password, .applicationCredential: break
        case .token:
            throw Failure(.usage, "--forget-token has nothing to forget: a token in OS_TOKEN is never cached.")
        case .accessKey:
            throw Failure(.usage, "--forget-token has nothing to forget: an access key needs no token.")
        }
    }

    private func tokenCache() -> TokenCache {
        if options.isDemo || !options.usesTokenCache { return .disabled }
        let folders = WorkDirectory.candidates(
            option: options.workDirectory,
            environment: context.environment,
            currentDirectory: context.currentDirectory,
            package: package.url
        )
        for folder in folders {
            guard let reason = WorkDirectory.objection(to: folder) else {
                return .file(folder.appendingPathComponent("token-cache.json"))
            }
            warn("the work directory \(printable(folder.path)) is not used, because \(reason).")
        }
        warn("there is no folder for the token cache; give one with --work-directory.")
        return .disabled
    }

    /// Takes the token out of the cache and revokes it.
    func forget(_ service: ImageService) async throws(Failure) {
        do {
            let hadToken = try await service.forgetToken()
            if !options.isQuiet {
                printLine(hadToken ? "The token is revoked and no longer cached." : "There was no token to forget.")
            }
        } catch {
            throw Failure(
                ExitStatus(error),
                "the token is no longer cached, but could not be revoked, so it stays valid until it expires. "
                    + Messages.sentence(error)
            )
        }
    }

    /// What the command line asks the three verbs for.
    func deletionOptions(
        _ service: ImageService,
        _ search: DeletionOptions.ReferenceSearch?
    ) async throws(Failure) -> DeletionOptions {
        var deletion = DeletionOptions(safeguards: options.rule.safeguards, references: search)
        deletion.liftsProtection = options.rule.liftsProtection
        deletion.grace = options.rule.grace
        deletion.ignoresMissing = options.ignoresMissing
        deletion.concurrency = options.concurrency
        deletion.deletesBackups = options.deletesBackups
        deletion.waitsUntilGone = options.waits
        deletion.looksAtIDs = options.onlyShows
        deletion.receipt = try await receipt(of: service)
        // A plan in a file says whose images they are.
        if options.planFile != nil {
            do { _ = try await service.project() } catch { throw Failure(error) }
        }
        return deletion
    }

    private func receipt(of service: ImageService) async throws(Failure) -> Receipt? {
        guard let path = options.receipt else { return nil }
        if options.onlyShows, !FileManager.default.fileExists(atPath: path) { return nil }
        do {
            return try await service.receipt(at: URL(fileURLWithPath: path), isReadOnly: options.onlyShows)
        } catch {
            guard case .receipt(let problem) = error.reason else { throw Failure(error) }
            throw Failure(
                .input,
                "the receipt \(printable(path)) is of no use: \(Messages.sentence(problem)) Nothing was deleted."
            )
        }
    }
}
