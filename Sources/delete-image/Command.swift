import Foundation
import ImageDeletion
import ImageDeletionDemo

/// One run: arguments → options → images → plan → deletions → report → exit status.
struct Command {
    let options: Options
    let surroundings: Surroundings
    private let report: TextReport

    private init(_ options: Options, _ surroundings: Surroundings) {
        self.options = options
        self.surroundings = surroundings
        report = TextReport(options: options, now: surroundings.clock.now())
    }

    /// Does what `arguments` ask for and says how it went.
    static func run(_ arguments: [String], in surroundings: Surroundings) async -> ExitStatus {
        let options: Options
        do {
            options = try Options(arguments)
        } catch {
            var options = Options()
            options.isJSON = arguments.contains("--json")
            return Command(options, surroundings).end([], Failure(.usage, error.message + " See --help."))
        }
        if options.showsHelp {
            surroundings.print(Help.text)
            return .done
        }
        if options.showsVersion {
            surroundings.print("delete-image \(ImageService.version)")
            return .done
        }
        return await Command(options, surroundings).run()
    }

    private func run() async -> ExitStatus {
        let interruption = Interruption()
        let run = Task { await perform(interruption) }
        await interruption.watch { run.cancel() }
        let watcher = Task {
            for await _ in surroundings.interruptions {
                if let words = await interruption.request(clock: surroundings.clock) { tell("warning", words) }
            }
        }
        defer { watcher.cancel() }
        return await run.value
    }

    private func perform(_ interruption: Interruption) async -> ExitStatus {
        var service: ImageService?
        var plan = DeletionPlan(deleting: [])
        var outcomes: [Outcome] = []
        var failure: Failure?
        do throws(Failure) {
            if !forgetsOnly {
                if options.isDemo, options.images.isEmpty, options.lists.isEmpty { say(report.demoImages()) }
                plan = DeletionPlan(deleting: try Selection(options, read: surroundings.read).ids)
            }
            let ready = try makeService()
            service = ready
            if !forgetsOnly {
                outcomes = try await delete(&plan, with: ready, interruption)
                failure = await self.failure(of: outcomes, interruption)
            }
        } catch {
            failure = error
            outcomes = plan.untried
        }
        if outcomes.contains(where: { $0.result != .pending }) { say(report.summary(outcomes)) }
        if options.forgetsToken, let service {
            do throws(Failure) { try await forget(service) } catch { failure = failure ?? error }
        }
        return end(outcomes, failure)
    }

    /// Whether the token is all that is to go.
    private var forgetsOnly: Bool { options.forgetsToken && options.images.isEmpty && options.lists.isEmpty }

    private func makeService() throws(Failure) -> ImageService {
        var variables = surroundings.environment
        let transport: any HTTPTransport
        if options.isDemo {
            let clock = surroundings.clock
            let cloud = DemoCloud(images: DemoImage.believable(now: clock.now()), now: clock.now)
            transport = cloud
            variables = cloud.environment
        } else {
            transport = surroundings.transport()
        }
        let environment: OpenStackEnvironment
        do { environment = try OpenStackEnvironment(variables, allowsHTTP: options.allowsHTTP) } catch {
            throw Failure(error)
        }
        for variable in environment.notFollowed { tell("warning", Words.notFollowed(variable)) }
        if options.forgetsToken, case .token = environment.credentials.method {
            throw Failure(.usage, "--forget-token has nothing to forget: a token in OS_TOKEN is never cached.")
        }
        return ImageService(
            environment,
            tokenCache: tokenCache(),
            connection: ServiceConnection(
                transport: transport,
                retry: RetryPolicy(retries: options.retries, random: surroundings.random),
                timeout: .seconds(options.timeout),
                clock: surroundings.clock,
                report: tell
            )
        )
    }

    private func tokenCache() -> TokenCache {
        if options.isDemo || !options.usesTokenCache { return .none }
        let folder = WorkDirectory.url(
            option: options.workDirectory,
            environment: surroundings.environment,
            currentDirectory: surroundings.currentDirectory,
            exists: { FileManager.default.fileExists(atPath: $0.path) }
        )
        guard let folder else {
            tell("warning", "there is no folder for the token cache; give one with --work-directory.")
            return .none
        }
        return .file(folder.appendingPathComponent("token-cache.json"))
    }

    /// Looks first where the plan is only to be shown; else carries it out.
    private func delete(
        _ plan: inout DeletionPlan,
        with service: ImageService,
        _ interruption: Interruption
    ) async throws(Failure) -> [Outcome] {
        let session: ImageService.Session
        do { session = try await service.signIn() } catch { throw Failure(error) }
        if options.isDryRun {
            let sightings = await service.look(at: plan.entries.map(\.id), concurrency: options.concurrency)
            plan = DeletionPlan(deleting: sightings, project: session.project?.id)
        }
        if !options.isQuiet { say(report.heading(plan, at: session)) }
        if options.isDryRun {
            let outcomes = plan.preview
            let nameWidth = TextReport.nameWidth(plan)
            for outcome in outcomes { say(report.line(outcome, nameWidth: nameWidth)) }
            return outcomes
        }
        let deleter = service.deleter(
            for: plan,
            options: ImageDeleter.Options(
                concurrency: options.concurrency,
                deletesBackups: options.deletesBackups,
                waitsUntilGone: options.waits
            )
        )
        await interruption.deletionsBegin(deleter)
        return await deleter.carryOut { say(report.line($0)) }
    }

    private func forget(_ service: ImageService) async throws(Failure) {
        do {
            let hadToken = try await service.forgetToken()
            if !options.isQuiet {
                say(hadToken ? "The token is revoked and no longer cached." : "There was no token to forget.")
            }
        } catch {
            throw Failure(
                ExitStatus(error),
                "the token is no longer cached, but could not be revoked, so it stays valid until it ends. "
                    + Words.sentence(error)
            )
        }
    }

    /// What went wrong beside the images, or with all of them.
    private func failure(of outcomes: [Outcome], _ interruption: Interruption) async -> Failure? {
        if await interruption.isRequested, outcomes.contains(where: \.isUnfinished) {
            return Failure(.interrupted, "interrupted. Run the same command again to go on.")
        }
        return outcomes.lazy.compactMap(\.error).first(where: \.concernsWholeRun).map { Failure($0) }
    }

    /// Says the last words: the document, where one was asked for, and what failed.
    private func end(_ outcomes: [Outcome], _ failure: Failure?) -> ExitStatus {
        if options.isJSON {
            do {
                surroundings.print(
                    try JSONReport(outcomes, isDryRun: options.isDryRun, failure: failure).text()
                )
            } catch {
                tell("error", "the report cannot be written as JSON: \(printable("\(error)"))")
                return .incomplete
            }
        }
        if let failure { tell("error", failure.message) }
        return ExitStatus(outcomes, failure: failure, options: options)
    }

    /// A line of the report for people.
    private func say(_ line: String?) {
        if let line, !options.isJSON { surroundings.print(line) }
    }

    private func tell(_ kind: String, _ words: String) {
        surroundings.printError("\(kind): \(words)")
    }

    private func tell(_ event: ServiceEvent) {
        if let warning = Words.warning(event) { tell("warning", warning) }
        if options.isVerbose, case .request(let record) = event { surroundings.printError(Words.line(record)) }
    }
}
