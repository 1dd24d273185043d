/// A pattern for whole names: `*` is any text, `?` one character, `[a-z]` one of these, `[!a-z]` one of the others, and
/// `\` takes the next character as it is. Upper and lower case differ.
///
/// A character is a Unicode code point, as for the services: `[a-z]` matches no `a` with an accent behind it.
public struct Glob: Sendable, Hashable {
    /// The pattern as it was written.
    public let pattern: String
    private let parts: [Part]

    private enum Part: Sendable, Hashable {
        case anyText
        case anyCharacter
        case character(Unicode.Scalar)
        case oneOf([ClosedRange<Unicode.Scalar>], inverted: Bool)

        func matches(_ character: Unicode.Scalar) -> Bool {
            switch self {
            case .anyText, .anyCharacter: true
            case .character(let own): own == character
            case .oneOf(let ranges, let inverted): ranges.contains { $0.contains(character) } != inverted
            }
        }
    }

    /// Reads `pattern`.
    ///
    /// - Throws: ``ImageDeletionError/Code/rule`` for one that is empty, that opens a bracket and does not close it, or that
    ///   ends in a backslash: taken literally, a slip of the pen could select other images.
    public init(_ pattern: String) throws(ImageDeletionError) {
        self.pattern = pattern
        var parts: [Part] = []
        var rest = pattern.unicodeScalars[...]
        while let character = rest.popFirst() {
            switch character {
            case "*": if parts.last != .anyText { parts.append(.anyText) }
            case "?": parts.append(.anyCharacter)
            case "[": parts.append(try Self.brackets(&rest, of: pattern))
            default: parts.append(.character(try Self.literal(character, &rest, of: pattern)))
            }
        }
        guard !parts.isEmpty else { throw .rule(.pattern(pattern)) }
        self.parts = parts
    }

    /// `character` itself, or what follows it where it is a backslash.
    private static func literal(
        _ character: Unicode.Scalar,
        _ rest: inout Substring.UnicodeScalarView,
        of pattern: String
    ) throws(ImageDeletionError) -> Unicode.Scalar {
        guard character == "\\" else { return character }
        guard let literal = rest.popFirst() else { throw .rule(.pattern(pattern)) }
        return literal
    }

    private static func brackets(
        _ rest: inout Substring.UnicodeScalarView,
        of pattern: String
    ) throws(ImageDeletionError) -> Part {
        let inverted = rest.first == "!" || rest.first == "^"
        if inverted { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let first = rest.popFirst() {
            if first == "]", !ranges.isEmpty { return .oneOf(ranges, inverted: inverted) }
            let lower = try literal(first, &rest, of: pattern)
            // A hyphen at the end stands for itself.
            guard rest.first == "-", let last = rest.dropFirst().first, last != "]" else {
                ranges.append(lower...lower)
                continue
            }
            rest.removeFirst(2)
            let upper = try literal(last, &rest, of: pattern)
            guard lower <= upper else { throw .rule(.pattern(pattern)) }
            ranges.append(lower...upper)
        }
        throw .rule(.pattern(pattern))
    }

    /// Whether the whole of `text` is as the pattern says.
    public func matches(_ text: String) -> Bool {
        let text = Array(text.unicodeScalars)
        var (part, position) = (0, 0)
        // Where to go on when what follows the last `*` does not fit: the `*` takes one character more.
        var retry: (part: Int, position: Int)?
        while position < text.count {
            if part < parts.count, parts[part] == .anyText {
                retry = (part + 1, position)
                part += 1
            } else if part < parts.count, parts[part].matches(text[position]) {
                part += 1
                position += 1
            } else if let last = retry {
                retry = (last.part, last.position + 1)
                (part, position) = (last.part, last.position + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anyText }
    }
}
