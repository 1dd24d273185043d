public import ImageDeletionEssentials

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

    /// Reads a policy.
    ///
    /// - Parameter json: The content of the file.
    /// - Throws: ``ImageDeletionError/Code/policy`` with the key; a key that is not known, or there twice, is an error.
    public init(json: Data) throws(ImageDeletionError) {
        do throws(JSONValue.Fault) {
            let policy = try JSONObject(JSONValue(json))
            guard String(utf8: json)?.unicodeScalars.contains("\u{FEFF}") == false else {
                throw JSONValue.Fault(reason: "there is an invisible character in it (U+FEFF, a byte order mark)")
            }
            try policy.allow(["$schema", "rules"])
            guard let named = policy.members["rules"] else {
                throw JSONValue.Fault(path: "rules", reason: "it is missing")
            }
            let rules = try JSONObject(named, at: "rules")
            guard !rules.members.isEmpty else { throw JSONValue.Fault(path: "rules", reason: "there is no rule") }
            var read: [RetentionRule] = []
            for (name, rule) in rules.members.sorted(by: { $0.key < $1.key }) {
                read.append(try RetentionRule(name: name, JSONObject(rule, at: rules.path(to: name))))
            }
            self.rules = read
        } catch {
            throw .policy(key: error.path, reason: error.reason)
        }
    }
}

extension RetentionRule {
    fileprivate init(name: String, _ json: JSONObject) throws(JSONValue.Fault) {
        let keys = ["match", "tag", "olderThan", "keepLast", "unprotect"] + Safeguard.allCases.map(\.policyKey)
        try json.allow(Set(keys))
        self.init(name: name)
        for text in try json.textOrTexts("match") {
            do { namePatterns.append(try Glob(text)) } catch {
                throw json.fault("match", error.withoutPeriod)
            }
        }
        tags = try json.textOrTexts("tag")
        if let text = try json.text("olderThan") {
            do { olderThan = try MinimumAge(text) } catch {
                throw json.fault("olderThan", error.withoutPeriod)
            }
        }
        let range = 0...Int64(Self.maximumKeepLast)
        keepLast =
            try json.member("keepLast", "a whole number from 0 to \(range.upperBound) is expected") { value in
                value.wholeNumber.flatMap { range.contains($0) ? Int($0) : nil }
            } ?? 0
        liftsProtection = try json.flag("unprotect") ?? false
        for safeguard in Safeguard.allCases where try json.flag(safeguard.policyKey) ?? false {
            safeguards.insert(safeguard)
        }
        guard hasFilters else {
            throw JSONValue.Fault(
                path: json.path,
                reason: "it would select every image; match, tag or olderThan is needed"
            )
        }
    }
}

extension Safeguard {
    /// The key of a policy that asks for it, like `unlessInUse`.
    fileprivate var policyKey: String { "unless" + rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

extension JSONObject {
    /// Returns the text or the texts of the member `key`; none if there is no such member.
    fileprivate func textOrTexts(_ key: String) throws(JSONValue.Fault) -> [String] {
        try member(key, "a text, or a list of texts, is expected, none of them empty") { value in
            let texts = value.string.map { [$0] } ?? value.elements?.map { $0.string ?? "" } ?? []
            return texts.isEmpty || texts.contains("") ? nil : texts
        } ?? []
    }
}
