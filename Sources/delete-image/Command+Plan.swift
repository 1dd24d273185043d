import ImageDeletion
import ImageDeletionEssentials

/// What is shown and saved instead of done.
extension Command {
    /// Shows `plan` and, for `--plan`, saves it.
    func show(
        _ plan: DeletionPlan,
        at session: ImageService.Session,
        of service: ImageService
    ) async throws(Failure) -> [Outcome] {
        if options.isQuiet {
            let table = report.table(plan)
            for outcome in plan.preview { say(report.line(outcome, in: table)) }
        } else {
            say(report.heading(plan, at: session))
            if !plan.entries.isEmpty { say(report.lines(plan, on: report.display)) }
        }
        if let path = options.planFile {
            try save(SavedPlan(plan, at: session, project: try await service.neededProject(), now: now), to: path)
            if !options.isQuiet { say("The plan is in \(printable(path)); --apply carries it out.") }
        }
        return plan.preview
    }

    private func save(_ plan: SavedPlan, to path: String) throws(Failure) {
        do {
            try surroundings.write(path, plan.json()) { (try? SavedPlan(json: $0)) != nil }
        } catch {
            let fault = error as? NamedFile.Fault ?? NamedFile.Fault(error)
            throw fault.isOther
                ? Failure(.usage, "\(printable(path)) is there and no plan: \(fault.reason). Name another file.")
                : Failure(.input, "the plan \(printable(path)) cannot be written: \(printable(fault.reason)).")
        }
    }
}
