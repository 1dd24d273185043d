import ImageDeletion
import ImageDeletionEssentials

/// Where what is said goes.
extension DeleteCommand {
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
