/// A JSON object that somebody wrote or approved, with its place in the document, which each fault names.
struct JSONObject {
    /// The members.
    let members: [String: JSONValue]
    /// The place, as `rules.nightly` or `images[1]`; empty for the whole document.
    let path: String

    /// Takes `value` if it is an object.
    ///
    /// - Parameter allowsNull: Whether a member may be null, which counts as none.
    init(_ value: JSONValue, at path: String = "", allowsNull: Bool = false) throws(JSONValue.Fault) {
        guard let members = value.members else {
            throw JSONValue.Fault(path: path, reason: "an object is expected")
        }
        self.members = allowsNull ? members.filter { $0.value != .null } : members
        self.path = path
    }

    /// Returns the place of the member `key`.
    func path(to key: String) -> String { JSONValue.Fault.path(to: key, in: path) }

    /// Returns a fault of the member `key`.
    func fault(_ key: String, _ reason: String) -> JSONValue.Fault {
        JSONValue.Fault(path: path(to: key), reason: reason)
    }

    /// Makes sure that each key is one of `known`: any other was meant to change something.
    func allow(_ known: Set<String>, names: Bool = true) throws(JSONValue.Fault) {
        guard let unknown = members.keys.filter({ !known.contains($0) }).min() else { return }
        let help = names ? "; known keys: \(known.sorted().joined(separator: ", "))" : ""
        throw fault(unknown, "unknown key" + help)
    }

    /// Returns what `read` makes of the member `key`; nil if there is none.
    ///
    /// - Parameter expectation: What is wrong if `read` returns nil.
    func member<Value>(
        _ key: String,
        _ expectation: String,
        _ read: (JSONValue) -> Value?
    ) throws(JSONValue.Fault) -> Value? {
        guard let value = members[key] else { return nil }
        guard let result = read(value) else { throw fault(key, expectation) }
        return result
    }

    func text(_ key: String) throws(JSONValue.Fault) -> String? { try member(key, "a text is expected", \.string) }

    func flag(_ key: String) throws(JSONValue.Fault) -> Bool? {
        try member(key, "true or false is expected", \.boolean)
    }

    func wholeNumber(_ key: String) throws(JSONValue.Fault) -> Int64? {
        try member(key, "a whole number is expected", \.wholeNumber)
    }

    func list(_ key: String) throws(JSONValue.Fault) -> [JSONValue]? {
        try member(key, "a list is expected", \.elements)
    }

    func texts(_ key: String) throws(JSONValue.Fault) -> [String]? {
        guard let elements = try list(key) else { return nil }
        if let index = elements.firstIndex(where: { $0.string == nil }) {
            throw fault("\(key)[\(index)]", "a text is expected")
        }
        return elements.compactMap(\.string)
    }

    /// Returns `value`, that of the member `key`, which must be there.
    func needed<Value>(_ key: String, _ value: Value?) throws(JSONValue.Fault) -> Value {
        guard let value else { throw JSONValue.Fault(path: path, reason: "\(key) is missing") }
        return value
    }
}
