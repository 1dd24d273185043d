/// A pattern for whole names: `*` is any text, `?` one character, `[a-z]` one of these, `[!a-z]` one of the others, and
/// `\` takes the next character as it is. Upper and lower case differ.
///
/// A character is a Unicode code point, as for the services: `[a-z]` matches no `a` with an accent behind it.
public struct Glob: Sendable, Hashable {
    /// The pattern as it was written.
    public let pattern: String
    private let parts: [Part]

    fileprivate enum Part: Sendable, Hashable {
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
        parts = try Self.parts(of: pattern) { _ in false }[0]
        guard !parts.isEmpty else { throw .rule(.pattern(pattern)) }
    }

    fileprivate init(_ parts: [Part], of pattern: String) {
        self.pattern = pattern
        self.parts = parts
    }

    /// Reads `pattern` up to each character for which `isSeparator` is true, and behind the last.
    fileprivate static func parts(
        of pattern: String,
        separatedWhere isSeparator: (Unicode.Scalar) -> Bool
    ) throws(ImageDeletionError) -> [[Part]] {
        var sections: [[Part]] = [[]]
        var rest = pattern.unicodeScalars[...]
        while let character = rest.popFirst() {
            let last = sections.count - 1
            switch character {
            case _ where isSeparator(character): sections.append([])
            case "*": if sections[last].last != .anyText { sections[last].append(.anyText) }
            case "?": sections[last].append(.anyCharacter)
            case "[": sections[last].append(try brackets(&rest, of: pattern))
            default: sections[last].append(.character(try literal(character, &rest, of: pattern)))
            }
        }
        return sections
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
    public func matches(_ text: String) -> Bool { matches(Array(text.unicodeScalars)[...]) }

    fileprivate func matches(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
        var (part, position) = (0, text.startIndex)
        // Where to go on when what follows the last `*` does not fit: the `*` takes one character more.
        var retry: (part: Int, position: Int)?
        while position < text.endIndex {
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

/// A pattern for whole names with one part in parentheses, like `(*)-nightly-*`. A parenthesis that is meant literally has
/// a backslash before it.
struct CapturingGlob: Sendable, Hashable {
    private let before: Glob
    private let group: Glob
    private let after: Glob

    /// Reads `pattern`.
    ///
    /// - Throws: ``ImageDeletionError/Code/rule`` if it has not exactly one part in parentheses, or is not a ``Glob``.
    init(_ pattern: String) throws(ImageDeletionError) {
        var parentheses = ""
        let parts = try Glob.parts(of: pattern) { character in
            guard "()".unicodeScalars.contains(character) else { return false }
            parentheses.unicodeScalars.append(character)
            return true
        }
        guard parentheses == "()", !parts[1].isEmpty else { throw .rule(.capture(pattern)) }
        (before, group, after) = (
            Glob(parts[0], of: pattern), Glob(parts[1], of: pattern), Glob(parts[2], of: pattern)
        )
    }

    /// The number of characters of the longest name that services allow. The time for a match grows with its cube.
    private static let maximumLength = 255

    /// Returns the part of `text` that the parentheses match: the longest, and of several the first. Nil if `text` does
    /// not match, or is longer than a name can be.
    func match(in text: String) -> String? {
        let text = Array(text.unicodeScalars.prefix(Self.maximumLength + 1))
        guard text.count <= Self.maximumLength else { return nil }
        let starts = (0...text.count).filter { before.matches(text[..<$0]) }
        let ends = (0...text.count).filter { after.matches(text[$0...]) }
        var longest: Range<Int>?
        for start in starts {
            let shortest = longest?.count ?? -1
            // The longest first.
            let end = ends.last { $0 - start > shortest && group.matches(text[start..<$0]) }
            if let end { longest = start..<end }
        }
        return longest.map { range in
            var match = String.UnicodeScalarView()
            match.append(contentsOf: text[range])
            return String(match)
        }
    }
}
