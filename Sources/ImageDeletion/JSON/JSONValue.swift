package import ImageDeletionEssentials

/// A JSON value of any kind.
package enum JSONValue: Sendable, Hashable {
    case null
    case flag(Bool)
    /// A number as it is written, so that no digit is lost.
    case number(String)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// The text; nil for any other value.
    package var string: String? { if case .text(let text) = self { text } else { nil } }

    /// The value of `true` and `false`; nil for any other value.
    package var boolean: Bool? { if case .flag(let flag) = self { flag } else { nil } }

    /// The number, if it is written without a fraction and an exponent; nil for any other value.
    package var wholeNumber: Int64? { if case .number(let digits) = self { Int64(digits) } else { nil } }

    /// The elements of a list; nil for any other value.
    package var elements: [JSONValue]? { if case .list(let elements) = self { elements } else { nil } }

    /// The members of an object; nil for any other value.
    package var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

    /// The member `key` of an object; nil if there is none.
    package subscript(key: String) -> JSONValue? { members?[key] }
}

// MARK: Reading

extension JSONValue {
    /// The reason for which a document is refused.
    package struct Fault: Error {
        /// The place, as `rules.nightly.keepLast` or `images[1].id`; empty for the whole document.
        var path = ""
        var reason: String

        /// Returns the place of the member `key` of the object at `path`.
        static func path(to key: String, in path: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

        /// The same fault, as seen from the value around it, in which it is at `place`. Places are put together only for
        /// a fault: a document may have hundreds of thousands of them.
        func inside(_ place: String) -> Fault {
            let separator = path.isEmpty || path.hasPrefix("[") ? "" : "."
            return Fault(path: place + separator + path, reason: reason)
        }
    }

    /// No document that is read here has more levels. Many more would fill the stack.
    private static let maximumDepth = 100

    /// Reads a document in UTF-8, with or without a byte order mark.
    ///
    /// - Parameter allowsDuplicateKeys: Whether an object may have a key twice; the last one counts. Two keys are
    ///   duplicates also if they differ only in byte order marks, which nobody sees.
    package init(_ json: Data, allowsDuplicateKeys: Bool = false) throws(Fault) {
        guard let text = String(utf8: json), !text.utf8.contains(0) else { throw Fault(reason: "it is not UTF-8") }
        let result = Array(text.utf8).withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            do {
                let value = try JSONValue(&cursor, depth: 0, allowsDuplicateKeys)
                guard cursor.next() == nil else { throw JSONCursor.Fault() }
                return Result<JSONValue, Fault>.success(value)
            } catch {
                return .failure(error as? Fault ?? Fault(reason: "invalid JSON (line \(cursor.line))"))
            }
        }
        self = try result.get()
    }

    private init(_ cursor: inout JSONCursor, depth: Int, _ allowsDuplicateKeys: Bool) throws {
        guard let first = cursor.next(), depth < Self.maximumDepth else { throw JSONCursor.Fault() }
        switch first {
        case UInt8(ascii: "{"):
            var members: [String: JSONValue] = [:]
            var visibleKeys: Set<String> = []
            try cursor.members { key, cursor in
                let key = try Self.text(key)
                let visibleKey = String(String.UnicodeScalarView(key.unicodeScalars.filter { $0 != "\u{FEFF}" }))
                if !visibleKeys.insert(visibleKey).inserted, !allowsDuplicateKeys {
                    throw Fault(path: key, reason: "duplicate key")
                }
                do { members[key] = try JSONValue(&cursor, depth: depth + 1, allowsDuplicateKeys) } catch {
                    throw (error as? Fault)?.inside(key) ?? error
                }
            }
            self = .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try cursor.elements { cursor in
                do { elements.append(try JSONValue(&cursor, depth: depth + 1, allowsDuplicateKeys)) } catch {
                    throw (error as? Fault)?.inside("[\(elements.count)]") ?? error
                }
            }
            self = .list(elements)
        case UInt8(ascii: "\""): self = .text(try Self.text(cursor.string()))
        default:
            let word = String(decoding: cursor.text(in: try cursor.value()), as: UTF8.self)
            switch word {
            case "null": self = .null
            case "true", "false": self = .flag(word == "true")
            default:
                // Most numbers are whole, and a regular expression takes long.
                let isWhole = Int64(word).map { "\($0)" } == word
                guard isWhole || word.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil else {
                    throw JSONCursor.Fault()
                }
                self = .number(word)
            }
        }
    }

    /// Returns the text that stands between quotes as `bytes`.
    private static func text(_ bytes: UnsafeRawBufferPointer) throws -> String {
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\\") }) else {
            return try JSONDecoder().decode(String.self, from: Data("\"".utf8) + bytes + Data("\"".utf8))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// Reads UTF-8, with or without a byte order mark; nil for anything else.
    package init?(utf8 data: Data) {
        let mark = Data("\u{FEFF}".utf8)
        guard let text = String(data: data.starts(with: mark) ? data.dropFirst(mark.count) : data, encoding: .utf8)
        else {
            return nil
        }
        self = text
    }
}

// MARK: Writing

extension JSONValue: Encodable {
    /// Encodes the value as it is.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .number(let digits):
            if let whole = Int64(digits) { try container.encode(whole) } else { try container.encode(Double(digits)) }
        case .text(let text): try container.encode(text)
        case .list(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }
}

extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .text(text) }
    package init(booleanLiteral flag: Bool) { self = .flag(flag) }
    package init(integerLiteral number: Int) { self = .number("\(number)") }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
