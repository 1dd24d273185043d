import Foundation
import ImageDeletion
import ImageDeletionDemo

/// The report for people: a line an image as soon as its outcome is known, and one that sums up.
struct TextReport {
    var options: Options
    var now: Date

    /// What is about to happen; said before anything does.
    func heading(_ plan: DeletionPlan, at session: ImageService.Session) -> String {
        let images = count(plan.entries.count, "image") + place(session)
        if plan.entries.isEmpty { return "No image\(place(session)) is selected." }
        if options.planFile != nil { return "A plan, nothing is deleted: \(images)" }
        if options.isDryRun { return "Dry run, nothing is deleted: \(images)" }
        let deletions = plan.deletions.count
        if deletions == 0 { return "Nothing is to be deleted: \(images)" }
        return deletions == plan.entries.count ? "Deleting \(images)" : "Deleting \(deletions) of \(images)"
    }

    private func place(_ session: ImageService.Session) -> String {
        let project = session.project.map { " of project \(printable($0.name ?? $0.id, limit: 64))" } ?? ""
        return project + " at "
            + (options.isDemo
                ? "the demo cloud (in memory; nothing real)" : printable(session.endpoint.absoluteString))
    }

    /// What would become of each image of `plan`, a line an image.
    func lines(_ plan: DeletionPlan) -> String {
        let outcomes = plan.preview
        var columns = columns(plan)
        columns.label = outcomes.map { Self.label($0).count }.max() ?? 0
        return outcomes.map { text($0, columns) }.joined(separator: "\n")
    }

    /// The plan, as somebody is to see it who has to say whether it is meant.
    func proposal(_ plan: DeletionPlan, at session: ImageService.Session) -> String {
        "\(count(plan.entries.count, "image"))\(place(session)):\n\(lines(plan))"
    }

    /// The plan and the question whether it is meant.
    func question(_ plan: DeletionPlan, at session: ImageService.Session) -> String {
        let deletions = plan.deletions
        let isProtected = deletions.count(where: \.liftsProtection)
        let facts = [Self.size(of: deletions.map(\.image))] + (isProtected > 0 ? ["\(isProtected) protected"] : [])
        return proposal(plan, at: session) + "\nDelete \(count(deletions.count, "image"))"
            + " (\(facts.joined(separator: ", ")))\(place(session))"
            + (options.deletesBackups ? ", and the backups of full-server images" : "")
            + "? This cannot be undone. [y/N] "
    }

    /// One of several images of the same name.
    static func candidate(_ image: Image) -> String {
        [
            image.id.description, image.createdAt.map { "created \($0.formatted(.iso8601))" }, image.size.map(size),
        ].compactMap { $0 }.joined(separator: "  ")
    }

    /// What became of one image; nil where nobody wants to know.
    func line(_ outcome: Outcome, _ columns: Columns) -> String? {
        options.isQuiet && !isFailure(outcome) ? nil : text(outcome, columns)
    }

    private func text(_ outcome: Outcome, _ columns: Columns) -> String {
        let detail = Words.detail(outcome, isShort: true)
        let facts = [
            outcome.image.map { description($0, of: outcome, columns, isLast: detail == nil) }, detail,
        ].compactMap { $0 }.joined(separator: "  ")
        let label = padded(Self.label(outcome), to: columns.label)
        return "  \(label)  \(outcome.id)" + (facts.isEmpty ? "" : "  \(facts)")
    }

    /// How wide the columns are.
    struct Columns {
        var label = 7
        var name = 0
        var age = 0
        var size = 0
    }

    /// The widths that the images of `plan` take, within reason.
    func columns(_ plan: DeletionPlan) -> Columns {
        plan.entries.compactMap(\.image).reduce(into: Columns()) { columns, image in
            columns.name = max(columns.name, min(40, Self.name(image).count))
            columns.age = max(columns.age, age(image).count)
            columns.size = max(columns.size, Self.size(image).count)
        }
    }

