import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

extension FuzzTarget {
    /// A key for groups, and in the second line a name or a tag of an image.
    static let groups = FuzzTarget(
        "groups",
        inputs: 800,
        samples: [
            "name:(*)-nightly-*\nweb-nightly-nightly-1", "name:*-(*)-*\na-b-c-d", "name:(a*)b*\naabab",
            "name:\\((*)\\)\n(web)", "name:[()](?)[)]*\n(a)b", "name:(a)(b)\nab", "name:((a))\na", "name:()x\nx",
            "name:*(a?)*\nbacada", "name:größe-(*)\ngröße-ö", "tag:branch\nbranch=main", "tag:branch\nbranch.a=b",
            "property:os_distro\nx", "tags:x\ny",
        ]
    ) { input, generator in
        let lines = String(decoding: input, as: UTF8.self).split(separator: "\n", maxSplits: 1).map(String.init)
        guard let text = lines.first, let key = try? GroupKey(text) else { return .refused }
        try must(key.text == text, "it is another key")
        try must(try GroupKey(key.text) == key, "written again, it is another key")
        let name = lines.count > 1 ? lines[1] : ""
        var image = Image(id: .sample(1))
        (image.owner, image.visibility, image.createdAt) = (DemoImage.projectID, "private", .now)
        image.imageType = generator.pick([nil, "private"])
        (image.name, image.tags) = (name, [name])
        var rule = RetentionRule(namePatterns: [try Glob("*")], keep: [.last: 1])
        rule.groupKey = key
        let entry = DeletionPlan.Entry.selected(from: [image], by: [rule], of: DemoImage.projectID, now: .now).first
        let group: String?
        switch entry?.action {
        case .keep(.place(let places)):
            group = places.first?.group
            try must(group != nil, "it is counted in no group")
        case .keep(.ungrouped(key)): group = nil
        default: throw Violation(description: "an image that is alone is not kept")
        }
        if let expected = expected(text, image) { try must(group == expected, "\(text): \(group ?? "no group")") }
        return .accepted
    }

    /// The group of `image` by a plain definition; nil for keys that it does not cover.
    private static func expected(_ key: String, _ image: Image) -> String?? {
        let name = image.name ?? ""
        if key.hasPrefix("property:") { return .some(nil) }
        if key.hasPrefix("tag:") {
            let prefixes = (image.imageType == nil ? ["="] : ["=", "."]).map { key.dropFirst("tag:".count) + $0 }
            let prefix = prefixes.first { name.utf8.starts(with: $0.utf8) }
            // A key that has such a character itself is cut there.
            guard !key.contains(where: { "=.".contains($0) }) else { return nil }
            let value = prefix.map { String(decoding: name.utf8.dropFirst($0.utf8.count), as: UTF8.self) }
            return .some(value)
        }
        let pattern = key.unicodeScalars.dropFirst("name:".count)
        let parts = pattern.split(omittingEmptySubsequences: false) { "()".unicodeScalars.contains($0) }.map(
            String.init
        )
        // Its way takes a time that grows with the fourth power of the length.
        let isPlain = !pattern.contains { "[\\".unicodeScalars.contains($0) }
        guard isPlain, parts.count == 3, name.utf8.count < 40 else { return nil }
        let characters = Array(name.unicodeScalars)
        func matches(_ part: Int, _ range: Range<Int>) -> Bool {
            var text = String.UnicodeScalarView()
            text.append(contentsOf: characters[range])
            if parts[part].isEmpty { return range.isEmpty }
            return (try? Glob(parts[part]))?.matches(String(text)) ?? false
        }
        var longest: Range<Int>?
        for start in 0...characters.count where matches(0, 0..<start) {
            for end in start...characters.count where matches(2, end..<characters.count) && matches(1, start..<end) {
                if end - start > longest?.count ?? -1 { longest = start..<end }
            }
        }
        return .some(
            longest.map { range in
                var text = String.UnicodeScalarView()
                text.append(contentsOf: characters[range])
                return String(text)
            }
        )
    }
}
