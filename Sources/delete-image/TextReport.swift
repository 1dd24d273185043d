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
        let project = session.project.map { " of project \(printable($0.name ?? $0.id, limit: 64))" } ?? ""
        let place =
            options.isDemo ? "the demo cloud (in memory; nothing real)" : printable(session.endpoint.absoluteString)
        return options.isDryRun
            ? "Dry run, nothing is deleted: \(images)\(project) at \(place)"
            : "Deleting \(images)\(project) at \(place)"
    }

    /// What became of one image; nil where nobody wants to know.
    ///
    /// - Parameter nameWidth: How wide a column the names are in.
    func line(_ outcome: Outcome, nameWidth: Int = 0) -> String? {
        if options.isQuiet, !isFailure(outcome) { return nil }
        let facts = [
            outcome.image.map { description($0, nameWidth: nameWidth) },
            Words.detail(outcome),
        ].compactMap { $0 }.joined(separator: "  ")
        let label = padded(Self.label(outcome), to: options.isDryRun ? 12 : 7)
        return "  \(label)  \(outcome.id)" + (facts.isEmpty ? "" : "  \(facts)")
    }

    /// The width that the names of `plan` take, within reason.
    static func nameWidth(_ plan: DeletionPlan) -> Int {
        plan.entries.compactMap { $0.image.map { min(40, name($0).count) } }.max() ?? 0
    }

    /// All of it in one sentence; nil where nobody wants to know.
    func summary(_ outcomes: [Outcome]) -> String? {
        if options.isQuiet { return nil }
        var numbers: [(label: String, number: Int)] = []
        for outcome in outcomes {
            let label = Self.label(outcome)
            if let index = numbers.firstIndex(where: { $0.label == label }) {
                numbers[index].number += 1
            } else {
                numbers.append((label, 1))
            }
        }
        let size = outcomes.filter { $0.result == .wouldDelete }.compactMap { $0.image?.size }.reduce(0, +)
        let parts = numbers.map { label, number in
            label == "would delete" ? "would delete \(number) (\(Self.size(size)))" : "\(number) \(label)"
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
