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
            if let flag = Self.flags[name] {
                if value != nil { throw UsageError(message: "\(name) takes no value.") }
                self[keyPath: flag.path] = flag.value
            } else if let safeguard = Self.safeguards[name] {
                if value != nil { throw UsageError(message: "\(name) takes no value.") }
                rule.safeguards.insert(safeguard)
            } else if let isPath = Self.optionallyValued[name] {
                if value == nil, let next = rest.first, isPath(next) { value = rest.popFirst() }
                if value == "" { throw UsageError(message: "\(name)= needs a value.") }
                set(name, path: value ?? "")
            } else {
                guard Self.valued.contains(name) else {
                    throw UsageError(message: "unknown option \(printable(name, limit: 60)).")
                }
                if value == nil, let next = rest.first, !next.hasPrefix("--") { value = rest.popFirst() }
                guard let value, !value.isEmpty else { throw UsageError(message: "\(name) needs a value.") }
                try set(name, value)
            }
        }
        try check()
    }

    private static var flags: [String: (path: WritableKeyPath<Options, Bool>, value: Bool)] {
        [
            "--dry-run": (\.isDryRun, true), "--ignore-missing": (\.ignoresMissing, true),
            "--yes": (\.isConfirmed, true), "-y": (\.isConfirmed, true),
            "--unprotect": (\.rule.liftsProtection, true),
            "--delete-backup": (\.deletesBackups, true), "--wait": (\.waits, true),
            "--no-token-cache": (\.usesTokenCache, false), "--forget-token": (\.forgetsToken, true),
            "--json": (\.isJSON, true), "--quiet": (\.isQuiet, true), "-q": (\.isQuiet, true),
            "--verbose": (\.isVerbose, true), "-v": (\.isVerbose, true), "--demo": (\.isDemo, true),
            "--allow-http": (\.allowsHTTP, true), "--help": (\.showsHelp, true), "-h": (\.showsHelp, true),
            "--version": (\.showsVersion, true),
        ]
    }

    private static let safeguards: [String: Safeguard] = ["--unless-in-use": .inUse, "--unless-shared": .shared]

    /// Options that can do without a value, and how to tell one from an image that follows: no image is named beside a
    /// policy, and a folder is told by its slash.
    private static var optionallyValued: [String: (String) -> Bool] {
        [
            "--policy": { !$0.hasPrefix("-") },
            "--unless-referenced": { $0 == "." || $0 == ".." || $0.contains("/") && !$0.hasPrefix("-") },
        ]
    }

    private static let valued: Set<String> = [
        "--from", "--match", "--tag", "--older-than", "--keep-last", "--plan", "--apply", "--receipt",
        "--max-deletions", "--concurrency", "--retries", "--timeout", "--work-directory",
    ]

    private mutating func set(_ name: String, path: String) {
        if name == "--policy" {
            policy = path
        } else {
            referenceFolder = path
            rule.safeguards.insert(.referenced)
        }
    }

    private mutating func set(_ name: String, _ value: String) throws(UsageError) {
        switch name {
        case "--from": lists.append(value)
        case "--match":
            do { rule.names.append(try Glob(value)) } catch {
                throw UsageError(message: "--match \(quoted(value)) is no pattern; a [ needs its ].")
            }
        case "--tag": rule.tags.append(value)
        case "--older-than":
            do { rule.olderThan = try AgeLimit(value) } catch {
                throw UsageError(
                    message: "--older-than \(quoted(value)) is no age (90m, 12h, 30d, 2w) and no date (2026-10-01)."
                )
            }
        case "--keep-last": rule.keepLast = try number(value, of: name, in: 0...1_000_000)
        case "--plan": planFile = value
        case "--apply": appliedPlan = value
        case "--receipt": receipt = value
        case "--work-directory": workDirectory = value
        case "--max-deletions": maxDeletions = try number(value, of: name, in: 0...1_000_000)
        case "--concurrency": concurrency = try number(value, of: name, in: 1...64)
        case "--retries": retries = try number(value, of: name, in: 0...20)
        default: timeout = try number(value, of: name, in: 1...3600)
        }
    }

    private func number(_ value: String, of name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw UsageError(
                message: "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "not \(printable(value, limit: 60))."
            )
        }
        return number
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
    }
}

func quoted(_ text: String) -> String { "“\(printable(text, limit: 60))”" }
