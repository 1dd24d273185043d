import ImageDeletion
import ImageDeletionEssentials

/// Where what is said goes.
extension DeleteCommand {
    /// Shows `plan` and, for `--plan`, saves it.
    func show(_ plan: DeletionPlan) throws(Failure) {
        if options.isQuiet {
            let table = report.table(plan)
            for outcome in plan.preview { say(report.line(outcome, in: table)) }
        } else {
            say(report.heading(plan))
            if !plan.entries.isEmpty { say(report.lines(plan, on: report.display)) }
        }
        guard let path = options.planFile else { return }
        do {
            try context.write(path, plan.json()) { (try? DeletionPlan(json: $0)) != nil }
        } catch let error as ImageDeletionError {
            throw Failure(error)
        } catch {
            let fault = error as? UserFile.Fault ?? UserFile.Fault(error)
            throw fault.isOther
                ? Failure(.usage, "\(printable(path)) is there and no plan: \(fault.reason). Name another file.")
                : Failure(.input, "the plan \(printable(path)) cannot be written: \(printable(fault.reason)).")
        }
        if !options.isQuiet { say("The plan is in \(printable(path)); --apply carries it out.") }
    }

    /// A line of the report for people.
    func say(_ line: String?) {
        if let line, !options.isJSON { context.print(line) }
    }

    /// A line of what is not the report.
    func tell(_ kind: String, _ words: String) {
        let display = context.errors
        let text = wrapped("\(kind): \(words)", to: display.width)
        let mark = display.coloured("\(kind):", kind == "error" ? .red : .yellow)
        context.printError(mark + text.dropFirst(kind.count + 1))
    }

    func tell(_ event: ServiceEvent) {
        if let warning = Messages.warning(event) { tell("warning", warning) }
        guard case .request(let record) = event else { return }
        progress.step(.requests)
        if options.isVerbose { context.printError(Messages.line(record)) }
    }
}
