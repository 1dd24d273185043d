import ImageDeletion

/// What the command line asks for.
struct Options: Sendable, Equatable {
    var images: [String] = []
    var lists: [String] = []
    /// The filters, the retention options, `--unprotect` and the safeguards.
    var rule = RetentionRule()
    /// Whether marks are removed.
    var restores = false
    /// The policy file; empty for the package's own.
    var policy: String?
    var isDryRun = false
    var planFile: String?
    var appliedPlan: String?
    var isConfirmed = false
    var maxDeletions: Int?
    var ignoresMissing = false
    /// Whether references are looked for in the package.
    var searchesPackage = false
    /// The folders in which references are looked for.
    var referenceFolders: [String] = []
    var receipt: String?
    var deletesBackups = false
    var waits = false
    var concurrency = 4
    var retries = 4
    /// The time limit of a request in seconds.
    var timeout = 30.0
    var usesTokenCache = true
    var forgetsToken = false
    var isJSON = false
    var isQuiet = false
    var isVerbose = false
    var isDemo = false
    var allowsHTTP = false
    var workDirectory: String?
    /// The help to print; nil for none.
    var shownHelp: Help?
    var showsVersion = false

    /// Whether images are named one by one.
    var namesImages: Bool { !images.isEmpty || !lists.isEmpty }
    /// Whether anything says which images are meant.
    var selects: Bool { namesImages || rule.hasFilters || policy != nil || appliedPlan != nil }
    /// Whether nothing is to be changed, only shown.
    var onlyShows: Bool { isDryRun || planFile != nil }
}

/// The command line asks for something that cannot be meant.
struct UsageError: Error, Equatable {
    var message: String
}

extension Options {
    /// Reads the arguments. `--name value` and `--name=value` are the same; after `--` everything is an image.
    init(_ arguments: [String]) throws(UsageError) {
        let known = Option.byName
        var given: Set<String> = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                images += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                images.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            var value: String? = parts.count > 1 ? String(parts[1]) : nil
            guard let option = known[name] else {
                throw UsageError(message: "unknown option \(printable(name, limit: 60)).")
            }
            // Of two values, one would be ignored, and with it, perhaps, what was to keep an image.
            if !option.mayRepeat, !given.insert(option.usage).inserted {
                throw UsageError(message: "\(name) is given twice.")
            }
            switch option.kind {
            case .flag(let set):
                if value != nil { throw UsageError(message: "\(name) takes no value.") }
                set(&self)
            case .value(let set), .values(let set):
                if value == nil, let next = rest.first, Self.isValue(next) { value = rest.popFirst() }
                guard let value, !value.isEmpty else { throw UsageError(message: "\(name) needs a value.") }
                try set(&self, value, name)
            case .optionalValue(let set):
                if value == nil, let next = rest.first, !next.hasPrefix("-") { value = rest.popFirst() }
                if value == "" { throw UsageError(message: "\(name)= needs a value.") }
                set(&self, value ?? "")
            }
        }
        try check()
    }

    /// An option that follows is no value: what was meant for one is missing. A number below zero is one, to be refused.
    private static func isValue(_ argument: String) -> Bool {
        !argument.hasPrefix("-") || argument == "-" || Double(argument) != nil
    }

    /// Refuses what would leave it to a guess which images are meant.
    private func check() throws(UsageError) {
        let isRetention = !rule.keep.isEmpty || rule.groupKey != nil || !rule.exclusions.isEmpty
        let ways: [(isMeant: Bool, words: String)] = [
            (namesImages, "images named one by one"),
            (rule.hasFilters || isRetention, "filters (--match, --tag, --property, --older-than, --keep-…)"),
            (policy != nil, "--policy"), (appliedPlan != nil, "--apply"),
        ]
        let meant = ways.filter(\.isMeant).map(\.words)
        if meant.count > 1 {
            throw UsageError(message: "\(meant.joined(separator: " and ")) do not go together; use one of them.")
        }
        if isRetention, !rule.hasFilters {
            throw UsageError(
                message: "--keep-…, --group-by and --exclude need --match, --tag, --property or --older-than to select "
                    + "images."
            )
        }
        if rule.groupKey != nil, rule.keep.isEmpty {
            throw UsageError(message: "--group-by needs a --keep- option, which counts the images of each group.")
        }
        if rule.liftsProtection, policy != nil || appliedPlan != nil {
            throw UsageError(message: "--unprotect is the policy's or the plan's to say.")
        }
        if rule.grace != nil, policy != nil || appliedPlan != nil || restores {
            throw UsageError(
                message: restores
                    ? "--restore and --grace do not go together." : "--grace is the policy's or the plan's to say."
            )
        }
        if restores, !namesImages {
            throw UsageError(message: "--restore needs the images to restore, by ID or name.")
        }
        if planFile != nil, appliedPlan != nil { throw UsageError(message: "--plan and --apply do not go together.") }
        if receipt != nil, planFile != nil {
            throw UsageError(message: "--receipt goes with --apply, not with --plan.")
        }
        if forgetsToken, onlyShows {
            throw UsageError(message: "--forget-token revokes the token, and --dry-run and --plan change nothing.")
        }
        for (name, file) in [("--plan", planFile), ("--receipt", receipt)] where file == "-" {
            throw UsageError(message: "\(name) needs a file; standard output is the report's.")
        }
    }
}
