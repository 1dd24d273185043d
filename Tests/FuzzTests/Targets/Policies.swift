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
            #"{"rules":{"a":{"property":["os=debian","!pinned"],"exclude":"*-golden","keepDaily":7,"keepWeekly":1000000}}}"#,
            #"{"rules":{"b":{"tag":"ci","keepMonthly":12,"keepYearly":10,"groupBy":"name:(*)-[0-9]"}}}"#,
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
        let exclusions = rule.exclusions.map(\.pattern)
        try must(exclusions == texts("exclude"), "it excludes \(exclusions)")
        try must(rule.properties == texts("property").map(PropertyFilter.init), "it has other properties")
        try must(rule.groupKey?.text == json["groupBy"]?.string, "it has other groups")
        for (keep, key) in [
            (KeepRule.last, "keepLast"), (.daily, "keepDaily"), (.weekly, "keepWeekly"), (.monthly, "keepMonthly"),
            (.yearly, "keepYearly"),
        ] {
            let count = rule.keep[keep]
            try must((count == nil) == (json[key] == nil), "\(key) is ignored")
            guard let count, let written = json[key] else { continue }
            guard case .word(let number) = written else { throw Violation(description: "\(key) is not a number") }
            try must(Double(number) == Double(count), "\(key) is \(count) and not \(number)")
            try must((1...RetentionRule.maximumKeep).contains(count), "\(key) is \(count)")
        }
    }
}
