import ImageDeletion

/// What the command line asks for.
struct Options: Sendable, Equatable {
    var images: [String] = []
    var lists: [String] = []
    /// What `--match`, `--tag`, `--older-than`, `--keep-last`, `--unprotect` and the safeguards say.
    var rule = RetentionRule()
    /// The policy file; empty for the package's own.
    var policy: String?
    var isDryRun = false
    var planFile: String?
    var appliedPlan: String?
    var isConfirmed = false
    var maxDeletions: Int?
    var ignoresMissing = false
    /// Where references are looked for; empty for the package.
    var referenceFolder: String?
    var receipt: String?
    var deletesBackups = false
    var waits = false
    var concurrency = 4
    var retries = 4
    var timeout = 30
    var usesTokenCache = true
    var forgetsToken = false
    var isJSON = false
    var isQuiet = false
    var isVerbose = false
    var isDemo = false
    var allowsHTTP = false
    var workDirectory: String?
    var showsHelp = false
    var showsVersion = false

    /// Whether images are named one by one.
    var namesImages: Bool { !images.isEmpty || !lists.isEmpty }
    /// Whether anything says which images are meant.
    var selects: Bool { namesImages || rule.selectsByAnything || policy != nil || appliedPlan != nil }
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
            switch Self.known[name] {
            case nil: throw UsageError(message: "unknown option \(printable(name, limit: 60)).")
            case .flag(let set):
                if value != nil { throw UsageError(message: "\(name) takes no value.") }
                set(&self)
            case .value(let set):
                if value == nil, let next = rest.first, Self.isValue(next) { value = rest.popFirst() }
                guard let value, !value.isEmpty else { throw UsageError(message: "\(name) needs a value.") }
                try set(&self, value, name)
            case .optionalValue(let isValue, let set):
                if value == nil, let next = rest.first, try isValue(next) { value = rest.popFirst() }
                if value == "" { throw UsageError(message: "\(name)= needs a value.") }
                set(&self, value ?? "")
            }
        }
        try check()
    }

    /// An option that follows is no value: what was meant for one is missing. A number below zero is one, to be refused.
    private static func isValue(_ argument: String) -> Bool {
        !argument.hasPrefix("-") || argument == "-" || Int(argument) != nil
    }

    /// No image is named beside a policy.
    private static func isFile(_ argument: String) -> Bool { !argument.hasPrefix("-") }

    /// A folder is told from an image that follows by its slash. A name without one could be either, and to take a folder
    /// for an image would be to delete it.
    private static func isFolder(_ argument: String) throws(UsageError) -> Bool {
        if argument.hasPrefix("-") { return false }
        if argument == "." || argument == ".." || argument.contains("/") { return true }
        if (try? ImageID(argument)) != nil { return false }
        throw UsageError(
            message:
                "--unless-referenced \(quoted(argument)) can be a folder (then write ./\(printable(argument, limit: 60))) "
                + "or an image (then name it before the option)."
        )
    }

    fileprivate enum Kind {
        case flag((inout Options) -> Void)
        /// Takes the options, the value and the option's name.
        case value((inout Options, String, String) throws(UsageError) -> Void)
        /// `isValue` tells a value from an image that follows.
        case optionalValue(isValue: (String) throws(UsageError) -> Bool, (inout Options, String) -> Void)
    }

    /// Every option there is.
    private static var known: [String: Kind] {
        [
            "--from": .value { options, value, _ in options.lists.append(value) },
            "--match": .value { options, value, name throws(UsageError) in
                do throws(RuleFault) { options.rule.namePatterns.append(try Glob(value)) } catch {
                    throw UsageError(message: "\(name) \(quoted(value)) is \(error.expectation).")
                }
            },
            "--tag": .value { options, value, _ in options.rule.tags.append(value) },
            "--older-than": .value { options, value, name throws(UsageError) in
                do throws(RuleFault) { options.rule.olderThan = try AgeLimit(value) } catch {
                    throw UsageError(message: "\(name) \(quoted(value)) is \(error.expectation).")
                }
            },
            "--keep-last": .number(in: 0...RetentionRule.mostKept) { $0.rule.keepLast = $1 },
            "--policy": .optionalValue(isValue: isFile) { $0.policy = $1 },
            "--dry-run": .flag { $0.isDryRun = true },
            "--plan": .value { options, value, _ in options.planFile = value },
            "--apply": .value { options, value, _ in options.appliedPlan = value },
            "--yes": .flag { $0.isConfirmed = true }, "-y": .flag { $0.isConfirmed = true },
            "--max-deletions": .number(in: 0...1_000_000) { $0.maxDeletions = $1 },
            "--ignore-missing": .flag { $0.ignoresMissing = true },
            "--unprotect": .flag { $0.rule.liftsProtection = true },
            "--unless-in-use": .flag { $0.rule.safeguards.insert(.inUse) },
            "--unless-shared": .flag { $0.rule.safeguards.insert(.shared) },
            "--unless-referenced": .optionalValue(isValue: isFolder) {
                $0.referenceFolder = $1
                $0.rule.safeguards.insert(.referenced)
            },
            "--delete-backup": .flag { $0.deletesBackups = true },
            "--wait": .flag { $0.waits = true },
            "--receipt": .value { options, value, _ in options.receipt = value },
            "--concurrency": .number(in: 1...64) { $0.concurrency = $1 },
            "--retries": .number(in: 0...20) { $0.retries = $1 },
            "--timeout": .number(in: 1...3600) { $0.timeout = $1 },
            "--allow-http": .flag { $0.allowsHTTP = true },
            "--no-token-cache": .flag { $0.usesTokenCache = false },
            "--forget-token": .flag { $0.forgetsToken = true },
            "--work-directory": .value { options, value, _ in options.workDirectory = value },
            "--json": .flag { $0.isJSON = true },
            "--quiet": .flag { $0.isQuiet = true }, "-q": .flag { $0.isQuiet = true },
            "--verbose": .flag { $0.isVerbose = true }, "-v": .flag { $0.isVerbose = true },
            "--demo": .flag { $0.isDemo = true },
            "--help": .flag { $0.showsHelp = true }, "-h": .flag { $0.showsHelp = true },
            "--version": .flag { $0.showsVersion = true },
        ]
    }

    /// Refuses what would leave it to a guess which images are meant.
    private func check() throws(UsageError) {
        let filters = rule.selectsByAnything || rule.keepLast > 0
        let ways: [(isMeant: Bool, words: String)] = [
            (namesImages, "images named one by one"), (filters, "filters (--match, --tag, --older-than, --keep-last)"),
            (policy != nil, "--policy"), (appliedPlan != nil, "--apply"),
        ]
        let meant = ways.filter(\.isMeant).map(\.words)
        if meant.count > 1 {
            throw UsageError(message: "\(meant.joined(separator: " and ")) do not go together; use one of them.")
        }
        if rule.keepLast > 0, !rule.selectsByAnything {
            throw UsageError(message: "--keep-last needs --match, --tag or --older-than to say of which images.")
        }
        if rule.liftsProtection, policy != nil || appliedPlan != nil {
            throw UsageError(message: "--unprotect is the policy's or the plan's to say.")
        }
        if planFile != nil, appliedPlan != nil { throw UsageError(message: "--plan and --apply do not go together.") }
        if receipt != nil, onlyShows {
            throw UsageError(message: "--receipt goes with a deletion, not with --dry-run or --plan.")
        }
        if forgetsToken, onlyShows {
            throw UsageError(message: "--forget-token revokes the token, and --dry-run and --plan change nothing.")
        }
        for (name, file) in [("--plan", planFile), ("--receipt", receipt)] where file == "-" {
            throw UsageError(message: "\(name) needs a file; standard output is the report's.")
        }
    }
}

extension Options.Kind {
    fileprivate static func number(in range: ClosedRange<Int>, _ set: @escaping (inout Options, Int) -> Void) -> Self {
        .value { options, value, name throws(UsageError) in
            guard let number = Int(value), range.contains(number) else {
                throw UsageError(
                    message: "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), "
                        + "not \(printable(value, limit: 60))."
                )
            }
            set(&options, number)
        }
    }
}
