import ImageDeletion

/// One option of the command line: how it is written, what `--help` says of it, and what it does.
struct Option {
    /// How it is written, like `-y, --yes` or `--policy [FILE]`.
    let usage: String
    /// What it does.
    let help: String
    let kind: Kind

    enum Kind {
        case flag((inout Options) -> Void)
        /// Takes the options, the value and the option's name.
        case value((inout Options, String, String) throws(UsageError) -> Void)
        /// `isValue` tells a value from an image that follows.
        case optionalValue(isValue: (String) throws(UsageError) -> Bool, (inout Options, String) -> Void)
    }

    private var names: [Substring] {
        usage.split(separator: " ").filter { $0.hasPrefix("-") }.map { $0.prefix { $0 != "," } }
    }

    /// Every option there is, by each of its names.
    static var byName: [String: Option] {
        Section.all.lazy.flatMap(\.options).reduce(into: [:]) { byName, option in
            for name in option.names { byName[String(name)] = option }
        }
    }
}

extension Option {
    /// The options that `--help` shows together.
    struct Section {
        let title: String
        let options: [Option]
        /// What there is to know about all of them.
        var remark = ""
    }

    init(_ usage: String, _ kind: Kind, _ help: String) {
        self.usage = usage
        self.kind = kind
        self.help = help
    }

    /// No image is named beside a policy.
    static func isFile(_ argument: String) -> Bool { !argument.hasPrefix("-") }

    /// A folder is told from an image that follows by its slash. A name without one could be either, and to take a folder
    /// for an image would be to delete it.
    static func isFolder(_ argument: String) throws(UsageError) -> Bool {
        if argument.hasPrefix("-") { return false }
        if argument == "." || argument == ".." || argument.contains("/") { return true }
        if (try? ImageID(argument)) != nil { return false }
        throw UsageError(
            message:
                "--unless-referenced \(quoted(argument)) can be a folder (then write ./\(printable(argument, limit: 60))) "
                + "or an image (then name it before the option)."
        )
    }
}

extension Option.Kind {
    static func number(in range: ClosedRange<Int>, _ set: @escaping (inout Options, Int) -> Void) -> Self {
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