    /// All of it in one sentence; nil where nobody wants to know.
    func summary(_ outcomes: [Outcome]) -> String? {
        if options.isQuiet { return nil }
        let numbers = Dictionary(outcomes.map { (Self.label($0), 1) }, uniquingKeysWith: +)
        let size = Self.size(of: outcomes.filter { $0.result == .wouldDelete }.map(\.image))
        let labels = ["deleted", "would delete", "kept", "missing", "failed", "pending"]
        let parts = labels.compactMap { label in
            numbers[label].map { number in
                label == "would delete" ? "would delete \(number) (\(size))" : "\(number) \(label)"
            }
        }
        return "\(count(outcomes.count, "image")): \(parts.joined(separator: ", "))."
    }

    /// What there is to try `--demo` with.
    func demoImages() -> String {
        let images = DemoImage.believable(now: now)
        let nameWidth = images.map(\.name.count).max() ?? 0
        let ageWidth = images.map { Self.age($0.createdAt, now: now).count }.max() ?? 0
        let lines = images.map { image in
            let traits = [
                image.isProtected ? "protected" : nil,
                image.visibility == "private" ? nil : image.visibility,
                image.usedBy.map { "in use by server \($0)" },
            ].compactMap { $0 }
            let facts = [
                image.id, padded(image.name, to: nameWidth), padded(Self.age(image.createdAt, now: now), to: ageWidth),
                Self.size(image.size),
            ]
            return "  " + (facts + traits).joined(separator: "  ")
        }
        return "The demo cloud has these images (in memory; nothing real):\n" + lines.joined(separator: "\n")
            + "\nTry on them: delete-image --demo --match 'nightly-*' --older-than 14d --keep-last 3"
    }

    private func isFailure(_ outcome: Outcome) -> Bool {
        switch outcome.result {
        case .failed, .pending: true
        case .missing: !options.ignoresMissing
        case .deleted, .wouldDelete, .kept: false
        }
    }

    private static func label(_ outcome: Outcome) -> String {
        switch outcome.result {
        case .deleted: "deleted"
        case .wouldDelete: "would delete"
        case .kept: "kept"
        case .missing: "missing"
        case .failed: "failed"
        case .pending: "pending"
        }
    }

    private func description(
        _ image: Image,
        of outcome: Outcome,
        _ columns: Columns,
        isLast: Bool
    ) -> String {
        let isLifted = image.isProtected && [.wouldDelete, .deleted].contains(outcome.result)
        let traits = [
            isLifted ? "protected" : nil, outcome.rules.isEmpty ? nil : "[\(outcome.rules.joined(separator: ", "))]",
        ].compactMap { $0 }.map { printable($0, limit: 128) }
        let size = Self.size(image)
        let facts = [
            padded(Self.name(image), to: columns.name), padded(age(image), to: columns.age),
            traits.isEmpty && isLast ? size : padded(size, to: columns.size),
        ]
        return (facts + traits).joined(separator: "  ")
    }

    private func age(_ image: Image) -> String { image.createdAt.map { Self.age($0, now: now) } ?? "age unknown" }

    private static func size(_ image: Image) -> String { image.size.map(size) ?? "size unknown" }

    /// What all of them take together, as far as it is known.
    private static func size(of images: [Image?]) -> String {
        let sizes = images.compactMap { $0?.size }
        if sizes.isEmpty { return "size unknown" }
        return (sizes.count < images.count ? "at least " : "") + size(sizes.reduce(0, +))
    }

    private static func name(_ image: Image) -> String { printable(image.name ?? "(no name)", limit: 128) }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// How old something is: "25 days old", "5 hours old".
    static func age(_ date: Date, now: Date) -> String {
        let seconds = max(0, now.timeIntervalSince(date))
        return switch seconds {
        case ..<3600: count(Int(seconds / 60), "minute") + " old"
        case ..<(48 * 3600): count(Int(seconds / 3600), "hour") + " old"
        default: count(Int(seconds / 86400), "day") + " old"
        }
    }

    /// A size as people read it: "2.2 GiB".
    static func size(_ bytes: Int64) -> String {
        var value = Double(max(0, bytes))
        for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
            if value < 1024 || unit == "TiB" {
                return unit == "B" ? "\(Int(value)) B" : String(format: "%.1f %@", value, unit)
            }
            value /= 1024
        }
        return "\(bytes) B"
    }
}
