import Foundation
import ImageDeletion

/// One run: arguments → options → selection → plan → deletions → report → exit status.
struct Command: Sendable {
    let options: Options
    let surroundings: Surroundings
    let report: TextReport
    let progress: ProgressLine
    let now: Date

    private init(_ options: Options, _ surroundings: Surroundings) {
        self.options = options
        self.surroundings = surroundings
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
        do throws(Failure) {
            var selection: Selection?
            if !forgetsOnly {
                selection = try await Selection(options, package: package, now: now, read: surroundings.read)
                plan = DeletionPlan(deleting: selection?.ids ?? [])
            }
            let ready = try makeService()
            service = ready
            if let selection {
                if isFinal(selection) { try check(plan) }
                let session = try await signIn(ready)
                let receipt = try receipt(session)
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
                    try note(selection, plan, in: receipt)
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

    /// The package that this runs in; outside of one, the current folder.
    private var package: URL {
        PackageRoot.url(around: surroundings.currentDirectory) { FileManager.default.fileExists(atPath: $0.path) }
            ?? surroundings.currentDirectory
    }

    private func receipt(_ session: ImageService.Session) throws(Failure) -> Receipt? {
        guard let path = options.receipt else { return nil }
        do {
            return try Receipt(URL(fileURLWithPath: path), at: session)
        } catch {
            throw Failure(
                .input,
                "the receipt \(printable(path)) is of no use: \(Words.sentence(error)) Nothing was deleted."
            )
        }
    }

    /// Writes the images that were selected by name into the receipt, before anything is done: a name may mean another
    /// image, or none, to the run that goes on after this one.
    private func note(_ selection: Selection, _ plan: DeletionPlan, in receipt: Receipt?) throws(Failure) {
        guard let receipt else { return }
        for outcome in plan.untried where outcome.result == .pending && selection.names.contains(outcome.image?.name) {
            _ = receipt.append(outcome, at: surroundings.clock.now())
        }
        if let fault = receipt.fault {
            throw Failure(.input, "the receipt cannot be written: \(Words.sentence(fault)) Nothing was deleted.")
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
            references: { try await find($0, folder, ours) },
            warn: { tell("warning", $0) }
        ).plan(selection)
        for warning in Words.notAsked(plan) { tell("warning", warning) }
        return plan
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
        return await deleter.carryOut { outcome in
            if deletions.contains(outcome.id), outcome.result != .pending { progress.step(.images) }
            say(report.line(outcome, in: table))
            guard let receipt, outcome.result != .pending else { return true }
            // What the receipt says already. Of what an earlier run was killed at, it has only said that it was begun.
            if outcome.isOld, receipt.deleted.contains(outcome.id) { return true }
            return receipt.append(outcome, at: surroundings.clock.now())
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
        let errors = outcomes.compactMap(\.error)
        if let error = errors.first(where: \.concernsWholeRun) { return Failure(error) }
        if let error = Outcome.refusal(of: outcomes) { return Failure(error) }
        // Not all were attempted: the service failed so often that it was not asked any more.
        guard outcomes.contains(where: { $0.result == .pending || $0.serviceError?.attempts == 0 }),
            let error = errors.last(where: \.isTransient)
        else { return nil }
        return Failure(ExitStatus(error), "stopped, because image after image failed. \(Words.sentence(error))")
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
