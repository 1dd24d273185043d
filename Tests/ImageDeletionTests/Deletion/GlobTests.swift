import ImageDeletion
import TestSupport
import Testing

@Suite("Glob")
struct GlobTests {
    @Test(
        "Matches the whole name, not a part of it",
        arguments: [
            ("nightly", "nightly", true), ("nightly", "nightly-1", false), ("nightly", "a-nightly", false),
            ("nightly-?", "nightly-1", true), ("nightly-?", "nightly-", false), ("nightly-?", "nightly-12", false),
            ("?", "", false), ("??", "a", false), ("nightly", "", false), ("a", "b", false), ("ab", "a", false),
        ]
    )
    func wholeName(pattern: String, text: String, matches: Bool) throws {
        #expect(try Glob(pattern).matches(text) == matches)
    }

    @Test(
        "Matches any text, also none, with a star",
        arguments: [
            ("*", "", true), ("*", "anything at all\nand more", true), ("nightly-*", "nightly-", true),
            ("nightly-*", "nightly-1/2", true), ("nightly-*", "nightly", false), ("*-old", "-old", true),
            ("*-old", "a-old-old", true), ("*-old", "a-older", false), ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c-c", true), ("a*b*c", "acb", false), ("**a**", "a", true), ("*.*", "ab", false),
            ("*?", "", false), ("?*?", "a", false), ("?*?", "ab", true), ("*ab", "aab", true), ("*.", "a.b", false),
        ]
    )
    func star(pattern: String, text: String, matches: Bool) throws {
        #expect(try Glob(pattern).matches(text) == matches)
    }

    @Test(
        "Matches one character in or outside a set with brackets",
        arguments: [
            ("[abc]", "b", true), ("[abc]", "d", false), ("[abc]", "ab", false), ("[abc]", "", false),
            ("[a-c]", "a", true), ("[a-c]", "c", true), ("[a-c]", "d", false), ("[a-c]", "-", false),
            ("[a-c0-9]", "7", true), ("[a-c0-9_]", "_", true), ("[a-a]", "a", true),
            ("[!a-c]", "d", true), ("[!a-c]", "b", false), ("[!a-c]", "", false), ("[!a-c]", "!", true),
            ("[^a-c]", "d", true), ("[^a-c]", "b", false), ("[a!]", "!", true), ("[a^]", "^", true),
            ("[]]", "]", true), ("[]a]", "]", true), ("[]a]", "a", true), ("[!]a]", "]", false), ("[!]a]", "b", true),
            ("[]-a]", "^", true), ("[]-a]", "-", false),
            ("[a-]", "-", true), ("[a-]", "a", true), ("[a-]", "b", false), ("[-a]", "-", true), ("[-]", "-", true),
            ("[a-c-e]", "-", true), ("[a-c-e]", "d", false), ("[a-c-e]", "e", true),
            ("[*]", "*", true), ("[*]", "a", false), ("[?]", "?", true), ("[?]", "a", false), ("[[]", "[", true),
            ("a]", "a]", true), ("v[0-9].[0-9]*", "v1.25", true), ("v[0-9].[0-9]*", "v1.x", false),
        ]
    )
    func brackets(pattern: String, text: String, matches: Bool) throws {
        #expect(try Glob(pattern).matches(text) == matches)
    }

