import Foundation
import TestSupport

/// JSON as Foundation reads it, which is independent of the library's own reader. It is written with the members in
/// their order, and a key may stand twice.
enum JSONTree: Hashable {
    case object([Member])
    case array([JSONTree])
    case string(String)
    /// A number, `true`, `false` or `null`.
    case word(String)

    struct Member: Hashable {
        var key: String
        var value: JSONTree
    }

    /// Reads `bytes`; nil for anything but JSON in UTF-8.
    init?(_ bytes: some Collection<UInt8>) {
        let data = Data(bytes)
        // Foundation also reads UTF-16 and UTF-32, which have zeros in JSON.
        guard !data.contains(0), String(data: data, encoding: .utf8) != nil, data.first != 0xEF,
            let value = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        else {
            return nil
        }
        self.init(value)
    }

    private init(_ value: Any) {
        switch value {
        case let members as [String: Any]:
            // Foundation has them in another order in each process.
            let sorted = members.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
            self = .object(sorted.map { Member(key: $0.key, value: JSONTree($0.value)) })
        case let elements as [Any]: self = .array(elements.map(JSONTree.init))
        case let text as String: self = .string(text)
        case let number as NSNumber:
            let isBoolean = String(cString: number.objCType) == "c"
            self = .word(isBoolean ? "\(number.boolValue)" : "\(number)")
        default: self = .word("null")
        }
    }

    /// Whether an object in `json` has a key twice: this tree, which was read from it, has one of the two, and other
    /// readers may have the other.
    func isAmbiguous(_ json: some Collection<UInt8>) -> Bool {
        let text = String(decoding: json, as: UTF8.self).unicodeScalars
        var (colons, isInString, isEscaped) = (0, false, false)
        for scalar in text {
            if scalar == "\"", !isEscaped { isInString.toggle() }
            if scalar == ":", !isInString { colons += 1 }
            isEscaped = scalar == "\\" && !isEscaped
        }
        return colons > all.reduce(0) { $0 + ($1.members?.count ?? 0) }
    }

    /// The value of `key`; nil where this is no object, or has no such key.
    subscript(key: String) -> JSONTree? { members?.first { $0.key == key }?.value }

    var elements: [JSONTree]? { if case .array(let elements) = self { elements } else { nil } }
    var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var isTrue: Bool { self == .word("true") }

    /// This value and all within it.
    private var all: [JSONTree] {
        switch self {
        case .object(let members): [self] + members.flatMap(\.value.all)
        case .array(let elements): [self] + elements.flatMap(\.all)
        case .string, .word: [self]
        }
    }

    /// All texts within it.
    var strings: Set<String> { Set(all.compactMap(\.string)) }

    /// As it is written, with nothing between.
    var text: String {
        switch self {
        case .object(let members):
            "{\(members.map { "\(JSONTree.string($0.key).text):\($0.value.text)" }.joined(separator: ","))}"
        case .array(let elements): "[\(elements.map(\.text).joined(separator: ","))]"
        case .string(let text): String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
        case .word(let word): word
        }
    }
}

extension JSONTree {
    /// This, changed somewhere: a key dropped, doubled or renamed, an element repeated, a value of another kind.
    func changed(_ generator: inout SeededGenerator) -> JSONTree {
        switch self {
        case .object(var members) where !members.isEmpty && !generator.once(in: 12):
            let index = generator.number(0...members.count - 1)
            switch generator.number(0...9) {
            case 0: members.remove(at: index)
            case 1: members.insert(members[index], at: generator.number(0...members.count))
            case 2: members.insert(Member(key: members[index].key, value: .random(&generator)), at: index)
            case 3: members[index].key = generator.pick(Self.keys + members.map(\.key))
            case 4: members.append(Member(key: generator.pick(Self.keys), value: .random(&generator)))
            default: members[index].value = members[index].value.changed(&generator)
            }
            return .object(members)
        case .array(var elements) where !elements.isEmpty && !generator.once(in: 12):
            let index = generator.number(0...elements.count - 1)
            switch generator.number(0...7) {
            case 0: elements.remove(at: index)
            case 1: elements.insert(elements[index], at: index)
            case 2: elements += Array(repeating: elements[index], count: generator.pick([1, 10, 100]))
            case 3: elements.append(.random(&generator))
            default: elements[index] = elements[index].changed(&generator)
            }
            return .array(elements)
        case .string(let text) where generator.once(in: 2):
            var characters = Array(text)
            let place = generator.number(0...characters.count)
            characters.insert(contentsOf: String(decoding: generator.pick(Mutation.tokens), as: UTF8.self), at: place)
            return .string(String(characters))
        default: return .random(&generator)
        }
    }

    private static let keys = [
        "id", "name", "code", "error", "message", "__proto__", "", "schema", "rules", "Id", "a.b",
    ]

    private static func random(_ generator: inout SeededGenerator) -> JSONTree {
        switch generator.number(0...5) {
        case 0: .word(generator.pick(["null", "true", "false"]))
        case 1:
            .word(generator.pick(["0", "1", "-1", "1.5", "3", "1e2", "1e999", "9223372036854775808", "-0", "1E-400"]))
        case 2: .array([])
        case 3: .object([])
        case 4: (0..<generator.pick([1, 100, 700])).reduce(.string("")) { value, _ in .array([value]) }
        default: .string(String(decoding: generator.pick(Mutation.tokens), as: UTF8.self))
        }
    }
}
