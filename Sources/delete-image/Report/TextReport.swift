import ImageDeletion
import ImageDeletionDemo
import ImageDeletionEssentials

/// The report for people: a line an image as soon as its outcome is known, and one that sums up.
struct TextReport {
    var options: Options
    var now: Date
    /// What standard output can show.
    var display: Display

    /// What is about to happen; said before anything does.
    func heading(_ plan: DeletionPlan) -> String {
        wrapped(sentence(plan), to: display.width)
    }

    private func sentence(_ plan: DeletionPlan) -> String {
        let images = count(plan.entries.count, "image") + place(plan)
        if plan.entries.isEmpty { return "No image\(place(plan)) is selected." }
        if options.planFile != nil { return "A plan, nothing is deleted: \(images)" }
        if options.isDryRun { return "Dry run, nothing is deleted: \(images)" }
        let parts = [
            ("Deleting", plan.deletions.count), ("marking", plan.marks.count),
            ("unmarking", plan.changes.count - plan.deletions.count - plan.marks.count),
        ].filter { $0.1 > 0 }
        guard let first = parts.first else { return "Nothing is to be deleted: \(images)" }
        let isAll = parts.count == 1 && first.1 == plan.entries.count
        let changes = parts.map { isAll ? $0.0 : "\($0.0) \($0.1)" }.joined(separator: ", ")
        return Messages.capitalized(changes) + (isAll ? " " : " of ") + images
    }

    private func place(_ plan: DeletionPlan) -> String {
        let project = plan.session.project.map { " of project \(printable($0.name ?? $0.id, limit: 64))" } ?? ""
        return project + " at "
            + (options.isDemo
                ? "the demo cloud (in memory; nothing real)" : printable(plan.session.endpoint.absoluteString))
    }

    /// The images of `plan` and what would become of each.
    func lines(_ plan: DeletionPlan, on display: Display) -> String {
        ImageTable.text(plan.preview.map { row($0, isPlan: true) }, on: display)
    }

    /// The plan, as somebody is to see it who has to say whether it is meant.
    func proposal(_ plan: DeletionPlan, on display: Display) -> String {
        let heading = "\(count(plan.entries.count, "image"))\(place(plan)):"
        return wrapped(heading, to: display.width) + "\n" + lines(plan, on: display)
    }

    /// The plan and the question whether it is meant.
    func question(_ plan: DeletionPlan, on display: Display) -> String {
        let (deletions, marks) = (plan.deletions, plan.marks)
        let isProtected = deletions.count(where: \.liftsProtection)
        let facts = [Self.size(of: deletions.map(\.image))] + (isProtected > 0 ? ["\(isProtected) protected"] : [])
        let deletion =
            "delete \(count(deletions.count, "image")) (\(facts.joined(separator: ", ")))"
            + (options.deletesBackups ? " and the backups of full-server images" : "")
        let mark = "mark \(count(marks.count, "image")) for deletion (\(Self.size(of: marks.map(\.image))))"
        let unmarked = plan.changes.count - deletions.count - marks.count
        let unmark = "unmark \(count(unmarked, "image"))"
        let parts = [(deletions.count, deletion), (marks.count, mark), (unmarked, unmark)]
        let changes = parts.filter { $0.0 > 0 }.map(\.1)
        let question =
            Messages.capitalized(changes.joined(separator: ", ")) + place(plan)
            + (deletions.isEmpty ? "? --restore undoes it. [y/N]" : "? A deletion cannot be undone. [y/N]")
        return proposal(plan, on: display) + "\n" + wrapped(question, to: display.width) + " "
    }

    /// The table for what becomes of `plan`, an image after the other. Images that nobody looked at need no column.
    func table(_ plan: DeletionPlan) -> ImageTable {
        ImageTable(
            plan.entries.compactMap { $0.image.map(facts) },
            label: (plan.changes.contains { !plan.deletions.contains($0) } ? "unmarked" : "deleted").count,
            on: display
        )
    }

    /// What became of one image; nil where nobody wants to know.
    func line(_ outcome: Outcome, in table: ImageTable) -> String? {
        options.isQuiet && !options.isIncomplete(outcome) ? nil : table.text(row(outcome, isPlan: false))
    }

