import Foundation
import ImageDeletion
import Testing

/// The part of YAML that `clouds.yaml` may use.
@Suite("YAML")
struct YAMLTests {
    /// The tree as text: texts in quotes, `-` for null.
    private static func outline(_ node: YAMLNode?) -> String {
        guard let node else { return "nothing" }
        if let members = node.members {
            let parts = members.sorted { $0.key < $1.key }.map { "\($0.key.text)=\(outline($0.value))" }
            return "{\(parts.joined(separator: ","))}"
        }
        if let elements = node.elements { return "[\(elements.map(outline).joined(separator: ","))]" }
        return switch node.scalar {
        case .text(let text): "'\(text)'"
        case .flag(let flag): "\(flag)"
        case .null, nil: "-"
        case .other: "other"
        }
    }

    private func read(_ text: String) throws -> YAMLNode? { try YAMLReader.read(Data(text.utf8), file: "file") }

    @Test(
        "Reads what PyYAML reads",
        arguments: [
            ("", "nothing"), ("# only a comment", "nothing"), ("---\n", "nothing"), ("\u{FEFF}a: b", "{a='b'}"),
            ("a: b\r\nc: d\r\n", "{a='b',c='d'}"), ("--- # start\na: b", "{a='b'}"),
            ("a:\n  b:\n    c: d", "{a={b={c='d'}}}"),
            ("a:\n- b\n- c\nd: e", "{a=['b','c'],d='e'}"),
            ("a:\n  - b: c\n    d: e\n  -\n  - f", "{a=[{b='c',d='e'},-,'f']}"),
            ("- - a\n  - b\n- c", "[['a','b'],'c']"), ("a:\n\n  # comment\n\n  b: c # d\n#e\n", "{a={b='c'}}"),
            ("a: {b: c, d: [e, 'f', \"g\"], }", "{a={b='c',d=['e','f','g']}}"), ("{a: , b: {}}", "{a=-,b={}}"),
            ("a: [b, # c\n d]\n", "{a=['b','d']}"), ("{\"a\":b}", "{a='b'}"), ("{a:b: c}", "{a:b='c'}"),
            ("a:", "{a=-}"), ("a : b", "{a='b'}"), ("'a': b", "{a='b'}"), ("a:\n  b\n", "{a='b'}"),
            ("a: b#c", "{a='b#c'}"), ("a: http://b:80/c", "{a='http://b:80/c'}"), ("a: 'b: #c'", "{a='b: #c'}"),
            ("a: 'it''s'", "{a='it's'}"), ("a: \"\\x41\\u00e9\\U0001F600\\\"\\n\"", "{a='Aé😀\"\n'}"),
            ("a: '\t'", "{a='\t'}"),
            ("a: -b", "{a='-b'}"), ("a: ?b", "{a='?b'}"), ("a: :b", "{a=':b'}"), ("a: b c  ", "{a='b c'}"),
        ]
    )
    func accepted(text: String, outline: String) throws {
        #expect(try Self.outline(read(text)) == outline)
    }

