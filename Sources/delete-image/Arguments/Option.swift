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
        /// Takes the options, the value and the option's name. The option may be given once.
        case value((inout Options, String, String) throws(UsageError) -> Void)
        /// Like `value`, for an option that may be given any number of times.
        case values((inout Options, String, String) throws(UsageError) -> Void)
        /// Whatever follows and is not an option is the value.
        case optionalValue((inout Options, String) -> Void)
    }

    /// Whether it may be given more than once.
    var mayRepeat: Bool {
        switch kind {
        case .flag, .values: true
        case .value, .optionalValue: false
        }
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
}

extension Option.Kind {
    /// - Parameter zero: What to report for 0, if the range does not have it.
    static func number(
        in range: ClosedRange<Int>,
        zero: String? = nil,
        _ set: @escaping (inout Options, Int) -> Void
    ) -> Self {
        .value { options, value, name throws(UsageError) in
            if let zero, Int(value) == 0 {
                throw UsageError(message: "\(name) \(printable(value, limit: 60)) \(zero).")
            }
            guard let number = Int(value), range.contains(number) else {
                throw UsageError(
                    message: "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), "
                        + "not \(printable(value, limit: 60))."
                )
            }
            set(&options, number)
        }
    }

    /// A part of a rule, which `read` reads. The option may be given once.
    static func part<Part>(
        _ read: @escaping (String) throws(ImageDeletionError) -> Part,
        _ set: @escaping (inout Options, Part) -> Void
    ) -> Self {
        .value { options, value, name throws(UsageError) in
            do { set(&options, try read(value)) } catch { throw UsageError(message: "\(name) \(error)") }
        }
    }

    /// Like ``part(_:_:)``, for an option that may be given any number of times.
    static func parts<Part>(
        _ read: @escaping (String) throws(ImageDeletionError) -> Part,
        _ set: @escaping (inout Options, Part) -> Void
    ) -> Self {
        .values { options, value, name throws(UsageError) in
            do { set(&options, try read(value)) } catch { throw UsageError(message: "\(name) \(error)") }
        }
    }

    /// A number of seconds, which may have a fraction.
    static func seconds(in range: ClosedRange<Double>, _ set: @escaping (inout Options, Double) -> Void) -> Self {
        .value { options, value, name throws(UsageError) in
            let isPlain = value.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            guard isPlain, let number = Double(value), range.contains(number) else {
                throw UsageError(
                    message: "\(name) takes a number of seconds from \(range.lowerBound) to \(Int(range.upperBound)), "
                        + "not \(printable(value, limit: 60))."
                )
            }
            set(&options, number)
        }
    }
}
