import ImageDeletion

/// What stands between a plan and its deletions: the limit, and the question whether it is meant.
extension DeleteCommand {
    /// Holds back what is more than anybody expects.
    func checkLimit(_ plan: DeletionPlan) throws(Failure) {
        // The number of a plan in a file was approved with it.
        let most = options.maxDeletions ?? (options.appliedPlan == nil ? 50 : .max)
        let number = plan.deletions.count + plan.marks.count
        guard number > most else { return }
        let words =
            "\(count(number, "image")) would be deleted\(plan.marks.isEmpty ? "" : " or marked"), more than "
            + (options.maxDeletions == nil
                ? "the default limit of \(most). Use --max-deletions \(number) to allow that"
                : "--max-deletions \(most)")
        guard !options.onlyShows else { return warn(words + ".") }
        printLine(report.proposal(plan, on: report.display))
        throw Failure(.usage, words + ". Nothing was deleted.")
    }

    /// Asks whether `plan` is meant, and returns if the answer is yes.
    func confirm(_ plan: DeletionPlan) async throws(Failure) {
        let way =
            "add --yes to \(plan.deletions.isEmpty ? "mark" : plan.marks.isEmpty ? "delete" : "delete or mark") "
            + "\(count(plan.deletions.count + plan.marks.count, "image")), "
            + "or save the decision with --plan FILE and have it approved. Nothing was deleted."
        switch await context.ask({ report.question(plan, on: $0) }) {
        case .yes: return
        case .no: throw Failure(.interrupted, "not confirmed. Nothing was deleted.")
        case .timedOut: throw Failure(.usage, "nobody answered for five minutes: " + way)
        case .unavailable:
            printLine(report.proposal(plan, on: report.display))
            throw Failure(.usage, "nobody can be asked here: " + way)
        }
    }
}
