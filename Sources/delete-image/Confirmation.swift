import ImageDeletion

/// What stands between a plan and its deletions: the limit, and the question whether it is meant.
extension Command {
    /// Holds back what is more than anybody expects.
    ///
    /// - Parameter session: Where the plan was decided; nil before anybody was asked.
    func check(_ plan: DeletionPlan, at session: ImageService.Session? = nil) throws(Failure) {
        // The number of a plan in a file was approved with it.
        let most = options.maxDeletions ?? (options.appliedPlan == nil ? 50 : .max)
        guard plan.deletions.count > most else { return }
        let number = plan.deletions.count
        let words =
            "\(count(number, "image")) would be deleted, more than "
            + (options.maxDeletions == nil
                ? "the default limit of \(most). Use --max-deletions \(number) to allow that"
                : "--max-deletions \(most)")
        guard !options.onlyShows else { return tell("warning", words + ".") }
        if let session { say(report.proposal(plan, at: session, on: report.display)) }
        throw Failure(.usage, words + ". Nothing was deleted.")
    }

    /// Asks whether the plan is meant, where images were selected by anything but their IDs or a plan that was approved.
    ///
    /// - Returns: Whether there was a question; the answer was yes.
    func isAsked(
        _ selection: Selection,
        _ plan: DeletionPlan,
        at session: ImageService.Session
    ) async throws(Failure) -> Bool {
        guard selection.needsConfirmation, !options.isConfirmed, !plan.deletions.isEmpty else { return false }
        let way =
            "add --yes to delete \(count(plan.deletions.count, "image")), "
            + "or save the decision with --plan FILE and have it approved. Nothing was deleted."
        switch await surroundings.ask({ report.question(plan, at: session, on: $0) }) {
        case .yes: return true
        case .no: throw Failure(.interrupted, "not confirmed. Nothing was deleted.")
        case .late: throw Failure(.usage, "nobody answered for five minutes: " + way)
        case .nobody:
            say(report.proposal(plan, at: session, on: report.display))
            throw Failure(.usage, "nobody can be asked here: " + way)
        }
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
