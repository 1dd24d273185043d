import ImageDeletion
import ImageDeletionEssentials

/// One run: arguments → options → selection → plan → deletions → report → exit status.
struct Command: Sendable {
    let options: Options
    let surroundings: Surroundings
    let report: TextReport
    let progress: ProgressLine
    let now: Date
    /// The package that this runs in.
    let package: PackageRoot

    private init(_ options: Options, _ surroundings: Surroundings) {
        self.options = options
        self.surroundings = surroundings
        package = PackageRoot(around: surroundings.currentDirectory)
        now = surroundings.clock.now()
        report = TextReport(options: options, now: now, display: surroundings.output)
        progress = ProgressLine(clock: surroundings.clock, show: options.isQuiet ? nil : surroundings.progress)
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
        if options.isDemo, !options.selects, !options.isJSON {
            surroundings.print(Command(options, surroundings).report.demoImages())
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
        if case .untrusted(let folder, let reason) = package {
            tell("warning", "the package in \(printable(folder.path)) is not used, because \(reason).")
        }
        do throws(Failure) {
            var selection: Selection?
            if options.lists.contains("-"), surroundings.environment["DELETE_IMAGE_PLUGIN_PROCESS"] != nil {
                throw Failure(
                    .usage,
                    "--from -: SwiftPM gives plugins no standard input. Write the list to a file, or use the executable."
                )
            }
            if !forgetsOnly {
                _ = try referenceFolders()
                selection = try await Selection(options, package: policyFolder, now: now, read: surroundings.read)
                plan = DeletionPlan(deleting: selection?.ids ?? [])
            }
            if options.namesImages, case .images(let targets) = selection, targets.isEmpty {
                say("Nothing to delete: the list has no images.")
                // A plan is written, and a receipt may have work left, all the same.
                let hasReceipt = options.receipt.map(FileManager.default.fileExists(atPath:)) ?? false
                if options.planFile == nil, !hasReceipt { selection = nil }
                if selection == nil, !options.forgetsToken { return end([], nil) }
            }
            let ready = try makeService()
            service = ready
            if let selection {
                if isFinal(selection) { try check(plan) }
                let session = try await signIn(ready)
                let receipt = try await receipt(session, of: ready)
                if let receipt { try await restoreProtections(ready, receipt) }
                plan = try await decide(selection, ready, session, receipt)
                if let warning = Words.affectingOthers(plan) { tell("warning", warning) }
                try check(plan, at: session)
                if options.onlyShows {
                    outcomes = try await show(plan, at: session, of: ready)
                } else {
                    if try await isAsked(selection, plan, at: session) {
                        // Somebody has taken their time, in which images may have changed.
                        let shown = SavedPlan(plan, at: session, project: try await ready.neededProject(), now: now)
                        plan = plan.renewed(by: try await decide(.saved(shown), ready, session, receipt))
                    }
                    outcomes = await delete(plan, with: ready, at: session, receipt, interruption)
                }
                failure = await self.failure(of: outcomes, interruption, receipt)
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

    /// Whether IDs can be counted before anybody is asked, because nothing can be found out that spares one.
    private func isFinal(_ selection: Selection) -> Bool {
        guard case .images = selection else { return false }
        return !options.onlyShows && options.rule.safeguards.isEmpty && options.receipt == nil
    }

    /// Whether the token is all that is to go.
    private var forgetsOnly: Bool { options.forgetsToken && !options.selects }

    /// The folder of the policy that `--policy` without a file names: the current one, if it has a policy, else the
    /// package's.
    private var policyFolder: URL {
        let current = surroundings.currentDirectory
        let policy = current.appendingPathComponent(RetentionPolicy.fileName).path
        return FileManager.default.fileExists(atPath: policy) ? current : package.url ?? current
    }

    private func receipt(
        _ session: ImageService.Session,
        of service: ImageService
    ) async throws(Failure) -> Receipt? {
        guard let path = options.receipt else { return nil }
        let project = try await service.neededProject()
        if options.onlyShows, !FileManager.default.fileExists(atPath: path) { return nil }
        do {
            return try Receipt(URL(fileURLWithPath: path), at: session, project: project, isReadOnly: options.onlyShows)
        } catch {
            throw Failure(
                .input,
                "the receipt \(printable(path)) is of no use: \(Words.sentence(error)) Nothing was deleted."
            )
        }
    }

    /// Protects the images again whose protection an earlier run lifted before it was killed. It comes first, so that
    /// nothing that ends this run early leaves them unprotected.
    private func restoreProtections(_ service: ImageService, _ receipt: Receipt) async throws(Failure) {
        for id in receipt.unprotected.sorted(by: { $0.description < $1.description }) {
            if options.onlyShows {
                tell(
                    "warning",
                    "an interrupted run may have left image \(id) unprotected. A run protects it again first."
                )
                continue
            }
            do throws(ImageDeletionError) {
                if try await service.restoreProtection(of: id, in: receipt, at: surroundings.clock.now()) {
                    tell("warning", "image \(id) was left unprotected by an interrupted run. It is protected again.")
                }
            } catch {
                throw Failure(
                    ExitStatus(error),
                    "image \(id) was left unprotected by an interrupted run and could not be protected again. "
                        + Words.sentence(error) + " Protect it yourself, or name a new receipt. Nothing was deleted."
                )
            }
        }
    }

    private func decide(
        _ selection: Selection,
        _ service: ImageService,
        _ session: ImageService.Session,
        _ receipt: Receipt?
    ) async throws(Failure) -> DeletionPlan {
        let folders = try referenceFolders()
        // A list, a plan and a receipt name images because of this very command.
        let ours = options.lists + [options.planFile, options.appliedPlan, options.receipt].compactMap { $0 }
        progress.begin(.requests)
        defer { progress.end() }
        let plan = try await Decision(
            options: options,
            service: service,
            session: session,
            receipt: receipt,
            now: now,
            references: { try await references(to: $0, in: folders, except: ours) },
            warn: { tell("warning", $0) }
        ).plan(selection)
        for warning in Words.notAsked(plan) { tell("warning", warning) }
        return plan
    }

    /// The folders that `--referenced-in` names.
    private func referenceFolders() throws(Failure) -> [URL] {
        try options.referenceFolders.map { path throws(Failure) in
            let folder = URL(fileURLWithPath: path, relativeTo: surroundings.currentDirectory)
            guard folder.path.isFolderPath else {
                throw Failure(.usage, "--referenced-in: there is no folder \(quoted(path)). Nothing was deleted.")
            }
            return folder
        }
    }

    /// Finds where these images' IDs are written: in the `named` folders, and in the package, unless the command line asks
    /// for the folders alone.
    private func references(
        to ids: Set<ImageID>,
        in named: [URL],
        except ours: [String]
    ) async throws -> [ImageID: KeepReason.Reference] {
        var places: [ImageID: KeepReason.Reference] = [:]
        if options.searchesPackage || options.policy != nil || named.isEmpty {
            places = try await surroundings.references(ids, packageFolder(), ours)
        }
        for folder in named {
            for (id, place) in try await surroundings.references(ids, folder, ours) where places[id] == nil {
                let file = "\(folder.relativePath)/\(place.file)"
                places[id] = KeepReason.Reference(file: file, line: place.line)
            }
        }
        return places
    }

    /// The package's folder; outside of a package, the current one.
    private func packageFolder() throws(Failure) -> URL {
        let current = surroundings.currentDirectory
        // To search only the current folder of somebody else's package would be to miss references.
        if case .untrusted(let folder, let reason) = package, folder != current.standardizedFileURL {
            throw Failure(
                .configuration,
                "the package in \(printable(folder.path)) is not used, because \(reason); say which folder to search "
                    + "with --referenced-in DIR. Nothing was deleted."
            )
        }
        return package.url ?? current
    }

    private func delete(
        _ plan: DeletionPlan,
        with service: ImageService,
        at session: ImageService.Session,
        _ receipt: Receipt?,
        _ interruption: Interruption
    ) async -> [Outcome] {
        let table = report.table(plan)
        if !options.isQuiet {
            say(report.heading(plan, at: session))
            say(table.header)
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
        let deletions = Set(plan.deletions.map(\.id))
        progress.begin(.images, of: deletions.count)
        defer { progress.end() }
        let clock = surroundings.clock
        return await deleter.carryOut { outcome in
            if deletions.contains(outcome.id), outcome.result != .pending { progress.step(.images) }
            say(report.line(outcome, in: table))
            guard let receipt, outcome.result != .pending else { return true }
            // What the receipt says already. Of what an earlier run was killed at, it has only said that it was begun.
            if outcome.isOld, receipt.deleted.contains(outcome.id) { return true }
            return receipt.append(outcome, at: clock.now())
        } onBegin: { entry in
            receipt?.begin(entry, at: clock.now()) ?? true
        }
    }

    /// What went wrong beside the images, or with all of them.
    private func failure(
        of outcomes: [Outcome],
        _ interruption: Interruption,
        _ receipt: Receipt?
    ) async -> Failure? {
        if let fault = receipt?.fault {
            if outcomes.allSatisfy({ $0.attempts == 0 }) {
                return Failure(.input, "the receipt cannot be written: \(Words.sentence(fault)) Nothing was deleted.")
            }
            return Failure(
                .incomplete,
                "stopped, because the receipt could not be written: \(Words.sentence(fault)) "
                    + "The report here is complete."
            )
        }
        if await interruption.isRequested, outcomes.contains(where: \.isUnfinished) {
            return Failure(.interrupted, "interrupted. Run the same command again to go on.")
        }
        let errors = outcomes.compactMap(\.error)
        if let error = errors.first(where: \.concernsWholeRun) { return Failure(error) }
        if let error = Outcome.refusal(of: outcomes) { return Failure(error) }
        // Not all were attempted: the service failed so often that it was not asked any more.
        if outcomes.contains(where: { $0.result == .pending || $0.serviceError?.attempts == 0 }),
            let error = errors.last(where: \.isTransient)
        {
            return Failure(ExitStatus(error), "stopped, because image after image failed. \(Words.sentence(error))")
        }
        return Failure(unchecked: outcomes)
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
    func say(_ line: String?) {
        if let line, !options.isJSON { surroundings.print(line) }
    }

    /// A line of what is not the report.
    func tell(_ kind: String, _ words: String) {
        let display = surroundings.errors
        let text = folded("\(kind): \(words)", to: display.width)
        let mark = display.coloured("\(kind):", kind == "error" ? .red : .yellow)
        surroundings.printError(mark + text.dropFirst(kind.count + 1))
    }

    func tell(_ event: ServiceEvent) {
        if let warning = Words.warning(event) { tell("warning", warning) }
        guard case .request(let record) = event else { return }
        progress.step(.requests)
        if options.isVerbose { surroundings.printError(Words.line(record)) }
    }
}