    @Test(
        "Refuses everything else, with its line",
        arguments: [
            ("a: &b c", 1, "anchors"), ("a: b\nc: *b", 2, "anchors"), ("a: !!str b", 1, "tags"),
            ("a: |\n  b", 1, "block scalars"),
            ("a: >\n  b", 1, "block scalars"), ("<<: {a: b}", 1, "merge"), ("a: =", 1, "default"),
            ("? a\n: b", 1, "begin"),
            ("a: b\n---\nc: d", 2, "one document"), ("a: b\n...\n", 2, "one document"),
            ("%YAML 1.1\n---\na: b", 1, "begin"),
            ("--- {a: b}", 1, "line of"), ("a:\n\tb: c", 2, "tab"), ("a:\tb", 1, "tab"), ("a: b\t", 1, "tab"),
            ("\t", 1, "tab"),
            ("a: b\nc: d\na: e", 3, "duplicate"), ("{a: b, 'a': c}", 1, "duplicate"), ("a: b\n  c", 2, "indentation"),
            ("a: 'b\n  c'", 1, "end on its line"), ("a: \"b", 1, "end on its line"),
            ("a:\n    b: c\n  d: e", 3, "indentation"),
            ("a: b: c", 1, "quotes"), ("a: 'b' c", 1, "quotes"), ("a: b:", 1, "quotes"), ("a: - b", 1, "begin"),
            ("a\nb: c", 2, "indentation"),
            ("a: b\nc", 2, "key without"), ("a: [b, c", 1, "missing"), ("a: [b c: d]", 1, "missing"),
            ("a: {b}", 1, "key without"),
            ("a: [b,,c]", 1, "begin"), ("a: [b\n c]", 2, "missing"), ("a: [b?c]", 1, "in quotes"),
            ("a: @b", 1, "begin"), ("a: `b`", 1, "begin"),
            ("a: \"\\q\"", 1, "escape"), ("a: \"\\ud800\"", 1, "escape"), ("a: \"\\xG1\"", 1, "escape"),
            ("a: b\rc: d", 1, "CR"),
            ("a: b\nc: \u{2028}", 2, "U+2028"), ("a: \u{FEFF}b", 1, "U+FEFF"), ("a: b\0", 1, "U+0"),
            ("a: \u{85}", 1, "U+85"),
            ("123: b", 1, "string"), ("yes: b", 1, "string"), ("~: b", 1, "string"), (": b", 1, "begin"),
            ("a: 2020-13-45", 1, "date"),
            (String(repeating: "k", count: 1100) + ": b", 1, "too long"),
            (String(repeating: "[", count: 200), 1, "levels"),
            (String(repeating: "- ", count: 200), 1, "levels"),
        ]
    )
    func refused(text: String, line: Int, words: String) {
        do throws(YAMLFault) {
            let node = try YAMLReader.read(Data(text.utf8), file: "file")
            Issue.record("read as \(Self.outline(node))")
        } catch {
            #expect(error.line == line)
            #expect(error.reason.contains(words), "\(error.reason)")
        }
    }

    @Test(
        "Refuses bytes that are not UTF-8",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]]
    )
    func bytes(_ bytes: [UInt8]) {
        let fault = #expect(throws: YAMLFault.self) { try YAMLReader.read(Data("a: b\n".utf8 + bytes), file: "file") }
        #expect(fault?.line == 2)
        #expect(fault?.reason == "invalid UTF-8")
    }

    @Test(
        "A text without quotes is one only if PyYAML keeps it as it is",
        arguments: [
            ("12345", true), ("0", true), ("-1", true), ("12.5", true), ("3.0", true), ("08", true), ("1e3", true),
            ("0x1G", true),
            ("1.2.3.4", true), ("-.5", true), ("0b2", true), ("2020-1-1", true),
            ("123456789012345678901234567890", true), ("0o17", true),
            ("0123", false), ("1_000", false), ("+1", false), ("-0", false), ("0x1F", false), ("0b11", false),
            ("1:30", false), ("1:30.5", false),
            ("1.10", false), ("1.", false), (".5", false), ("1.5e+3", false), (".inf", false), ("-.INF", false),
            (".nan", false),
            ("0.00001", false), ("2020-01-01", false), ("1_0.5", false), ("2020-01-01 10:00:00", false),
            ("2020-1-1T1:00:00.5 +01:00", false),
        ]
    )
    func plain(text: String, isText: Bool) {
        #expect(YAMLNode.Scalar(plain: text) == (isText ? .text(text) : .other))
    }

    @Test("Nodes know their lines")
    func lines() throws {
        let root = try #require(try read("# x\na:\n  b:\n\n    - c\n    - d: e\nf: [g,\n h]\n"))
        #expect(root["a"]?.line == 2)
        #expect(root["a"]?["b"]?.line == 3)
        #expect(root["a"]?["b"]?.elements?.map(\.line) == [5, 6])
        #expect(root["f"]?.elements?.map(\.line) == [7, 8])
    }

    @Test(
        "The time grows with the size alone",
        .timeLimit(.minutes(1)),
        arguments: [
            "a: [", "- ", "[[],", "{a: {", "a: b ", "'", "\"\\", "1:00:00", "0_", " ", "#", "\n", "- a\n", "- 0a: 1\n",
            "é",
        ]
    )
    func time(part: String) {
        _ = try? read(String(repeating: part, count: (1 << 20) / part.utf8.count))
    }
}
