import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// A package's policy: `.delete-image.json`.
    static let policies = FuzzTarget(
        "policies",
        inputs: 300,
        samples: [
            #"{"rules":{"nightlies":{"match":["nightly-*","pr-[0-9]?"],"olderThan":"14d","keepLast":3,"unlessInUse":true}}}"#,
            #"{"$schema":"x","rules":{"a":{"tag":"ci","unprotect":true,"unlessShared":true},"b":{"olderThan":"2026-01-01"}}}"#,
            #"{"rules":{"":{"match":"x","unlessReferenced":true,"unprotect":false,"keepLast":0,"tag":["a","b"]}}}"#,
            #"{"rules":{"all":{"keepLast":3}}}"#, "{\"rules\":{\"a\":{\"tag\":\"ci\",\"\u{FEFF}tag\":\"b\"}}}",
        ]
    ) { input, _ in
        let policy: RetentionPolicy
        do throws(ImageDeletionError) {
            policy = try RetentionPolicy(json: input)
        } catch {
            try must(error.code == .policy && !error.description.isEmpty, "nobody is told what is wrong")
            return .refused
        }
        try must(!policy.rules.isEmpty, "there is no rule in it")
        for rule in policy.rules { try must(rule.hasFilters, "a rule selects every image") }
        guard let json = JSONTree(input) else { return .accepted }
        try must(!json.isAmbiguous(input), "a key that is there twice is passed over")
        let written = json["rules"]?.members ?? []
        try must(Set(written.map(\.key)) == Set(policy.rules.compactMap(\.name)), "there are other rules than written")
        for rule in policy.rules {
            guard let written = json["rules"]?[rule.name ?? ""] else { continue }
            try isAsWritten(rule, written)
        }
        return .accepted
    }

    private static func isAsWritten(_ rule: RetentionRule, _ json: JSONTree) throws {
        func texts(_ key: String) -> [String] {
            json[key].map { value in value.elements?.compactMap(\.string) ?? [value.string].compactMap { $0 } } ?? []
        }
        try must(rule.namePatterns.map(\.pattern) == texts("match"), "it matches \(rule.namePatterns.map(\.pattern))")
        try must(rule.tags == texts("tag"), "it has the tags \(rule.tags)")
        try must((rule.olderThan == nil) == (json["olderThan"] == nil), "an age is passed over")
        try must(rule.liftsProtection == (json["unprotect"]?.isTrue ?? false), "protection is another matter")
        for (safeguard, key) in [
            (Safeguard.inUse, "unlessInUse"), (.shared, "unlessShared"), (.referenced, "unlessReferenced"),
        ] {
            try must(rule.safeguards.contains(safeguard) == (json[key]?.isTrue ?? false), "\(key) is passed over")
        }
        guard case .word(let number) = json["keepLast"] ?? .word("0") else {
            throw Violation(description: "keepLast is no number")
        }
        try must(Double(number) == Double(rule.keepLast), "keepLast is \(rule.keepLast) and not \(number)")
        try must((0...RetentionRule.maximumKeepLast).contains(rule.keepLast), "keepLast is \(rule.keepLast)")
    }
}