    private func row(_ outcome: Outcome, isPlan: Bool) -> ImageTable.Row {
        let isLifted = outcome.image?.isProtected == true && [.wouldDelete, .deleted].contains(outcome.result)
        let remarks = [
            isLifted ? "protected" : nil,
            // An image that is unmarked is shown again.
            outcome.image?.isHidden == true && outcome.result.kind != .unmarked ? "hidden" : nil,
            outcome.rules.isEmpty ? nil : printable("[\(outcome.rules.joined(separator: ", "))]", limit: 128),
            Messages.detail(outcome, isShort: true),
        ]
        let (label, ink) = Self.label(outcome, isPlan: isPlan)
        return ImageTable.Row(
            label: label,
            ink: ink,
            id: outcome.id.description,
            facts: outcome.image.map(facts),
            remarks: remarks.compactMap { $0 }
        )
    }

    private func facts(_ image: Image) -> ImageTable.Row.Facts {
        ImageTable.Row.Facts(
            name: printable(image.name ?? "(no name)", limit: 128),
            age: image.createdAt.map { Messages.age($0, now: now) } ?? "?",
            size: image.size.map(Messages.size) ?? "?"
        )
    }

    /// All of it in one sentence; nil where nobody wants to know.
    func summary(_ outcomes: [Outcome]) -> String? {
        if options.isQuiet { return nil }
        let numbers = Dictionary(outcomes.map { ($0.result.kind, 1) }, uniquingKeysWith: +)
        let parts = Outcome.Result.Kind.allCases.compactMap { kind in
            numbers[kind].map { number in
                let size = Self.size(of: outcomes.filter { $0.result.kind == kind }.map(\.image))
                return switch kind {
                case .wouldDelete: "would delete \(number) (\(size))"
                case .wouldMark: "would mark \(number) (\(size))"
                case .wouldUnmark: "would unmark \(number)"
                case .deleted, .marked, .unmarked, .kept, .missing, .failed, .pending: "\(number) \(kind.rawValue)"
                }
            }
        }
        return wrapped("\(count(outcomes.count, "image")): \(parts.joined(separator: ", ")).", to: display.width)
    }

    /// What there is to try `--demo` with.
    func demoImages() -> String {
        let rows = DemoImage.samples(now: now).map { image in
            let traits = [
                image.isProtected ? "protected" : nil,
                image.isHidden ? "hidden" : nil,
                image.visibility == "private" ? nil : image.visibility,
                image.usedBy.map { "in use by server \($0)" },
            ]
            return ImageTable.Row(
                label: "",
                id: image.id,
                facts: ImageTable.Row.Facts(
                    name: image.name,
                    age: Messages.age(image.createdAt, now: now),
                    size: Messages.size(image.size)
                ),
                remarks: traits.compactMap { $0 }
            )
        }
        return "The demo cloud has these images (in memory; nothing real):\n" + ImageTable.text(rows, on: display)
            + """

            Try on them:
              delete-image --demo --match 'nightly-*' --older-than 14d --keep-last 3
              delete-image --demo --tag ci --group-by tag:branch --keep-last 1 --keep-weekly 2 --dry-run
              delete-image --demo --match 'nightly-*' --older-than 14d --grace 7d
            """
    }

    /// What becomes of an image, as people read it.
    ///
    /// - Parameter isPlan: Whether it has yet to come.
    private static func label(_ outcome: Outcome, isPlan: Bool) -> (String, Display.Ink?) {
        switch outcome.result {
        case .deleted: ("deleted", .green)
        case .wouldDelete: ("delete", .red)
        case .marked: ("marked", .yellow)
        case .wouldMark: ("mark", .yellow)
        case .unmarked: ("unmarked", .green)
        case .wouldUnmark: ("unmark", .green)
        case .kept: (isPlan ? "keep" : "kept", isPlan ? .green : nil)
        case .missing: ("missing", .yellow)
        case .failed: ("failed", .red)
        case .pending: ("pending", .yellow)
        }
    }

    /// Two sizes together: a server may say of each that it is as large as a number can be.
    private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, isTooLarge) = max(0, one).addingReportingOverflow(max(0, other))
        return isTooLarge ? .max : sum
    }

    /// What all of them take together, as far as it is known.
    private static func size(of images: [Image?]) -> String {
        let sizes = images.compactMap { $0?.size }
        if sizes.isEmpty { return "size unknown" }
        return (sizes.count < images.count ? "at least " : "") + Messages.size(sizes.reduce(0, Self.sum))
    }
}
