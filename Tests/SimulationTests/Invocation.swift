import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

/// One command line, with an independent definition of the images that it selects.
struct Invocation {
    /// The images to delete.
    enum Choice {
        case ids([String])
        case names([String])
        case rules([Rule], isPolicy: Bool)
        /// The images in a plan that an earlier process wrote.
        case planned
    }

    /// A retention rule.
    struct Rule {
        var pattern: Pattern?
        var tag: String?
        var days: Int?
        var excluded: Pattern?
        var keep: [KeepRule: Int] = [:]
        /// Whether images are counted by the part of their names before the last hyphen.
        var isGrouped = false
        /// The grace period in minutes; nil if images are deleted at once.
        var grace: Int?
        var unprotects = false
        var unlessInUse = false
        var unlessShared = false
        var unlessReferenced = false
    }

    /// A glob, with an independent definition of what it matches.
    struct Pattern {
        var glob: String
        var isMeant: @Sendable (String) -> Bool

        static let all = [
            Pattern(glob: "nightly-*") { $0.hasPrefix("nightly-") }, Pattern(glob: "*-1") { $0.hasSuffix("-1") },
            Pattern(glob: "*") { _ in true }, Pattern(glob: "release") { $0 == "release" },
        ]
    }

    var choice: Choice
    /// The options on the command line that apply to all images.
    var extra = Rule()
    /// Whether marks are removed.
    var restores = false
    var isDryRun = false
    var writesPlan = false
    /// The plan's file.
    var plan = "plan"
    var hasReceipt = false
    var isConfirmed = true
    var usesCache = true
    var forgetsToken = false
    var isJSON = true
    var waits = false
    var ignoresMissing = false
    var maxDeletions: Int?
    var retries = 4
    var timeout = 30.0
    /// Options that do not change which images are deleted.
    var others: [String] = []

    init(_ choice: Choice, _ generator: inout SeededGenerator) {
        self.choice = choice
        retries = generator.pick([0, 1, 2, 4, 4, 4])
        timeout = generator.pick([1, 5, 30, 30])
        isJSON = !generator.once(in: 4)
        usesCache = !generator.once(in: 12)
        forgetsToken = generator.once(in: 20)
        waits = generator.once(in: 6)
        ignoresMissing = generator.once(in: 4)
        isConfirmed = generator.once(in: 3)
        if generator.once(in: 10) { maxDeletions = generator.number(0...8) }
        others = generator.subset(of: [["--verbose"], ["--quiet"], ["--delete-backup"]]).flatMap(\.self)
        others += ["--concurrency", "\(generator.pick([1, 2, 4, 8, 64]))"]
        extra.unlessInUse = generator.once(in: 4)
        extra.unlessShared = generator.once(in: 5)
        extra.unlessReferenced = generator.once(in: 6)
        switch choice {
        case .ids, .names:
            extra.unprotects = generator.once(in: 2)
            switch generator.number(0...9) {
            case 0: extra.grace = generator.pick([1, 2, 5, 10])
            case 1: restores = true
            default: break
            }
        case .rules, .planned: break
        }
        switch generator.number(0...11) {
        case 0: isDryRun = true
        case 1...5: hasReceipt = true
        default: break
        }
        if isDryRun { forgetsToken = false }
    }

    /// The shortest grace period, in minutes, with which it marks images.
    var minimumGrace: Int {
        switch choice {
        case .ids, .names: extra.grace ?? 1
        case .rules(let rules, _): rules.compactMap(\.grace).min() ?? 1
        case .planned: 1
        }
    }

    /// Returns the arguments, after writing the files that they name to `folder`.
    func arguments(in folder: URL, process: Int) throws -> [String] {
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        var arguments =
            ["--retries", "\(retries)", "--timeout", "\(timeout)", "--work-directory", folder.path] + others
        switch choice {
        case .ids(let ids):
            let list = ids.suffix(ids.count / 2)
            try Data(list.map { $0 + "\n" }.joined().utf8).write(
                to: folder.appendingPathComponent("list-\(process)")
            )
            arguments += ids.dropLast(list.count) + ["--from", path("list-\(process)")]
        case .names(let names): arguments += names
        case .rules(let rules, isPolicy: true):
            let policy = ["rules": Dictionary(uniqueKeysWithValues: rules.enumerated().map { ("rule \($0)", $1.json) })]
            try JSONSerialization.data(withJSONObject: policy, options: [.sortedKeys]).write(
                to: folder.appendingPathComponent("policy-\(process)")
            )
            arguments += ["--policy", path("policy-\(process)")]
        case .rules(let rules, isPolicy: false): arguments += rules.flatMap(\.arguments)
        case .planned: arguments += ["--apply", path(plan)]
        }
        arguments += extra.arguments
        if restores { arguments.append("--restore") }
        if isDryRun { arguments.append("--dry-run") }
        if writesPlan { arguments += ["--plan", path(plan)] }
        if hasReceipt { arguments += ["--receipt", path("receipt")] }
        if isConfirmed { arguments.append("--yes") }
        if !usesCache { arguments.append("--no-token-cache") }
        if forgetsToken { arguments.append("--forget-token") }
        if isJSON { arguments.append("--json") }
        if waits { arguments.append("--wait") }
        if ignoresMissing { arguments.append("--ignore-missing") }
        if let maxDeletions { arguments += ["--max-deletions", "\(maxDeletions)"] }
        return arguments
    }
}

