import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// A pattern, and in the second line a name.
    static let globs = FuzzTarget(
        "globs",
        inputs: 800,
        samples: [
            "nightly-*\nnightly-2026", "*-[0-9][0-9]?\npr-123", "[!a-c]*[]x]\nd]", "a\\*b\na*b",
            "*a*a*a*a*b\naaaaaaaaaa",
            "[a-\nb", "[z-a]\nb", "?\n👩‍👩‍👧‍👦", "[\\]-a]\n^", "[^a-c]\nd", "größer*\ngrößer",
        ]
    ) { input, _ in
        let lines = String(decoding: input, as: UTF8.self).split(separator: "\n", maxSplits: 1).map(String.init)
        guard let pattern = lines.first, let glob = try? Glob(pattern) else { return .refused }
        let name = lines.count > 1 ? lines[1] : ""
        let matches = glob.matches(name)
        try must(try Glob(glob.pattern) == glob, "written again, it is another pattern")
        if let system = systemMatches(pattern, name) {
            try must(matches == system, "\(matches): \(pattern.debugDescription) with \(name.debugDescription)")
        }
        let literal = name.map { "\\\($0)" }.joined()
        // A mark that joins the backslash makes one character with it.
        if !name.isEmpty, literal.count == 2 * name.count {
            try must(try Glob(literal).matches(name), "\(name.debugDescription) is not itself")
            try must(try !Glob(literal + "?").matches(name), "\(name.debugDescription) has a character more")
        }
        return .accepted
    }

    /// What `fnmatch` says, of plain ASCII that it reads as we do; nil of the rest.
    private static func systemMatches(_ pattern: String, _ name: String) -> Bool? {
        let isPlain = (pattern + name).utf8.allSatisfy { (0x20...0x7E).contains($0) }
        // It knows classes and the like, and passes over a range that goes downward.
        guard isPlain, !["[:", "[=", "[."].contains(where: pattern.contains) else { return nil }
        // Its way takes a time that grows without bounds with the number of stars.
        guard pattern.count < 200, name.count < 200, pattern.count(where: { $0 == "*" }) < 8 else { return nil }
        return fnmatch(pattern, name, 0) == 0
    }
}
