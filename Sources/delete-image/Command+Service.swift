import ImageDeletion
import ImageDeletionDemo
import ImageDeletionEssentials

/// The service that a run talks to, and its token.
extension DeleteCommand {
    /// The service that the variables, or `--demo`, describe. Nothing is sent yet.
    func makeService() throws(Failure) -> ImageService {
        let demo = options.isDemo ? demoCloud() : nil
        let environment: OpenStackEnvironment
        let transport: any HTTPTransport
        do throws(ImageDeletionError) {
            environment = try OpenStackEnvironment(
                demo?.environment ?? context.environment,
                allowsHTTP: options.allowsHTTP
            )
            transport = if let demo { demo } else { try context.transport(environment.certificates) }
        } catch {
            throw Failure(error)
        }
        for variable in environment.notFollowed { tell("warning", Messages.notFollowed(variable)) }
        if options.forgetsToken, case .token = environment.credentials.method {
            throw Failure(.usage, "--forget-token has nothing to forget: a token in OS_TOKEN is never cached.")
        }
        let connection = ServiceConnection(
            transport: transport,
            retry: RetryPolicy(retries: options.retries, random: context.random),
            timeout: .seconds(options.timeout),
            clock: context.clock,
            report: tell
        )
        do { return try ImageService(environment, tokenCache: tokenCache(), connection: connection) } catch {
            throw Failure(error)
        }
    }

    private func demoCloud() -> DemoCloud {
        let clock = context.clock
        return DemoCloud(images: DemoImage.samples(now: clock.now()), now: clock.now)
    }

    private func tokenCache() -> TokenCache {
        if options.isDemo || !options.usesTokenCache { return .none }
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
            tell("warning", "the work directory \(printable(folder.path)) is not used, because \(reason).")
        }
        tell("warning", "there is no folder for the token cache; give one with --work-directory.")
        return .none
    }

    /// Takes the token out of the cache and revokes it.
    func forget(_ service: ImageService) async throws(Failure) {
        do {
            let hadToken = try await service.forgetToken()
            if !options.isQuiet {
                say(hadToken ? "The token is revoked and no longer cached." : "There was no token to forget.")
            }
        } catch {
            throw Failure(
                ExitStatus(error),
                "the token is no longer cached, but could not be revoked, so it stays valid until it expires. "
                    + Messages.sentence(error)
            )
        }
    }
}
