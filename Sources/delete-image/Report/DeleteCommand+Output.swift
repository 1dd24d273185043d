import ImageDeletion
import ImageDeletionEssentials

/// What a run prints.
extension DeleteCommand {
    /// Shows `plan` and, for `--plan`, saves it.
    func show(_ plan: DeletionPlan) throws(Failure) {
        if options.isQuiet {
            let table = report.table(plan)
            for outcome in plan.preview { printLine(report.line(outcome, in: table)) }
        } else {
            printLine(report.heading(plan))
            if !plan.entries.isEmpty { printLine(report.lines(plan, on: report.display)) }
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
        if !options.isQuiet { printLine("The plan is in \(printable(path)); --apply carries it out.") }
    }

    /// Prints a line of the report for people.
    func printLine(_ line: String?) {
        if let line, !options.isJSON { context.print(line) }
    }

    /// Prints a warning to standard error.
    func warn(_ message: String) { print("warning", .yellow, message) }

    /// Prints an error to standard error.
    func printError(_ message: String) { print("error", .red, message) }

    private func print(_ kind: String, _ ink: Display.Ink, _ message: String) {
        let display = context.errors
        let text = wrapped("\(kind): \(message)", to: display.width)
        context.printError(display.coloured("\(kind):", ink) + text.dropFirst(kind.count + 1))
    }

    /// Prints what is worth a warning and, with `--verbose`, each request.
    func note(_ event: ServiceEvent) {
        if let warning = Messages.warning(event) { warn(warning) }
        guard case .request(let record) = event else { return }
        progress.step(.requests)
        if options.isVerbose { context.printError(Messages.line(record)) }
    }
}
