import Foundation
import ImageDeletion
import ImageDeletionDemo

/// One run: arguments → options → selection → plan → deletions → report → exit status.
struct Command {
    let options: Options
    let surroundings: Surroundings
    private let report: TextReport
    private let now: Date

    private init(_ options: Options, _ surroundings: Surroundings) {
        self.options = options
        self.surroundings = surroundings
        now = surroundings.clock.now()
        report = TextReport(options: options, now: now)
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
            var selection: Selection?
            if !forgetsOnly {
                if options.isDemo, !options.selects { say(report.demoImages()) }
                selection = try Selection(options, package: package, read: surroundings.read)
                plan = DeletionPlan(deleting: selection?.ids ?? [])
            }
            let ready = try makeService()
            service = ready
            if let selection {
                // IDs can be counted before anybody is asked.
                try check(plan)
                let session = try await signIn(ready)
                let receipt = try receipt(session)
                plan = try await decide(selection, ready, session, receipt)
                try check(plan)
                if options.onlyShows {
                    outcomes = try await show(plan, at: session, of: ready)
                } else {
                    try await confirm(selection, plan, at: session)
                    outcomes = await delete(plan, with: ready, at: session, receipt, interruption)
                    failure = await self.failure(of: outcomes, interruption, receipt)
                }
                if outcomes.contains(where: { $0.result != .pending }) { say(report.summary(outcomes)) }
            }
        } catch {
            failure = error
            outcomes = plan.untried
        }
        if options.forgetsToken, let service {
            do throws(Failure) { try await forget(service) } catch { failure = failure ?? error }
        }
        return end(outcomes, failure)
    }

    /// Whether the token is all that is to go.
    private var forgetsOnly: Bool { options.forgetsToken && !options.selects }

    /// The package that this runs in; outside of one, the current folder.
    private var package: URL {
        PackageRoot.url(around: surroundings.currentDirectory) { FileManager.default.fileExists(atPath: $0.path) }
            ?? surroundings.currentDirectory
    }

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

    private func signIn(_ service: ImageService) async throws(Failure) -> ImageService.Session {
        do { return try await service.signIn() } catch { throw Failure(error) }
    }

    private func receipt(_ session: ImageService.Session) throws(Failure) -> Receipt? {
        guard let path = options.receipt else { return nil }
        do {
            return try Receipt(URL(fileURLWithPath: path), at: session)
        } catch {
            throw Failure(.input, "the receipt \(printable(path)): \(Words.sentence(error)) Nothing was deleted.")
        }
    }

    private func decide(
        _ selection: Selection,
        _ service: ImageService,
        _ session: ImageService.Session,
        _ receipt: Receipt?
    ) async throws(Failure) -> DeletionPlan {
        let folder = try referenceFolder()
        let find = surroundings.references
        return try await Decision(
            options: options,
            service: service,
            session: session,
            receipt: receipt,
            now: now,
            references: { try find($0, folder) }
        ).plan(selection)
    }

    private func referenceFolder() throws(Failure) -> URL {
        guard let path = options.referenceFolder, !path.isEmpty else { return package }
        let folder = URL(fileURLWithPath: path, relativeTo: surroundings.currentDirectory)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw Failure(.usage, "--unless-referenced: there is no folder \(quoted(path)). Nothing was deleted.")
        }
        return folder
    }

    /// Holds back what is more than anybody expects.
    private func check(_ plan: DeletionPlan) throws(Failure) {
        let isUnattended = options.rule.selectsByAnything || options.policy != nil
        guard let most = options.maxDeletions ?? (isUnattended ? 50 : nil), plan.deletions.count > most else { return }
        let number = plan.deletions.count
        let words =
            "\(count(number, "image")) would be deleted, more than "
            + (options.maxDeletions == nil
                ? "\(most). If all are meant, say --max-deletions \(number)" : "--max-deletions \(most)")
        guard !options.onlyShows else { return tell("warning", words + ".") }
        throw Failure(.usage, words + ". Nothing was deleted.")
    }

    private func show(
        _ plan: DeletionPlan,
        at session: ImageService.Session,
        of service: ImageService
    ) async throws(Failure) -> [Outcome] {
        if !options.isQuiet { say(report.heading(plan, at: session)) }
        if !plan.entries.isEmpty { say(report.lines(plan)) }
        if let path = options.planFile {
            let project: TokenProject
            do { project = try await service.project() } catch { throw Failure(error) }
            try save(SavedPlan(plan, at: session, project: project, now: now), to: path)
        }
        return plan.preview
    }

    private func save(_ plan: SavedPlan, to path: String) throws(Failure) {
        // A slip of the pen must not cost a file that is something else.
        if let old = try? surroundings.read(path), !old.isEmpty, (try? SavedPlan(json: old)) == nil {
            throw Failure(.usage, "\(printable(path)) is there and no plan; name another file.")
        }
        do {
            try surroundings.write(plan.json(), path)
        } catch {
            throw Failure(
                .input,
                "the plan \(printable(path)) cannot be written: \(printable(error.localizedDescription))"
            )
        }
    }

    /// Asks whether the plan is meant, where images were selected by anything but their IDs or a plan that was approved.
    private func confirm(
        _ selection: Selection,
        _ plan: DeletionPlan,
        at session: ImageService.Session
    ) async throws(Failure) {
        guard selection.needsConfirmation, !options.isConfirmed, !plan.deletions.isEmpty else { return }
        switch await surroundings.ask(report.question(plan, at: session)) {
        case .yes: return
        case .no: throw Failure(.interrupted, "not confirmed. Nothing was deleted.")
        case .nobody:
            say(report.proposal(plan, at: session))
            throw Failure(
                .usage,
                "nobody can be asked here: add --yes to delete \(count(plan.deletions.count, "image")), "
                    + "or save the decision with --plan FILE and have it approved. Nothing was deleted."
            )
        }
    }

    private func delete(
        _ plan: DeletionPlan,
        with service: ImageService,
        at session: ImageService.Session,
        _ receipt: Receipt?,
        _ interruption: Interruption
    ) async -> [Outcome] {
        if !options.isQuiet { say(report.heading(plan, at: session)) }
        let deleter = service.deleter(
            for: plan,
            options: ImageDeleter.Options(
                concurrency: options.concurrency,
                deletesBackups: options.deletesBackups,
                waitsUntilGone: options.waits
            )
        )
        await interruption.deletionsBegin(deleter)
        let nameWidth = TextReport.nameWidth(plan)
        return await deleter.carryOut { outcome in
            say(report.line(outcome, nameWidth: nameWidth))
            guard let receipt, outcome.result != .pending, !outcome.isOld else { return true }
            return receipt.append(outcome, at: surroundings.clock.now())
        }
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
    private func failure(
        of outcomes: [Outcome],
        _ interruption: Interruption,
        _ receipt: Receipt?
    ) async -> Failure? {
        if let fault = receipt?.fault {
            return Failure(
                .incomplete,
                "stopped, because the receipt could not be written: \(Words.sentence(fault)) "
                    + "The report here is complete."
            )
        }
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
                    try JSONReport(outcomes, isDryRun: options.onlyShows, failure: failure).text()
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

extension Selection {
    /// Whether a person has to say that these images are meant: an ID says so, and so does a plan in a file.
    var needsConfirmation: Bool {
        switch self {
        case .saved: false
        case .rules: true
        case .images(let targets): targets.contains { if case .name = $0 { true } else { false } }
        }
    }
}
