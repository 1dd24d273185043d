import Foundation
import TestSupport

/// Makes inputs out of samples.
struct Mutation {
    private let samples: [[UInt8]]

    init(of samples: [String]) { self.samples = samples.map { Array($0.utf8) } }

    /// One of the samples, changed a little, or a lot, or not at all.
    func input(_ generator: inout SeededGenerator) -> Data {
        var bytes = generator.pick(samples)
        if generator.once(in: 20) { return Data(bytes) }
        if generator.once(in: 2) {
            bytes = inJSON(bytes, &generator)
            if generator.once(in: 2) { return Data(bytes) }
        }
        for _ in 1...generator.pick([1, 1, 1, 2, 3, 8]) { change(&bytes, &generator) }
        return Data(bytes)
    }

    /// Changes what the bytes mean, where they are JSON or lines of it: noise alone dies in the parser.
    private func inJSON(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        func changed(_ json: JSONTree) -> [UInt8] {
            var json = json
            for _ in 1...generator.number(1...3) { json = json.changed(&generator) }
            return Array(json.text.utf8)
        }
        if let json = JSONTree(bytes) { return changed(json) }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let index = generator.number(0...lines.count - 1)
        if let json = JSONTree(lines[index]) { lines[index] = changed(json)[...] }
        return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private func change(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let part = range(in: bytes, &generator)
        switch generator.number(0...8) {
        case 0 where !bytes.isEmpty: bytes[generator.number(0...bytes.count - 1)] ^= 1 << UInt8(generator.number(0...7))
        case 1 where !bytes.isEmpty: bytes[generator.number(0...bytes.count - 1)] = UInt8(generator.number(0...255))
        case 2: bytes.removeSubrange(part)
        case 3: bytes.removeSubrange(part.lowerBound...)
        case 4:
            let times = generator.pick([1, 1, 2, 16, 256])
            guard part.count * times <= 1 << 16 else { return }
            bytes.insert(contentsOf: repeatElement(Array(bytes[part]), count: times).joined(), at: part.lowerBound)
        case 5:
            let other = generator.pick(samples)
            bytes.replaceSubrange(part, with: other[range(in: other, &generator)])
        case 6: bytes = bytes[..<part.lowerBound] + generator.pick(samples).suffix(bytes.count - part.lowerBound)
        case 7: bytes.insert(contentsOf: generator.pick(Self.tokens), at: part.lowerBound)
        default: bytes.replaceSubrange(part, with: generator.pick(Self.tokens))
        }
    }

    /// Short ones more often than long ones.
    private func range(in bytes: [UInt8], _ generator: inout SeededGenerator) -> Range<Int> {
        let start = generator.number(0...bytes.count)
        let length = generator.number(0...min(bytes.count - start, generator.pick([1, 4, 40, .max])))
        return start..<start + length
    }

    /// What readers stumble over.
    static let tokens: [[UInt8]] =
        [
            "\"", "'", "\\", "{", "}", "[", "]", "[[", ",", ":", "=", "-", "--", "*", "?", "#", "<", ">", "&lt;", "/",
            "\0", "\n", "\r\n", "\t", "\u{1B}[2J", "\u{7F}", "\u{85}", "\u{202E}", "\u{2028}", "\u{FEFF}", "e\u{301}",
            "👩‍👩‍👧‍👦", "\\u0000", "\\ud800", "\\udc00\\ud800", "\\u202e", "null", "true", "false", "{}", "[]",
            "1e999", "-1", "0", "-0", "1.5", "9223372036854775807", "9223372036854775808", "18446744073709551616",
            "NaN", "9999-99-99", "0000-01-01T00:00:00Z", "2026-02-30", "9999-12-31T23:59:60Z", "2026-11-01T00:00:00Z",
            "delete", "deleted", "keep", "<head>", "<style>", "<h1>", "&amp;", "..", "../..", "%00", "%2e%2e%2f",
            "http://", "https://user:secret@host", "6b1c0b6e-93a5-4d0c-9d52-000000000009",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xEF, 0xBB, 0xBF],
            [0xFF, 0xFE], Array(repeating: UInt8(ascii: "["), count: 1000),
            Array(repeating: UInt8(ascii: "9"), count: 400), Array(repeating: UInt8(ascii: "-"), count: 4000),
            Array(repeating: UInt8(ascii: "<"), count: 4000),
            Array(repeating: UInt8(ascii: "*"), count: 2000), Array(repeating: UInt8(ascii: "x"), count: 10_000),
            Array(repeatElement(Array(#"{"a":"#.utf8), count: 600).joined()),
        ]
}
