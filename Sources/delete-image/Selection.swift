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
    init(_ options: Options, package: URL, read: (String) throws -> Data) throws(Failure) {
        if let file = options.appliedPlan {
            self = .saved(try Self.plan(file, read))
        } else if let file = options.policy {
            let path = file.isEmpty ? package.appendingPathComponent(".delete-image.json").path : file
            var rules = try Self.policy(path, read).rules.map(\.rule)
            for index in rules.indices { rules[index].safeguards.formUnion(options.rule.safeguards) }
            self = .rules(rules)
        } else if options.rule.selectsByAnything {
            self = .rules([options.rule])
        } else {
            self = .images(try Self.targets(options, read))
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

    private static func data(_ file: String, _ read: (String) throws -> Data) throws(Failure) -> Data {
        do { return try read(file) } catch {
            throw Failure(.input, "\(name(file)) cannot be read: \(printable(error.localizedDescription))")
        }
    }

    private static func name(_ file: String) -> String { file == "-" ? "standard input" : printable(file, limit: 200) }

    private static func plan(_ file: String, _ read: (String) throws -> Data) throws(Failure) -> SavedPlan {
        do {
            return try SavedPlan(json: try data(file, read))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.input, "\(name(file)): \(Words.sentence(error as? SavedPlan.Fault ?? .malformed("")))")
        }
    }

    private static func policy(_ file: String, _ read: (String) throws -> Data) throws(Failure) -> RetentionPolicy {
        let json = try data(file, read)
        do { return try RetentionPolicy(json: json) } catch {
            let place = error.key.isEmpty ? "" : "\(printable(error.key, limit: 200)): "
            throw Failure(.input, "\(name(file)): \(place)\(printable(error.reason)). Nothing was deleted.")
        }
    }

    private static func targets(_ options: Options, _ read: (String) throws -> Data) throws(Failure) -> [Target] {
        var seen: Set<Target> = []
        var targets: [Target] = []
        for text in options.images {
            guard let target = Target(text) else {
                throw Failure(.usage, "\(quoted(text)) is neither an image ID nor a name. Nothing was deleted.")
            }
            targets.append(target)
        }
        for list in options.lists {
            guard let text = String(data: try data(list, read), encoding: .utf8) else {
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
        if targets.isEmpty {
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
