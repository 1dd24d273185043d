/// A value in a YAML or JSON document, and where it is.
package struct YAMLNode: Sendable, Hashable {
    /// A value of any kind.
    package indirect enum Value: Sendable, Hashable {
        case mapping([ExactText: YAMLNode])
        case sequence([YAMLNode])
        /// A text that can be nothing else, because it is in quotes.
        case text(String)
        /// A text without quotes, which may be a number, a flag or nothing: see ``YAMLNode/scalar``.
        case plain(String)
    }

    /// A scalar, as PyYAML understands it.
    package enum Scalar: Sendable, Hashable {
        case text(String)
        case flag(Bool)
        case null
        /// A number or a date that PyYAML does not keep as it is written.
        case other
    }

    package var value: Value
    /// The path of the document.
    package var file: String
    /// The line, counted from 1, of the value or of its key; nil in JSON.
    package var line: Int?

    /// The members of a mapping; nil for any other value.
    package var members: [ExactText: YAMLNode]? { if case .mapping(let members) = value { members } else { nil } }

    /// The elements of a sequence; nil for any other value.
    package var elements: [YAMLNode]? { if case .sequence(let elements) = value { elements } else { nil } }

    /// The scalar; nil for a mapping or a sequence.
    package var scalar: Scalar? {
        switch value {
        case .mapping, .sequence: nil
        case .text(let text): .text(text)
        case .plain(let text): Scalar(plain: text)
        }
    }

    /// The member `key` of a mapping; nil if there is none.
    package subscript(key: String) -> YAMLNode? { members?[key.exact] }
}

extension YAMLNode.Scalar {
    /// Reads a text without quotes by the rules of YAML 1.1, in PyYAML's form.
    ///
    /// A number that is written as Python would print it is the same as a text, so it is one here.
    package init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": self = .flag(true)
        case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": self = .flag(false)
        default:
            guard let first = text.utf8.first, first.isDigit || "+-.".utf8.contains(first) else {
                self = .text(text)
                return
            }
            self = Self.isNumber(text) && !Numeral.isCanonical(text) || Numeral.isDate(text) ? .other : .text(text)
        }
    }

    /// Whether a text without quotes is a number.
    static func isNumber(_ text: String) -> Bool { Numeral.isInteger(text) || Numeral.isFloat(text) }

    /// Whether PyYAML fails at a text without quotes, or may do so: a date that is not in the calendar, for example.
    static func isUnreadable(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isDigit || "+-.".utf8.contains(first) else { return false }
        if Numeral.isDate(text) { return text.wholeMatch(of: /\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])/) == nil }
        // Nothing but underscores after the prefix, or more digits than Python reads.
        let isTooLong = text.utf8.count > 4000 && isNumber(text)
        return isTooLong || text.wholeMatch(of: /[-+]?0[bx]_+/) != nil
    }
}

/// The forms of numbers and dates in YAML 1.1. Each byte is looked at a few times at most.
private struct Numeral {
    private var rest: Substring.UTF8View

    private init(_ text: String) { rest = text[...].utf8 }

    static func isInteger(_ text: String) -> Bool {
        var numeral = Numeral(text)
        numeral.skipSign()
        if numeral.skip("0b") { return numeral.skipAll { "01_".utf8.contains($0) } && numeral.isAtEnd }
        if numeral.skip("0x") { return numeral.skipAll { $0.isHexDigit || $0 == .underscore } && numeral.isAtEnd }
        if numeral.skip("0") {
            return numeral.isAtEnd || numeral.skipAll { "01234567_".utf8.contains($0) } && numeral.isAtEnd
        }
        guard numeral.skipDigits() else { return false }
        return numeral.isAtEnd || numeral.skipSixtieths() && numeral.isAtEnd
    }

