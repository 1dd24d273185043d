import Foundation
import ImageDeletion

/// What the command line and its files say about which images are meant. Reading it asks nobody.
enum Selection {
    /// These, in this order.
    case images([Target])
    /// What any of these rules selects.
    case rules([RetentionRule])
    /// What this plan says.
    case saved(SavedPlan)

    /// An image as it was named.
    enum Target: Hashable {
        case id(ImageID)
        case name(String)
    }

    /// Reads `options` and, through `read`, the files that they name.
    ///
    /// - Throws: ``Failure`` for files that are malformed; then nothing at all is selected.
    init(
        _ options: Options,
        package: URL,
        now: Date,
        read: (String) async throws -> Data
    ) async throws(Failure) {
        if let file = options.appliedPlan {
            self = .saved(try Self.plan(file, try await Self.data(file, read)))
        } else if let file = options.policy {
            let path = file.isEmpty ? package.appendingPathComponent(RetentionPolicy.fileName).path : file
            var rules = try Self.policy(path, try await Self.data(path, read)).rules
            for index in rules.indices {
                if let date = rules[index].olderThan?.dateAhead(of: now) {
                    let key = "rules.\(rules[index].name ?? "").olderThan"
                    throw Failure(.input, "\(Self.name(path)): \(printable(key, limit: 200)): \(Words.ahead(date))")
                }
                rules[index].safeguards.formUnion(options.rule.safeguards)
            }
            self = .rules(rules)
        } else if options.rule.selectsByAnything {
            if let date = options.rule.olderThan?.dateAhead(of: now) {
                throw Failure(.usage, "--older-than: \(Words.ahead(date))")
            }
            self = .rules([options.rule])
        } else {
            self = .images(try await Self.targets(options, read))
        }
    }

    /// The IDs that it names: images that are told of, whatever becomes of the run.
    var ids: [ImageID] {
        switch self {
        case .images(let targets): targets.compactMap { if case .id(let id) = $0 { id } else { nil } }
        case .rules: []
        case .saved(let plan): plan.deletions
        }
    }

    /// The names that it names.
    var names: Set<String?> {
        guard case .images(let targets) = self else { return [] }
        return Set(targets.compactMap { if case .name(let name) = $0 { name } else { nil } })
    }

    private static func data(_ file: String, _ read: (String) async throws -> Data) async throws(Failure) -> Data {
        do {
            return try await read(file)
        } catch let fault as NamedFile.Fault {
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

    private static func plan(_ file: String, _ json: Data) throws(Failure) -> SavedPlan {
        do { return try SavedPlan(json: json) } catch {
            throw Failure(.input, "\(name(file)): \(Words.sentence(error))")
        }
    }

    private static func policy(_ file: String, _ json: Data) throws(Failure) -> RetentionPolicy {
        do { return try RetentionPolicy(json: json) } catch {
            let place = error.key.isEmpty ? "" : "\(printable(error.key, limit: 200)): "
            throw Failure(.input, "\(name(file)): \(place)\(printable(error.reason)). Nothing was deleted.")
        }
    }

    private static func targets(
        _ options: Options,
        _ read: (String) async throws -> Data
    ) async throws(Failure) -> [Target] {
        var seen: Set<Target> = []
        var targets: [Target] = []
        for text in options.images {
            guard let target = Target(text) else {
                throw Failure(.usage, "\(quoted(text)) is neither an image ID nor a name. Nothing was deleted.")
            }
            targets.append(target)
        }
        for list in options.lists {
            guard let text = String(data: try await data(list, read), encoding: .utf8) else {
                throw Failure(.input, "\(name(list)) is no UTF-8 text. Give one image a line.")
            }
            for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            {
                let line = line.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"]))
                if line.isEmpty || line.hasPrefix("#") { continue }
                guard let target = Target(line) else {
                    throw Failure(
                        .input,
                        "\(name(list)): line \(index + 1), \(quoted(line)), is neither an image ID nor a name. "
                            + "Nothing was deleted."
                    )
                }
                targets.append(target)
            }
        }
        targets = targets.filter { seen.insert($0).inserted }
        if targets.isEmpty, options.lists.isEmpty {
            throw Failure(
                .usage,
                "nothing to delete: name images by ID or name, or say which with --match, --tag or --older-than."
            )
        }
        return targets
    }
}

extension Selection.Target {
    /// A UUID is an ID, anything else a name. Names are text on one line, as long as the image service lets them be.
    init?(_ text: String) {
        if let id = try? ImageID(text) {
            self = .id(id)
        } else {
            let isText = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            guard !text.isEmpty, text.count <= 255, isText else { return nil }
            self = .name(text)
        }
    }
}
