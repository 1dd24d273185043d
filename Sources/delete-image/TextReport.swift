import Foundation
import ImageDeletion
import ImageDeletionDemo

/// The report for people: a line an image as soon as its outcome is known, and one that sums up.
struct TextReport {
    var options: Options
    var now: Date

    /// What is about to happen; said before anything does.
    func heading(_ plan: DeletionPlan, at session: ImageService.Session) -> String {
        let images = count(plan.entries.count, "image")
        let place = place(session)
        if plan.entries.isEmpty { return "No image is selected\(place)." }
        if options.onlyShows { return "Dry run, nothing is deleted: \(images)\(place)" }
        let deletions = plan.deletions.count
        return deletions == plan.entries.count
            ? "Deleting \(images)\(place)" : "Deleting \(deletions) of \(images)\(place)"
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
        let labelWidth = outcomes.map { Self.label($0).count }.max() ?? 0
        let nameWidth = Self.nameWidth(plan)
        return outcomes.compactMap { line($0, labelWidth: labelWidth, nameWidth: nameWidth) }
            .joined(separator: "\n")
    }

    /// The plan, as somebody is to see it who has to say whether it is meant.
    func proposal(_ plan: DeletionPlan, at session: ImageService.Session) -> String {
        "\(count(plan.entries.count, "image"))\(place(session)):\n\(lines(plan))"
    }

    /// The plan and the question whether it is meant.
    func question(_ plan: DeletionPlan, at session: ImageService.Session) -> String {
        let size = plan.deletions.compactMap { $0.image?.size }.reduce(0, +)
        let number = count(plan.deletions.count, "image")
        return "\(proposal(plan, at: session))\nDelete \(number) (\(Self.size(size)))? This cannot be undone. [y/N] "
    }

    /// One of several images of the same name.
    static func candidate(_ image: Image) -> String {
        [
            image.id.description, image.createdAt.map { "created \($0.formatted(.iso8601))" }, image.size.map(size),
        ].compactMap { $0 }.joined(separator: "  ")
    }

    /// What became of one image; nil where nobody wants to know.
    ///
    /// - Parameters:
    ///   - labelWidth: How wide a column the results are in.
    ///   - nameWidth: How wide a column the names are in.
    func line(_ outcome: Outcome, labelWidth: Int = 7, nameWidth: Int = 0) -> String? {
        if options.isQuiet, !isFailure(outcome) { return nil }
        let facts = [
            outcome.image.map { description($0, nameWidth: nameWidth) },
            Words.detail(outcome),
        ].compactMap { $0 }.joined(separator: "  ")
        let label = padded(Self.label(outcome), to: labelWidth)
        return "  \(label)  \(outcome.id)" + (facts.isEmpty ? "" : "  \(facts)")
    }

    /// The width that the names of `plan` take, within reason.
    static func nameWidth(_ plan: DeletionPlan) -> Int {
        plan.entries.compactMap { $0.image.map { min(40, name($0).count) } }.max() ?? 0
    }

    /// All of it in one sentence; nil where nobody wants to know.
    func summary(_ outcomes: [Outcome]) -> String? {
        if options.isQuiet { return nil }
        let numbers = Dictionary(outcomes.map { (Self.label($0), 1) }, uniquingKeysWith: +)
        let size = outcomes.filter { $0.result == .wouldDelete }.compactMap { $0.image?.size }.reduce(0, +)
        let labels = ["deleted", "would delete", "kept", "missing", "failed", "pending"]
        let parts = labels.compactMap { label in
            numbers[label].map { number in
                label == "would delete" ? "would delete \(number) (\(Self.size(size)))" : "\(number) \(label)"
            }
        }
        return "\(count(outcomes.count, "image")): \(parts.joined(separator: ", "))."
    }

    /// What there is to try `--demo` with.
    func demoImages() -> String {
        "The demo cloud has these images (in memory; nothing real):\n"
            + DemoImage.believable(now: now).map { image in
                let traits = [
                    image.isProtected ? "protected" : nil,
                    image.visibility == "private" ? nil : image.visibility,
                    image.usedBy.map { "in use by server \($0)" },
                ].compactMap { $0 }
                let facts = [image.name, Self.age(image.createdAt, now: now), Self.size(image.size)] + traits
                return "  \(image.id)  \(facts.joined(separator: "  "))"
            }.joined(separator: "\n")
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

    private func description(_ image: Image, nameWidth: Int) -> String {
        [
            padded(Self.name(image), to: nameWidth),
            image.createdAt.map { Self.age($0, now: now) },
            image.size.map(Self.size),
        ].compactMap { $0 }.joined(separator: "  ")
    }

    private static func name(_ image: Image) -> String { printable(image.name ?? "(no name)", limit: 128) }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// How old something is: "3 weeks", "25 days", "5 hours".
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