    @Test(
        "Matches the character after a backslash literally, also in brackets",
        arguments: [
            (#"\*"#, "*", true), (#"\*"#, "a", false), (#"\?"#, "?", true), (#"\?"#, "a", false),
            (#"\[a]"#, "[a]", true), (#"\[a]"#, "a", false), (#"\\"#, #"\"#, true), (#"\\*"#, #"\abc"#, true),
            (#"\n"#, "n", true), (#"\n"#, "\n", false), (#"a\*c"#, "abc", false),
            (#"[\]]"#, "]", true), (#"[\]]"#, #"\]"#, false), (#"[a\]b]"#, "b", true), (#"[!\]]"#, "]", false),
            (#"[\!a]"#, "b", false), (#"[a\-c]"#, "b", false), (#"[a\-c]"#, "-", true), (#"[\a-c]"#, "b", true),
            (#"[[-\]]"#, "]", true), (#"[[-\]]"#, #"\"#, true), (#"[\\]"#, #"\"#, true),
        ]
    )
    func backslash(pattern: String, text: String, matches: Bool) throws {
        #expect(try Glob(pattern).matches(text) == matches)
    }

    @Test(
        "Distinguishes uppercase and lowercase",
        arguments: [("nightly", "Nightly"), ("NIGHTLY", "nightly"), ("[a-z]", "M"), ("[A-Z]", "m"), ("é", "É")]
    )
    func letterCase(pattern: String, text: String) throws {
        #expect(try !Glob(pattern).matches(text))
    }

    @Test(
        "Matches code points, not grapheme clusters",
        arguments: [
            ("?", "👩", true), ("?", "👩‍👩‍👧‍👦", false), ("??", "🇩🇪", true), ("caf?", "cafe\u{301}", false),
            ("caf\u{E9}", "cafe\u{301}", false), ("cafe\u{301}", "caf\u{E9}", false), ("[\u{E9}]", "e\u{301}", false),
            ("cafe", "cafe\u{301}", false), ("cafe?", "cafe\u{301}", true), ("[a-z]", "e\u{301}", false),
            ("[a-z]", "a\u{327}", false), ("x[0-9]", "x1\u{FE0F}\u{20E3}", false), ("a*\u{327}", "a\u{327}", true),
            ("*🎉", "release 🎉", true), ("[α-ω]", "λ", true), ("[α-ω]", "l", false), ("а", "a", false),
        ]
    )
    func unicode(pattern: String, text: String, matches: Bool) throws {
        #expect(try Glob(pattern).matches(text) == matches)
    }

    @Test(
        "Rejects a malformed pattern",
        arguments: [
            "", "[", "[]", "[!]", "[^]", "[!", "[a", "[a-", "[a-z", "nightly-[0-9", "a[", "[z-a]", "[9-0]", "[b-a",
            #"\"#, #"nightly\"#, #"\\\"#, #"[\"#, #"[a\"#, #"[\]"#, #"[a-\]"#, #"[]-\["#,
        ]
    )
    func malformed(pattern: String) {
        #expect(throws: ImageDeletionError.rule(.pattern(pattern))) { try Glob(pattern) }
    }

    @Test("Keeps the pattern as written", arguments: ["a**b", #"\*"#, "[!a-z]"])
    func written(pattern: String) throws {
        #expect(try Glob(pattern).pattern == pattern)
    }

    @Test("Matches many stars fast", .timeLimit(.minutes(10)))
    func manyStars() throws {
        let glob = try Glob(String(repeating: "a*", count: 40) + "b")
        let text = String(repeating: "a", count: 2000)
        #expect(!glob.matches(text))
        #expect(glob.matches(text + "b"))
    }

    @Test("Matches what a plain definition matches", arguments: 0..<20)
    func definition(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            let pattern = String(
                (1...generator.number(1...7)).map { _ in generator.pick(["a", "b", "*", "?"] as [Character]) }
            )
            let text = String(
                (0..<generator.number(0...8)).map { _ in generator.pick(["a", "a", "b", "*"] as [Character]) }
            )
            #expect(
                try Glob(pattern).matches(text) == Self.means(pattern[...], text[...]),
                "seed \(seed): “\(pattern)” against “\(text)”"
            )
        }
    }

    private static func means(_ pattern: Substring, _ text: Substring) -> Bool {
        switch pattern.first {
        case nil: text.isEmpty
        case "*": means(pattern.dropFirst(), text) || (!text.isEmpty && means(pattern, text.dropFirst()))
        case let first:
            !text.isEmpty && (first == "?" || first == text.first) && means(pattern.dropFirst(), text.dropFirst())
        }
    }
}