extension Invocation.Rule {
    /// Creates a random rule that has a filter.
    init(_ generator: inout SeededGenerator) {
        pattern = generator.pick([Invocation.Pattern.all[0]] + Invocation.Pattern.all)
        if generator.once(in: 8) { tag = "ci" }
        if generator.once(in: 4) { days = generator.number(1...8) }
        if generator.once(in: 8) { excluded = generator.pick(Invocation.Pattern.all) }
        switch generator.number(0...3) {
        case 0: keep[.last] = generator.number(1...4)
        case 1: for rule in generator.subset(of: KeepRule.allCases) { keep[rule] = generator.number(1...4) }
        default: break
        }
        isGrouped = !keep.isEmpty && generator.once(in: 4)
        if generator.once(in: 3) { grace = generator.pick([1, 2, 5, 10]) }
        unprotects = generator.once(in: 2)
        unlessInUse = generator.once(in: 4)
        unlessShared = generator.once(in: 4)
        unlessReferenced = generator.once(in: 6)
    }

    fileprivate var arguments: [String] {
        var arguments: [String] = []
        if let pattern { arguments += ["--match", pattern.glob] }
        if let tag { arguments += ["--tag", tag] }
        if let days { arguments += ["--older-than", "\(days)d"] }
        if let excluded { arguments += ["--exclude", excluded.glob] }
        for rule in KeepRule.allCases {
            if let count = keep[rule] { arguments += ["--keep-\(rule)", "\(count)"] }
        }
        if isGrouped { arguments += ["--group-by", "name:(*)-*"] }
        if let grace { arguments += ["--grace", "\(grace)m"] }
        if unprotects { arguments.append("--unprotect") }
        if unlessInUse { arguments.append("--unless-in-use") }
        if unlessShared { arguments.append("--unless-shared") }
        if unlessReferenced { arguments.append("--unless-referenced") }
        return arguments
    }

    fileprivate var json: [String: Any] {
        var json: [String: Any] = [:]
        json["match"] = pattern?.glob
        json["tag"] = tag
        json["olderThan"] = days.map { "\($0)d" }
        json["exclude"] = excluded?.glob
        for (rule, count) in keep { json["keep\(rule.rawValue.capitalized)"] = count }
        if isGrouped { json["groupBy"] = "name:(*)-*" }
        json["grace"] = grace.map { "\($0)m" }
        if unprotects { json["unprotect"] = true }
        if unlessInUse { json["unlessInUse"] = true }
        if unlessShared { json["unlessShared"] = true }
        if unlessReferenced { json["unlessReferenced"] = true }
        return json
    }

    /// Whether the rule selects `image`, whatever keeps it.
    func isFor(_ image: DemoImage, now: Date) -> Bool {
        let isOld = days.map { now.timeIntervalSince(image.createdAt) > Double($0) * 86_400 } ?? true
        return matches(image) && isOld
    }

    /// Whether the keep rules count `image`, if it is not excluded.
    func matches(_ image: DemoImage) -> Bool {
        image.isOwn && pattern.map { $0.isMeant(image.name) } ?? true && tag.map { image.tags.contains($0) } ?? true
    }

    /// The group in which `image` is counted; nil if it has none.
    func group(of image: DemoImage) -> String? {
        if !isGrouped { return "" }
        return image.name.lastIndex(of: "-").map { String(image.name[..<$0]) }
    }
}

extension DemoImage {
    /// Whether it is a private image of the project that signs in.
    var isOwn: Bool { owner == DemoImage.projectID && ["private", "shared"].contains(visibility) }

    /// The image as the image service describes it: without the servers that use it and the projects that share it.
    var description: DemoImage {
        var image = self
        (image.usedBy, image.members) = (nil, [])
        return image
    }
}
