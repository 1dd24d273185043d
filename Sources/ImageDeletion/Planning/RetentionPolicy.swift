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
/// Each rule has a name, for people, and the parts of a ``RetentionRule``: `match`, `exclude`, `tag` and `property` (a
/// string, or a list of strings), `olderThan`, `keepLast`, `keepDaily`, `keepWeekly`, `keepMonthly`, `keepYearly`,
/// `groupBy`, `grace`, `unprotect`, `unlessInUse`, `unlessShared`, `unlessReferenced`. It has to select by `match`, `tag`, `property`
/// or `olderThan`.
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
        let keys =
            ["match", "exclude", "tag", "property", "olderThan", "groupBy", "grace", "unprotect"]
            + KeepRule.allCases.map(\.policyKey) + Safeguard.allCases.map(\.policyKey)
        try json.allow(Set(keys))
        self.init(name: name)
        namePatterns = try json.parts("match", Glob.init)
        exclusions = try json.parts("exclude", Glob.init)
        tags = try json.textOrTexts("tag")
        properties = try json.parts("property", PropertyFilter.init)
        olderThan = try json.part("olderThan", MinimumAge.init)
        groupKey = try json.part("groupBy", GroupKey.init)
        grace = try json.part("grace", GracePeriod.init)
        let range = 1...Int64(Self.maximumKeep)
        for rule in KeepRule.allCases {
            keep[rule] = try json.member(
                rule.policyKey,
                "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            ) { value in value.wholeNumber.flatMap { range.contains($0) ? Int($0) : nil } }
        }
        liftsProtection = try json.flag("unprotect") ?? false
        for safeguard in Safeguard.allCases where try json.flag(safeguard.policyKey) ?? false {
            safeguards.insert(safeguard)
        }
        guard hasFilters else {
            throw JSONValue.Fault(
                path: json.path,
                reason: "it would select every image; match, tag, property or olderThan is needed"
            )
        }
        if groupKey != nil, keep.isEmpty {
            let keys = KeepRule.allCases.map(\.policyKey).joined(separator: ", ")
            throw json.fault("groupBy", "groups are counted by a keep rule: one of \(keys) is needed")
        }
    }
}

extension Safeguard {
    /// The key of a policy that asks for it, like `unlessInUse`.
    fileprivate var policyKey: String { "unless" + rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

extension KeepRule {
    /// The key of a policy, like `keepDaily`.
    fileprivate var policyKey: String { KeepReason.Kind(self).rawValue }
}

extension JSONObject {
    /// Returns what `read` makes of the string of the member `key`; nil if there is no such member.
    fileprivate func part<Part>(
        _ key: String,
        _ read: (String) throws(ImageDeletionError) -> Part
    ) throws(JSONValue.Fault) -> Part? {
        guard let text = try text(key) else { return nil }
        do { return try read(text) } catch { throw fault(key, error.withoutPeriod) }
    }

    /// Returns what `read` makes of each string of the member `key`.
    fileprivate func parts<Part>(
        _ key: String,
        _ read: (String) throws(ImageDeletionError) -> Part
    ) throws(JSONValue.Fault) -> [Part] {
        try textOrTexts(key).map { text throws(JSONValue.Fault) in
            do throws(ImageDeletionError) { return try read(text) } catch { throw fault(key, error.withoutPeriod) }
        }
    }

    /// Returns the text or the texts of the member `key`; none if there is no such member.
    fileprivate func textOrTexts(_ key: String) throws(JSONValue.Fault) -> [String] {
        try member(key, "a text, or a list of texts, is expected, none of them empty") { value in
            let texts = value.string.map { [$0] } ?? value.elements?.map { $0.string ?? "" } ?? []
            return texts.isEmpty || texts.contains("") ? nil : texts
        } ?? []
    }
}
