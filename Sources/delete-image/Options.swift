/// What the command line asks for.
struct Options: Sendable, Equatable {
    var images: [String] = []
    var lists: [String] = []
    var isDryRun = false
    var maxDeletions: Int?
    var ignoresMissing = false
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
                return
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
                continue
            }
            guard Self.valued.contains(name) else {
                throw UsageError(message: "unknown option \(printable(name, limit: 60)).")
            }
            if value == nil, let next = rest.first, !next.hasPrefix("--") { value = rest.popFirst() }
            guard let value, !value.isEmpty else { throw UsageError(message: "\(name) needs a value.") }
            try set(name, value)
        }
    }

    private static var flags: [String: (path: WritableKeyPath<Options, Bool>, value: Bool)] {
        [
            "--dry-run": (\.isDryRun, true), "--ignore-missing": (\.ignoresMissing, true),
            "--delete-backup": (\.deletesBackups, true), "--wait": (\.waits, true),
            "--no-token-cache": (\.usesTokenCache, false), "--forget-token": (\.forgetsToken, true),
            "--json": (\.isJSON, true), "--quiet": (\.isQuiet, true), "-q": (\.isQuiet, true),
            "--verbose": (\.isVerbose, true), "-v": (\.isVerbose, true), "--demo": (\.isDemo, true),
            "--allow-http": (\.allowsHTTP, true), "--help": (\.showsHelp, true), "-h": (\.showsHelp, true),
            "--version": (\.showsVersion, true),
        ]
    }

    private static let valued: Set<String> = [
        "--from", "--max-deletions", "--concurrency", "--retries", "--timeout", "--work-directory",
    ]

    private mutating func set(_ name: String, _ value: String) throws(UsageError) {
        switch name {
        case "--from": lists.append(value)
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
}
