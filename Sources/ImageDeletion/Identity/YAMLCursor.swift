import ImageDeletionEssentials

/// The reason for which a YAML document is refused, without anything that may be secret.
package struct YAMLFault: Error, Hashable {
    /// The line, counted from 1.
    package var line: Int
    /// The reason, as a part of a sentence.
    package var reason: String
}

/// A place in a YAML document: its lines, and the scalars on them.
struct YAMLCursor {
    private let bytes: [UInt8]
    private(set) var line = 1
    private var position = 0
    private var lineStart = 0

    /// Goes to the beginning of `data`, once all of it is known to be text. A byte order mark may be before it.
    init(_ data: Data) throws(YAMLFault) {
        var bytes = Array(data)
        if bytes.starts(with: "\u{FEFF}".utf8) { bytes.removeFirst(3) }
        var (line, last) = (1, Unicode.Scalar(0))
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: break decoding
            case .error: throw YAMLFault(line: line, reason: "invalid UTF-8")
            case .scalarValue(let scalar):
                if last == "\r", scalar != "\n" { throw YAMLFault(line: line, reason: "a CR without an LF") }
                if scalar == "\n" { line += 1 }
                if !Self.isText(scalar) {
                    let code = String(scalar.value, radix: 16, uppercase: true)
                    throw YAMLFault(line: line, reason: "the character U+\(code) is not supported")
                }
                last = scalar
            }
        }
        if last == "\r" { throw YAMLFault(line: line, reason: "a CR without an LF") }
        bytes.removeAll { $0 == UInt8(ascii: "\r") }
        self.bytes = bytes
    }

    /// Whether `scalar` is a character within a line, or a line feed, to PyYAML as well.
    private static func isText(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E: true
        // PyYAML ends a line at U+2028 and U+2029, and does not count the column of a byte order mark.
        case 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: false
        default: scalar.value >= 0xA0
        }
    }

    func fault(_ reason: String) -> YAMLFault { YAMLFault(line: line, reason: reason) }

    // MARK: Lines

    var isAtEnd: Bool { position == bytes.count }

    /// The number of bytes before this place on its line.
    var column: Int { position - lineStart }

    /// Whether the byte here, or `offset` bytes ahead, is `character`.
    func isAt(_ character: Unicode.Scalar, _ offset: Int = 0) -> Bool { byte(offset) == UInt8(ascii: character) }

    /// Whether a mapping or a sequence in flow style begins here.
    var isFlow: Bool { isAt("{") || isAt("[") }

    /// Whether an element of a sequence in block style begins here.
    var isDash: Bool { isAt("-") && isSpace(1) }

    /// Whether a colon that ends a key is here.
    var isColon: Bool { isAt(":") && isSpace(1) }

    private func byte(_ offset: Int = 0) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

    /// Whether a space, the end of the line or nothing is `offset` bytes ahead.
    private func isSpace(_ offset: Int) -> Bool { byte(offset).map { $0 == .space || $0 == .lineFeed } ?? true }

    mutating func skip() { position += 1 }

    /// Skips spaces. Returns whether only a comment, or nothing, is left of the line.
    mutating func isLineDone() -> Bool {
        while byte() == .space { position += 1 }
        let isAfterSpace = position == lineStart || bytes[position - 1] == .space
        return isAtEnd || byte() == .lineFeed || isAt("#") && isAfterSpace
    }

    /// Goes to the next line, if nothing but a comment is left of this one.
    mutating func endLine() throws(YAMLFault) {
        guard isLineDone() else {
            throw fault(isAt("\t") ? Self.tab : "something follows the value; quotes must be around all of a value")
        }
        while let next = byte(), next != .lineFeed { position += 1 }
        guard !isAtEnd else { return }
        position += 1
        line += 1
        lineStart = position
    }

    /// Goes to what comes next, which may be lines ahead.
    mutating func skipBlank() throws(YAMLFault) {
        while isLineDone(), !isAtEnd { try endLine() }
        if isAt("\t") { throw fault(Self.tab) }
        if isMarker("---") || isMarker("...") { throw fault("only one document is supported") }
    }

    /// Goes to the first value, which may be after a line `---`.
    mutating func skipToDocument() throws(YAMLFault) {
        while isLineDone(), !isAtEnd { try endLine() }
        if isMarker("---") {
            position += 3
            guard isLineDone() else { throw fault("a value on the line of “---” is not supported") }
        }
        try skipBlank()
    }

    private func isMarker(_ marker: String) -> Bool {
        column == 0 && bytes[position...].starts(with: marker.utf8) && isSpace(3)
    }

    private static let tab = "a tab outside quotes; use spaces"

    // MARK: Scalars

    /// Reads a scalar, which ends on its line.
    mutating func scalar(isInFlow: Bool) throws(YAMLFault) -> YAMLNode.Value {
        switch byte() ?? .lineFeed {
        case UInt8(ascii: "\""): return .text(try doubleQuoted())
        case UInt8(ascii: "'"): return .text(try singleQuoted())
        case UInt8(ascii: "&"), UInt8(ascii: "*"): throw fault("anchors and aliases are not supported")
        case UInt8(ascii: "!"): throw fault("tags are not supported")
        case UInt8(ascii: "|"), UInt8(ascii: ">"): throw fault("block scalars are not supported; use quotes")
        case UInt8(ascii: "\t"): throw fault(Self.tab)
        case .lineFeed: throw fault("a value is missing")
        case let first where "%@`#,[]{}".utf8.contains(first): throw fault(Self.indicator(first))
        case let first where "-?:".utf8.contains(first) && isSpace(1): throw fault(Self.indicator(first))
        case let first where isInFlow && "?:".utf8.contains(first): throw fault(Self.indicator(first))
        default: return .plain(try plain(isInFlow: isInFlow))
        }
    }

    private static func indicator(_ byte: UInt8) -> String {
        "“\(Character(Unicode.Scalar(byte)))” must not begin a value here; use quotes"
    }

    private mutating func plain(isInFlow: Bool) throws(YAMLFault) -> String {
        let start = position
        var end = position
        while let next = byte(), next != .lineFeed {
            if next == UInt8(ascii: "\t") { throw fault(Self.tab) }
            if next == UInt8(ascii: ":") {
                let isFlowEnd = isInFlow && byte(1).map { ",[]{}".utf8.contains($0) } ?? false
                if isSpace(1) || isFlowEnd { break }
            }
            if next == UInt8(ascii: "#"), bytes[position - 1] == .space { break }
            if isInFlow, ",[]{}".utf8.contains(next) { break }
            if isInFlow, next == UInt8(ascii: "?") { throw fault("“?” must be in quotes here") }
            position += 1
            if next != .space { end = position }
        }
        position = end
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        guard text != "=", text != "<<" else { throw fault("merge keys and default values are not supported") }
        if YAMLNode.Scalar.isUnreadable(text) { throw fault("a number or date that is not valid; use quotes") }
        return text
    }

    private mutating func singleQuoted() throws(YAMLFault) -> String {
        var content: [UInt8] = []
        position += 1
        while let next = byte(), next != .lineFeed {
            position += 1
            if next == UInt8(ascii: "'") {
                guard isAt("'") else { return String(decoding: content, as: UTF8.self) }
                position += 1
            }
            content.append(next)
        }
        throw fault("a quoted text must end on its line")
    }

    private mutating func doubleQuoted() throws(YAMLFault) -> String {
        var content: [UInt8] = []
        position += 1
        while let next = byte(), next != .lineFeed {
            position += 1
            switch next {
            case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"): content += String(try escape()).utf8
            default: content.append(next)
            }
        }
        throw fault("a quoted text must end on its line")
    }

    /// Reads what follows a backslash.
    private mutating func escape() throws(YAMLFault) -> Character {
        guard let code = byte(), code != .lineFeed else { throw fault("a quoted text must end on its line") }
        position += 1
        if let scalar = Self.escapes[code] { return Character(scalar) }
        guard let length = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8][code],
            position + length <= bytes.count
        else { throw fault("an unknown escape in a quoted text") }
        let digits = bytes[position..<position + length]
        guard digits.allSatisfy(\.isHexDigit),
            let scalar = UInt32(String(decoding: digits, as: UTF8.self), radix: 16).flatMap(Unicode.Scalar.init)
        else { throw fault("an escape in a quoted text is not a character") }
        position += length
        return Character(scalar)
    }

    private static let escapes: [UInt8: Unicode.Scalar] = {
        let table: [(Unicode.Scalar, Unicode.Scalar)] = [
            ("0", "\0"), ("a", "\u{7}"), ("b", "\u{8}"), ("t", "\t"), ("\t", "\t"), ("n", "\n"), ("v", "\u{B}"),
            ("f", "\u{C}"), ("r", "\r"), ("e", "\u{1B}"), (" ", " "), ("\"", "\""), ("\\", "\\"), ("/", "/"),
            ("N", "\u{85}"), ("_", "\u{A0}"), ("L", "\u{2028}"), ("P", "\u{2029}"),
        ]
        return Dictionary(uniqueKeysWithValues: table.map { (UInt8(ascii: $0.0), $0.1) })
    }()
}
