import ImageDeletion
import ImageDeletionEssentials

/// What the command line and its files say about which images are meant. Reading it asks nobody.
enum Selection {
    /// What is still to be decided.
    case new(ImageSelection)
    /// What was decided before.
    case saved(DeletionPlan)

    /// Reads `options` and, through `read`, the files that they name.
    ///
    /// - Throws: ``Failure`` for files that are malformed; then nothing at all is selected.
    init(
        _ options: Options,
        package policyFolder: URL,
        now: Date,
        read: (String, Bool) async throws -> Data
    ) async throws(Failure) {
        if let file = options.appliedPlan {
            self = .saved(try Self.plan(file, try await Self.data(file, read)))
        } else if let file = options.policy {
            let path = file.isEmpty ? policyFolder.appendingPathComponent(RetentionPolicy.fileName).path : file
            let rules = try Self.policy(path, try await Self.data(path, isNamed: !file.isEmpty, read)).rules
            for rule in rules {
                if let date = rule.olderThan?.futureDate(of: now) {
                    let key = "rules.\(rule.name ?? "").olderThan"
                    throw Failure(.input, "\(Self.name(path)): \(printable(key, limit: 200)): \(Messages.ahead(date))")
                }
            }
            self = .new(ImageSelection(.rules(rules)))
        } else if options.rule.hasFilters {
            if let date = options.rule.olderThan?.futureDate(of: now) {
                throw Failure(.usage, "--older-than: \(Messages.ahead(date))")
            }
            self = .new(.rule(options.rule))
        } else {
            let names = try await Self.names(options, read)
            self = .new(ImageSelection(options.restores ? .restored(names) : .named(names)))
        }
    }

    /// The IDs that it names: images that are told of, whatever becomes of the run.
    var ids: [ImageID] {
        switch self {
        case .saved(let plan): plan.entries.filter { $0.action == .unchecked }.map(\.id)
        case .new(let images):
            switch images.kind {
            case .named(let names), .restored(let names):
                names.compactMap { if case .id(let id) = $0 { id } else { nil } }
            case .rules: []
            }
        }
    }

    /// Whether it names images one by one, and none is named.
    var isEmpty: Bool {
        guard case .new(let images) = self else { return false }
        return switch images.kind {
        case .named(let names), .restored(let names): names.isEmpty
        case .rules: false
        }
    }

    /// Whether a person has to say that these images are meant: an ID says so, and so does a plan in a file.
    var needsConfirmation: Bool {
        switch self {
        case .saved: false
        case .new(let images):
            switch images.kind {
            case .named(let names): names.contains { if case .name = $0 { true } else { false } }
            case .rules: true
            case .restored: false
            }
        }
    }

    /// What it says that keeps images.
    var safeguards: Set<Safeguard> {
        switch self {
        case .saved(let plan):
            plan.entries.filter { $0.action == .unchecked }.reduce(into: []) { $0.formUnion($1.conditions.safeguards) }
        case .new(let images):
            if case .rules(let rules) = images.kind {
                rules.reduce(into: []) { $0.formUnion($1.safeguards) }
            } else {
                []
            }
        }
    }

    private static func data(
        _ file: String,
        isNamed: Bool = true,
        _ read: (String, Bool) async throws -> Data
    ) async throws(Failure) -> Data {
        do {
            return try await read(file, isNamed)
        } catch let objection as UserFile.Objection {
            throw Failure(
                .input,
                "\(name(file)) is not used, because \(objection.reason). Name the file to use it. Nothing was deleted."
            )
        } catch let fault as UserFile.Fault {
            let hint = file.hasSuffix("/" + RetentionPolicy.fileName) ? " The README shows what to write into it." : ""
            throw Failure(
                .input,
                "\(name(file)) cannot be read: \(printable(fault.reason)).\(hint) Nothing was deleted."
            )
        } catch {
            throw .interruptedBefore
        }
    }

    private static func name(_ file: String) -> String { file == "-" ? "standard input" : printable(file, limit: 200) }

    private static func plan(_ file: String, _ json: Data) throws(Failure) -> DeletionPlan {
        do { return try DeletionPlan(json: json) } catch {
            throw Failure(.input, "\(name(file)): \(Messages.sentence(error))")
        }
    }

    private static func policy(_ file: String, _ json: Data) throws(Failure) -> RetentionPolicy {
        do { return try RetentionPolicy(json: json) } catch {
            throw Failure(.input, "\(name(file)): \(Messages.sentence(error)) Nothing was deleted.")
        }
    }

    private static func names(
        _ options: Options,
        _ read: (String, Bool) async throws -> Data
    ) async throws(Failure) -> [ImageSelection.Name] {
        var seen: Set<ImageSelection.Name> = []
        var names: [ImageSelection.Name] = []
        for text in options.images {
            guard let image = ImageSelection.Name(text) else {
                throw Failure(.usage, "\(quoted(text)) is neither an image ID nor a name. Nothing was deleted.")
            }
            names.append(image)
        }
        for list in options.lists {
            guard let text = String(utf8: try await data(list, read)) else {
                throw Failure(.input, "\(name(list)) is not UTF-8 text. Write one image on each line.")
            }
            for (index, line) in lines(of: text).enumerated() where !isIgnored(line) {
                var place: String { "\(name(list)): line \(index + 1), \(quoted(line))," }
                if hasNameBehindID(line) {
                    throw Failure(
                        .input,
                        "\(place) has more than an ID. Write only IDs, for example with "
                            + "openstack image list -f value -c ID. Nothing was deleted."
                    )
                }
                guard let image = ImageSelection.Name(line) else {
                    throw Failure(.input, "\(place) is neither an image ID nor a name. Nothing was deleted.")
                }
                names.append(image)
            }
        }
        names = names.filter { seen.insert($0).inserted }
        if names.isEmpty, options.lists.isEmpty {
            throw Failure(
                .usage,
                "nothing to delete: name images by ID or name, or say which with --match, --tag, --property or --older-than."
            )
        }
        return names
    }

    /// The lines of `text`, each exactly as it is written, without its end (LF or CR LF).
    private static func lines(of text: String) -> [String] {
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.last == "\r" ? line.dropLast() : line)
        }
    }

    /// Whether `line` is blank or a comment.
    private static func isIgnored(_ line: String) -> Bool {
        line.unicodeScalars.first == "#" || line.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }

    /// Whether `line` is an ID, blanks, and something else.
    private static func hasNameBehindID(_ line: String) -> Bool {
        let words = line.unicodeScalars.split(maxSplits: 1, whereSeparator: \.properties.isWhitespace)
        return words.count == 2 && (try? ImageID(String(words[0]))) != nil && !isIgnored(String(words[1]))
    }
}

extension ImageSelection.Name {
    /// A UUID is an ID, anything else a name. Names are text on one line, as long as the image service lets them be.
    init?(_ text: String) {
        if let id = try? ImageID(text) {
            self = .id(id)
        } else {
            let isText = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            guard !text.isEmpty, text.unicodeScalars.count <= 255, isText else { return nil }
            self = .name(text.exact)
        }
    }
}
