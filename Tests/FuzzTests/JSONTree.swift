import Foundation
import TestSupport

/// JSON as it is written: keys keep their order and may stand twice, and numbers keep their digits. Foundation's own
/// readers lose all that, so that they cannot be held against each other.
enum JSONTree: Hashable {
    case object([Member])
    case array([JSONTree])
    case string(String)
    /// A number, `true`, `false` or `null`, letter by letter.
    case word(String)

    struct Member: Hashable {
        var key: String
        var value: JSONTree
    }

    /// The value of `key`; nil where this is no object, or has no such key. Of two, the first.
    subscript(key: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var elements: [JSONTree]? { if case .array(let elements) = self { elements } else { nil } }
    var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var isTrue: Bool { self == .word("true") }
    var isNull: Bool { self == .word("null") }

    /// This value and all within it.
    var all: [JSONTree] {
        switch self {
        case .object(let members): [self] + members.flatMap(\.value.all)
        case .array(let elements): [self] + elements.flatMap(\.all)
        case .string, .word: [self]
        }
    }

    /// All texts within it.
    var strings: Set<String> { Set(all.compactMap(\.string)) }

    /// Whether a key stands twice in an object: readers may choose either, and say other things than each other.
    var isAmbiguous: Bool {
        all.contains { value in value.members.map { Set($0.map(\.key)).count < $0.count } ?? false }
    }

    /// As it is written, with nothing between.
    var text: String {
        switch self {
        case .object(let members):
            "{\(members.map { "\(Self.quoted($0.key)):\($0.value.text)" }.joined(separator: ","))}"
        case .array(let elements): "[\(elements.map(\.text).joined(separator: ","))]"
        case .string(let text): Self.quoted(text)
        case .word(let word): word
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\0"..<" ": "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

extension JSONTree {
    /// This, changed somewhere: a key dropped, doubled or renamed, an element repeated, a value of another kind.
    func changed(_ dice: inout Dice) -> JSONTree {
        switch self {
        case .object(var members) where !members.isEmpty && !dice.once(in: 12):
            let index = dice.number(0...members.count - 1)
            switch dice.number(0...9) {
            case 0: members.remove(at: index)
            case 1: members.insert(members[index], at: dice.number(0...members.count))
            case 2: members.insert(Member(key: members[index].key, value: .random(&dice)), at: index)
            case 3: members[index].key = dice.pick(Self.keys + members.map(\.key))
            case 4: members.append(Member(key: dice.pick(Self.keys), value: .random(&dice)))
            default: members[index].value = members[index].value.changed(&dice)
            }
            return .object(members)
        case .array(var elements) where !elements.isEmpty && !dice.once(in: 12):
            let index = dice.number(0...elements.count - 1)
            switch dice.number(0...7) {
            case 0: elements.remove(at: index)
            case 1: elements.insert(elements[index], at: index)
            case 2: elements += Array(repeating: elements[index], count: dice.pick([1, 10, 100]))
            case 3: elements.append(.random(&dice))
            default: elements[index] = elements[index].changed(&dice)
            }
            return .array(elements)
        case .string(let text) where dice.once(in: 2):
            var characters = Array(text)
            let place = dice.number(0...characters.count)
            characters.insert(contentsOf: String(decoding: dice.pick(Mutation.tokens), as: UTF8.self), at: place)
            return .string(String(characters))
        default: return .random(&dice)
        }
    }

    private static let keys = [
        "id", "name", "code", "error", "message", "__proto__", "", "schema", "rules", "Id", "a.b",
    ]

    private static func random(_ dice: inout Dice) -> JSONTree {
        switch dice.number(0...5) {
        case 0: .word(dice.pick(["null", "true", "false"]))
        case 1: .word(dice.pick(["0", "1", "-1", "1.5", "3", "1e2", "1e999", "9223372036854775808", "-0", "1E-400"]))
        case 2: .array([])
        case 3: .object([])
        case 4: (0..<dice.pick([1, 100, 700])).reduce(.string("")) { value, _ in .array([value]) }
        default: .string(String(decoding: dice.pick(Mutation.tokens), as: UTF8.self))
        }
    }
}