    static func isFloat(_ text: String) -> Bool {
        var numeral = Numeral(text)
        if [".nan", ".NaN", ".NAN"].contains(text) { return true }
        if numeral.skip("."), numeral.skipDigits() { return numeral.skipExponent() && numeral.isAtEnd }
        numeral = Numeral(text)
        numeral.skipSign()
        if [".inf", ".Inf", ".INF"].contains(String(Substring(numeral.rest))) { return true }
        guard numeral.skipDigits() else { return false }
        let isSexagesimal = numeral.skipSixtieths()
        guard numeral.skip(".") else { return false }
        _ = numeral.skipAll { $0.isDigit || $0 == .underscore }
        return (isSexagesimal || numeral.skipExponent()) && numeral.isAtEnd
    }

    static func isDate(_ text: String) -> Bool {
        var numeral = Numeral(text)
        guard numeral.skipDigits(4...4), numeral.skip("-"), numeral.skipDigits(1...2), numeral.skip("-"),
            numeral.skipDigits(1...2)
        else { return false }
        if numeral.isAtEnd { return text.utf8.count == 10 }
        guard numeral.skip("T") || numeral.skip("t") || numeral.skipSpaces() else { return false }
        guard numeral.skipDigits(1...2), numeral.skip(":"), numeral.skipDigits(2...2), numeral.skip(":"),
            numeral.skipDigits(2...2)
        else { return false }
        if numeral.skip(".") { _ = numeral.skipAll(\.isDigit) }
        if numeral.isAtEnd { return true }
        _ = numeral.skipSpaces()
        if numeral.skip("Z") { return numeral.isAtEnd }
        guard numeral.skip("+") || numeral.skip("-"), numeral.skipDigits(1...2) else { return false }
        return numeral.isAtEnd || numeral.skip(":") && numeral.skipDigits(2...2) && numeral.isAtEnd
    }

    /// Whether Python prints the number as it is written.
    static func isCanonical(_ text: String) -> Bool {
        // Python refuses longer ones.
        guard text.utf8.count <= 4000 else { return false }
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        if digits.utf8.allSatisfy(\.isDigit) { return text == "0" || !digits.hasPrefix("0") }
        guard let number = Double(text), number.description == text else { return false }
        return number == 0 || (1e-4..<1e16).contains(number.magnitude)
    }

    private var isAtEnd: Bool { rest.isEmpty }

    private mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func skipSign() { if !skip("+") { _ = skip("-") } }

    /// Skips bytes while they fit. Returns whether there was one.
    private mutating func skipAll(_ fits: (UInt8) -> Bool) -> Bool {
        let count = rest.count
        rest = rest.drop(while: fits)
        return rest.count < count
    }

    private mutating func skipSpaces() -> Bool { skipAll { $0 == .space || $0 == UInt8(ascii: "\t") } }

    /// Skips a digit, and digits and underscores after it.
    private mutating func skipDigits() -> Bool {
        guard rest.first?.isDigit ?? false else { return false }
        return skipAll { $0.isDigit || $0 == .underscore }
    }

    private mutating func skipDigits(_ count: ClosedRange<Int>) -> Bool {
        let number = rest.prefix(count.upperBound).prefix(while: \.isDigit).count
        rest = rest.dropFirst(number)
        return number >= count.lowerBound
    }

    /// Skips parts such as `:30:00`. Returns whether there was one.
    private mutating func skipSixtieths() -> Bool {
        var isFound = false
        while rest.first == UInt8(ascii: ":") {
            let digits = rest.dropFirst().prefix(while: \.isDigit)
            guard digits.count == 1 || digits.count == 2 && "012345".utf8.contains(digits.first!) else { return false }
            rest = rest.dropFirst(1 + digits.count)
            isFound = true
        }
        return isFound
    }

    /// Skips an exponent, which has a sign, if there is one. Returns false for one that is malformed.
    private mutating func skipExponent() -> Bool {
        guard skip("e") || skip("E") else { return true }
        return (skip("+") || skip("-")) && skipAll(\.isDigit)
    }
}

extension UInt8 {
    static let space = UInt8(ascii: " ")
    static let lineFeed = UInt8(ascii: "\n")
    fileprivate static let underscore = UInt8(ascii: "_")

    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isHexDigit: Bool { hexDigit != nil }
}
