import Foundation
import ImageDeletion
import TestSupport

@testable import delete_image

extension FuzzTarget {
    /// The command line, an argument a line.
    static let arguments = FuzzTarget(
        "arguments",
        inputs: 500,
        samples: [
            "6b1c0b6e-93a5-4d0c-9d52-000000000001\nnightly-1\n--from\nlist.txt\n--from=-\n--ignore-missing\n--delete-backup",
            "--match\nnightly-*\n--match=pr-[0-9]\n--tag\nci\n--older-than\n14d\n--keep-last\n3\n--unprotect\n-y\n--json",
            "--exclude\n*-golden\n--property\nos=debian\n--property=!pinned\n--keep-daily\n7\n--keep-weekly=4\n--keep-monthly\n1"
                + "\n--keep-yearly\n0\n--group-by\nname:(*)-nightly-*",
            "--property\nos\n--keep-yearly\n10\n--group-by=tag:branch\n--exclude=base\n--keep-last=1000000",
            "--policy\nx.json\n--unless-referenced\n--referenced-in\n./infra\n--max-deletions\n10\n--receipt=r.jsonl\n-v\n--retries=0",
            "--apply=plan.json\n--unless-in-use\n--unless-shared\n--concurrency\n64\n--timeout\n1\n--wait\n-q",
            "--policy\n--plan\np.json\n--dry-run\n--older-than=2026-10-01T08:00:00+02:00\n--work-directory\nd\n--demo",
            "--forget-token\n--no-token-cache\n--allow-http\n--\n-x\n--yes",
            "--help\n-h\n--version\n--referenced-in=",
        ]
    ) { input, _ in
        let arguments = String(decoding: input, as: UTF8.self).split(separator: "\n").map(String.init)
        let options: Options
        do throws(UsageError) {
            options = try Options(arguments)
        } catch {
            let isPlain = error.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            try must(isPlain, "what is printed moves the cursor: \(error.message.debugDescription)")
            try must(error.message.count < 1000, "nobody reads \(error.message.count) characters")
            return .refused
        }
        try must(Set(options.images).isSubset(of: arguments), "images are meant that nobody named: \(options.images)")
        let isSaid = options.isConfirmed == false || arguments.contains("--yes") || arguments.contains("-y")
        try must(isSaid, "nobody has said yes")
        let mayShow = !arguments.contains("--") && arguments.contains("--dry-run")
        try must(!mayShow || options.isDryRun, "--dry-run is passed over")
        let written = try written(options, of: arguments)
        let again = try Options(written)
        try must(again == options, "written again, it is another command line: \(written)")
        return .accepted
    }

    /// The arguments that `options` are read from.
    private static func written(_ options: Options, of arguments: [String]) throws -> [String] {
        func value(_ name: String, _ value: String?) -> [String] { value.map { ["\(name)=\($0)"] } ?? [] }
        func optional(_ name: String, _ value: String?) -> [String] {
            value.map { [$0.isEmpty ? name : "\(name)=\($0)"] } ?? []
        }
        let age: String? =
            switch options.rule.olderThan {
            case .seconds(let seconds): "\(seconds / 60)m"
            case .date(let date): date.formatted(.iso8601)
            case nil: nil
            }
        let properties = try options.rule.properties.map { filter in
            let texts = arguments.map { $0.hasPrefix("--property=") ? String($0.dropFirst("--property=".count)) : $0 }
            let text = texts.first { (try? PropertyFilter($0)) == filter }
            try must(text != nil, "nobody asked for the property \(filter.name)")
            return "--property=\(text ?? "")"
        }
        let keeps = options.rule.keep.flatMap { value("--keep-\($0.rawValue)", "\($1)") }
        let flags = [
            ("--dry-run", options.isDryRun), ("--yes", options.isConfirmed),
            ("--ignore-missing", options.ignoresMissing),
            ("--unprotect", options.rule.liftsProtection), ("--delete-backup", options.deletesBackups),
            ("--unless-in-use", options.rule.safeguards.contains(.inUse)), ("--wait", options.waits),
            ("--unless-referenced", options.searchesPackage),
            ("--unless-shared", options.rule.safeguards.contains(.shared)), ("--allow-http", options.allowsHTTP),
            ("--no-token-cache", !options.usesTokenCache), ("--forget-token", options.forgetsToken),
            ("--json", options.isJSON), ("--quiet", options.isQuiet), ("--verbose", options.isVerbose),
            ("--demo", options.isDemo), ("-h", options.shownHelp == .short),
            ("--help", options.shownHelp == .full), ("--restore", options.restores),
            ("--version", options.showsVersion),
        ]
        let rule = options.rule
        let filters: [[String]] = [
            options.lists.flatMap { value("--from", $0) }, rule.namePatterns.flatMap { value("--match", $0.pattern) },
            rule.tags.flatMap { value("--tag", $0) }, value("--older-than", age),
            rule.exclusions.flatMap { value("--exclude", $0.pattern) }, properties, keeps,
            value("--group-by", rule.groupKey?.text),
            value("--grace", rule.grace.map { "\($0.seconds / 60)m" }),
        ]
        let others: [[String]] = [
            value("--plan", options.planFile), value("--apply", options.appliedPlan),
            value("--max-deletions", options.maxDeletions.map(String.init)), value("--receipt", options.receipt),
            value("--concurrency", "\(options.concurrency)"), value("--retries", "\(options.retries)"),
            value("--timeout", "\(options.timeout)"), value("--work-directory", options.workDirectory),
            flags.filter(\.1).map(\.0), optional("--policy", options.policy),
            options.referenceFolders.flatMap { value("--referenced-in", $0) }, ["--"], options.images,
        ]
        return filters.flatMap(\.self) + others.flatMap(\.self)
    }
}
