import ImageDeletion
import ImageDeletionDemo
import ImageDeletionEssentials

/// One run: arguments → options → selection → plan → deletions → report → exit status.
struct DeleteCommand: Sendable {
    let options: Options
    let context: CommandContext
    let report: TextReport
    let progress: ProgressLine
    /// The package that this runs in.
    let package: PackageRoot
    /// The cloud in memory; nil for a real one.
    let demo: DemoCloud?

    init(_ options: Options, _ context: CommandContext, demo images: [DemoImage]? = nil) {
        self.options = options
        self.context = context
        let clock = context.clock
        demo =
            options.isDemo
            ? DemoCloud(images: images ?? DemoImage.samples(now: clock.now()), now: clock.now) : nil
        package = PackageRoot(around: context.currentDirectory)
        report = TextReport(options: options, now: context.clock.now(), display: context.output)
        progress = ProgressLine(clock: context.clock, show: options.isQuiet ? nil : context.progress)
    }

    /// Does what `arguments` ask for and says how it went.
    static func run(_ arguments: [String], in context: CommandContext) async -> ExitStatus {
        var options = Options()
        do {
            options = try Options(arguments)
            options.completeDemo()
        } catch {
            options.isJSON = arguments.contains("--json")
            return DeleteCommand(options, context).end([], Failure(.usage, error.message + " See --help."))
        }
        if let help = options.shownHelp {
            context.print(help.text)
            return .done
        }
        if options.showsVersion {
            context.print("delete-image \(Version.current)")
            return .done
        }
        let command = DeleteCommand(options, context)
        if options.isDemo, !options.selects, !options.isJSON {
            context.print(command.report.demoImages())
            return .done
        }
        let status = await command.run()
        if status == .done, let later = await command.demoLater() { return await later.run() }
        return status
    }

    func run() async -> ExitStatus {
        let interruption = Interruption()
        let run = Task { await perform(interruption) }
        await interruption.watch { run.cancel() }
        let watcher = Task {
            for await _ in context.interruptions {
                if let words = await interruption.request(clock: context.clock) { warn(words) }
            }
        }
        defer { watcher.cancel() }
        return await run.value
    }

    /// The run from top to bottom.
    private func perform(_ interruption: Interruption) async -> ExitStatus {
        var service: ImageService?
        // What is reported if the run ends here.
        var outcomes: [Outcome] = []
        var failure: Failure?
        do throws(Failure) {
            let selection = try await selection()
            outcomes = selection?.ids.map(Outcome.init(pending:)) ?? []
            guard selection != nil || options.forgetsToken else { return end([], nil) }
            let search = try selection.flatMap { selection throws(Failure) in try referenceSearch(for: selection) }
            let ready = try makeService()
            service = ready
            if let selection {
                let deletion = try await deletionOptions(ready, search)
                var plan = try await decide(selection, with: ready, deletion)
                outcomes = plan.untried
                try checkLimit(plan)
                if options.onlyShows {
                    try show(plan)
                    outcomes = plan.preview
                } else {
                    if selection.needsConfirmation, !options.isConfirmed, !(plan.deletions + plan.marks).isEmpty {
                        try await confirm(plan)
                        // Images may have changed while the user was answering.
                        plan = try await decide(.saved(plan), with: ready, deletion, isConfirmed: true)
                        outcomes = plan.untried
                    }
                    outcomes = await carryOut(plan, with: ready, deletion, interruption)
                }
                failure = Failure(outcomes, isInterrupted: await interruption.isRequested, deletion.receipt)
                if outcomes.contains(where: { $0.result != .pending }) { printLine(report.summary(outcomes)) }
            }
        } catch {
            failure = error
        }
        if options.forgetsToken, let service {
            do throws(Failure) { try await forget(service) } catch { failure = failure ?? error }
        }
        return end(outcomes, failure?.explained(by: service?.source))
    }

    /// Decides about what is selected, or looks again at what was decided.
    private func decide(
        _ selection: Selection,
        with service: ImageService,
        _ deletion: DeletionOptions,
        isConfirmed: Bool = false
    ) async throws(Failure) -> DeletionPlan {
        progress.begin(.requests)
        defer { progress.end() }
        let plan: DeletionPlan
        do {
            plan =
                switch selection {
                case .new(let images): try await service.plan(images, options: deletion)
                case .saved(let plan): try await service.recheck(plan, options: deletion)
                }
        } catch {
            guard isConfirmed, case .plan(let problem) = error.reason, let words = Messages.changeBeforeAnswer(problem)
            else {
                throw Failure(error)
            }
            throw Failure(.incomplete, words)
        }
        for name in plan.missingNames where !isConfirmed {
            let project = plan.session.project
            warn(Messages.unknown(name, project: project?.name ?? project?.id ?? ""))
        }
        for warning in Messages.notAsked(plan) { warn(warning) }
        if !isConfirmed, let warning = Messages.affectingOthers(plan) { warn(warning) }
        return plan
    }

    private func carryOut(
        _ plan: DeletionPlan,
        with service: ImageService,
        _ deletion: DeletionOptions,
        _ interruption: Interruption
    ) async -> [Outcome] {
        let table = report.table(plan)
        if !options.isQuiet {
            printLine(report.heading(plan))
            printLine(table.header)
        }
        let deleter = service.deleter(for: plan, options: deletion)
        await interruption.deletionsBegin(deleter)
        let changes = Set(plan.changes.map(\.id))
        progress.begin(.images, of: changes.count)
        defer { progress.end() }
        return await deleter.carryOut { outcome in
            if changes.contains(outcome.id), outcome.result != .pending { progress.step(.images) }
            printLine(report.line(outcome, in: table))
            return true
        }
    }

    /// Says the last words: the document, if one was asked for, and what failed.
    private func end(_ outcomes: [Outcome], _ failure: Failure?) -> ExitStatus {
        if options.isJSON {
            do {
                context.print(try JSONReport(outcomes, isDryRun: options.onlyShows, failure: failure).text())
            } catch {
                printError("the report cannot be written as JSON: \(printable("\(error)"))")
                return .incomplete
            }
        }
        if let failure { printError(failure.message) }
        return ExitStatus(outcomes, failure: failure, options: options)
    }
}
