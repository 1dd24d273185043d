/// The part of an image that tells which group it belongs to. ``RetentionRule/keep`` counts each group by itself.
public struct GroupKey: Sendable, Hashable {
    /// The key as it was written, like `tag:branch`.
    public let text: String
    private let kind: Kind

    private enum Kind: Sendable, Hashable {
        case property(String)
        case tag(String)
        case name(CapturingGlob)
    }

    /// Reads a key.
    ///
    /// - Parameter text: `property:NAME` for the value of an image property; `tag:NAME` for the value of a tag
    ///   `NAME=value`; `name:PATTERN` for the part of the name that the parentheses in the pattern match, as in
    ///   `name:(*)-nightly-*`. The longest match counts.
    /// - Throws: ``ImageDeletionError/Code/rule`` for anything else.
    public init(_ text: String) throws(ImageDeletionError) {
        self.text = text
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else { throw .rule(.groupKey(text)) }
        switch parts[0] {
        case "property": kind = .property(parts[1])
        case "tag": kind = .tag(parts[1])
        case "name": kind = .name(try CapturingGlob(parts[1]))
        default: throw .rule(.groupKey(text))
        }
    }

    /// The name of the image property that has to be read; nil if none has to.
    var property: String? { if case .property(let name) = kind { name } else { nil } }

    /// Returns the group of `image`; nil if it belongs to none.
    func value(of image: Image) -> String? {
        switch kind {
        case .property(let name): image.properties[name]
        case .tag(let name): image.tagValue(named: name)
        case .name(let pattern): pattern.match(in: image.name ?? "")
        }
    }
}
