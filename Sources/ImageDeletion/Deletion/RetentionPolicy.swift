public import Foundation

/// The retention rules that a package keeps in `.delete-image.json`:
///
/// ```json
/// {
///     "rules": {
///         "nightlies": { "match": ["nightly-*"], "olderThan": "14d", "keepLast": 3, "unlessInUse": true }
///     }
/// }
/// ```
///
/// Each rule is named, for people, and has the parts of a ``RetentionRule``: `match` and `tag` (a text, or a list of
/// texts), `olderThan`, `keepLast`, `unprotect`, `unlessInUse`, `unlessShared`, `unlessReferenced`. It has to select by
/// one of the first three.
public struct RetentionPolicy: Sendable, Hashable {
    /// What its file is called in a package.
    public static let fileName = ".delete-image.json"

    /// The rules, in the order of their names.
    public let rules: [RetentionRule]

    /// What makes a file no policy: where in it, as `rules.nightlies.keepLast`, and what is wrong there.
    public struct Fault: Error, Sendable, Hashable {
        /// The key, from the top; empty where the whole file is wrong.
        public let key: String
        /// What is wrong there, in English.
        public let reason: String
    }

    /// Reads a policy.
    ///
    /// - Parameter json: The content of the file.
    /// - Throws: ``Fault`` with the key; a key that is not known, or there twice, is one.
    public init(json: Data) throws(Fault) {
        let document: StrictJSON
        do { document = try StrictJSON(json) } catch { throw Fault(key: error.path, reason: error.reason) }
        // Foundation loses it at the beginning of a text: a pattern would be another than is written.
        guard document.data.range(of: Data("\u{FEFF}".utf8)) == nil else {
            throw Fault(key: "", reason: "there is an invisible character in it (U+FEFF, a byte order mark)")
        }
        let policy = try PolicyObject(document.value, at: "")
        try policy.allow(["$schema", "rules"])
        guard let named = policy.values["rules"] else { throw Fault(key: "rules", reason: "it is missing") }
        let rules = try PolicyObject(named, at: "rules")
        guard !rules.values.isEmpty else { throw Fault(key: "rules", reason: "there is no rule") }
        var read: [RetentionRule] = []
        for (name, rule) in rules.values.sorted(by: { $0.key < $1.key }) {
            read.append(try RetentionRule(name: name, PolicyObject(rule, at: rules.path(name))))
        }
        self.rules = read
    }
}

extension RetentionRule {
    fileprivate init(name: String, _ json: PolicyObject) throws(RetentionPolicy.Fault) {
        try json.allow([
            "match", "tag", "olderThan", "keepLast", "unprotect", "unlessInUse", "unlessShared", "unlessReferenced",
        ])
        self.init(name: name)
        for text in try json.texts("match") {
            do { namePatterns.append(try Glob(text)) } catch {
                throw RetentionPolicy.Fault(key: json.path("match"), reason: "“\(text)” is \(error.expectation)")
            }
        }
        tags = try json.texts("tag")
        if let text = try json.text("olderThan") {
            do { olderThan = try AgeLimit(text) } catch {
                throw RetentionPolicy.Fault(key: json.path("olderThan"), reason: "“\(text)” is \(error.expectation)")
            }
        }
        keepLast = try json.number("keepLast")
        liftsProtection = try json.flag("unprotect")
        if try json.flag("unlessInUse") { safeguards.insert(.inUse) }
        if try json.flag("unlessShared") { safeguards.insert(.shared) }
        if try json.flag("unlessReferenced") { safeguards.insert(.referenced) }
        guard selectsByAnything else {
            throw RetentionPolicy.Fault(
                key: json.key,
                reason: "it would select every image; match, tag or olderThan is needed"
            )
        }
    }
}

/// A JSON object, and where it stands.
private struct PolicyObject {
    let values: [String: Any]
    let key: String

    init(_ value: Any, at key: String) throws(RetentionPolicy.Fault) {
        guard let values = value as? [String: Any] else {
            throw RetentionPolicy.Fault(key: key, reason: "an object is expected")
        }
        self.values = values
        self.key = key
    }

    func path(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

    func allow(_ names: Set<String>) throws(RetentionPolicy.Fault) {
        guard let unknown = values.keys.filter({ !names.contains($0) }).sorted().first else { return }
        throw RetentionPolicy.Fault(
            key: path(unknown),
            reason: "unknown key; known keys: \(names.sorted().joined(separator: ", "))"
        )
    }

    func text(_ name: String) throws(RetentionPolicy.Fault) -> String? {
        guard let value = values[name] else { return nil }
        guard let text = value as? String else { throw wrong(name, "a text is expected") }
        return text
    }

    func texts(_ name: String) throws(RetentionPolicy.Fault) -> [String] {
        guard let value = values[name] else { return [] }
        guard let texts = (value as? [String]) ?? (value as? String).map({ [$0] }), !texts.isEmpty,
            !texts.contains("")
        else { throw wrong(name, "a text, or a list of texts, is expected, none of them empty") }
        return texts
    }

    func number(_ name: String) throws(RetentionPolicy.Fault) -> Int {
        guard let value = values[name] else { return 0 }
        let range = 0...RetentionRule.mostKept
        guard !isFlag(value), let number = value as? Int, range.contains(number) else {
            throw wrong(name, "a whole number from 0 to \(range.upperBound) is expected")
        }
        return number
    }

    func flag(_ name: String) throws(RetentionPolicy.Fault) -> Bool {
        guard let value = values[name] else { return false }
        guard isFlag(value), let flag = value as? Bool else { throw wrong(name, "true or false is expected") }
        return flag
    }

    /// JSON's `true` is a number to Foundation, and its `1` a truth.
    private func isFlag(_ value: Any) -> Bool {
        (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
    }

    private func wrong(_ name: String, _ reason: String) -> RetentionPolicy.Fault {
        RetentionPolicy.Fault(key: path(name), reason: reason)
    }
}
