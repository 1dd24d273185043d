import Foundation
import ImageDeletion
import Testing

@Suite("Retention policy")
struct RetentionPolicyTests {
    private func policy(_ json: String) throws -> RetentionPolicy { try RetentionPolicy(json: Data(json.utf8)) }

    /// The only rule of a policy that has this one.
    private func rule(_ json: String) throws -> RetentionRule {
        let policy = try policy(#"{"rules":{"nightly":\#(json)}}"#)
        #expect(policy.rules.map(\.name) == ["nightly"])
        return try #require(policy.rules.first)
    }

    /// The key that is said to be wrong; nil where nothing is.
    private func faultyKey(_ json: String) -> String? {
        do {
            _ = try RetentionPolicy(json: Data(json.utf8))
            return nil
        } catch {
            guard case .policy(let key, let reason) = error.reason else { return nil }
            #expect(!reason.isEmpty)
            return key
        }
    }

    @Test("Reads a policy with its rules in the order of their names")
    func whole() throws {
        let policy = try policy(
            """
            {
                "$schema": "https://example.org/delete-image.json",
                "rules": {
                    "nightlies": {
                        "match": ["nightly-*", "ci-?"], "tag": ["ci", "old"], "olderThan": "14d", "keepLast": 3,
                        "unprotect": true, "unlessInUse": true, "unlessShared": true, "unlessReferenced": true
                    },
                    "branches": {
                        "olderThan": "2026-10-01", "unprotect": false, "unlessInUse": false, "unlessShared": true
                    },
                    "snapshots": {
                        "property": ["os_distro=debian", "!pinned"], "exclude": ["*-golden", "base"],
                        "groupBy": "name:(*)-*", "keepLast": 1, "keepDaily": 2, "keepWeekly": 3, "keepMonthly": 4,
                        "keepYearly": 1000000
                    }
                }
            }
            """
        )
        #expect(policy.rules.map(\.name) == ["branches", "nightlies", "snapshots"])
        var snapshots = RetentionRule(
            name: "snapshots",
            keep: [.last: 1, .daily: 2, .weekly: 3, .monthly: 4, .yearly: 1_000_000]
        )
        snapshots.properties = [try PropertyFilter("os_distro=debian"), try PropertyFilter("!pinned")]
        snapshots.exclusions = [try Glob("*-golden"), try Glob("base")]
        snapshots.groupKey = try GroupKey("name:(*)-*")
        #expect(
            policy.rules == [
                RetentionRule(
                    name: "branches",
                    olderThan: .date(Date(timeIntervalSince1970: 1_790_812_800)),
                    safeguards: [.shared]
                ),
                RetentionRule(
                    name: "nightlies",
                    namePatterns: [try Glob("nightly-*"), try Glob("ci-?")],
                    tags: ["ci", "old"],
                    olderThan: .seconds(14 * 86_400),
                    keep: [.last: 3],
                    liftsProtection: true,
                    safeguards: [.inUse, .shared, .referenced]
                ),
                snapshots,
            ]
        )
    }

    @Test("Defaults to no filter, no kept images and no lifted protection")
    func defaults() throws {
        #expect(try rule(#"{"tag":"ci"}"#) == RetentionRule(name: "nightly", tags: ["ci"]))
    }

    @Test("Accepts one name or tag without a list")
    func single() throws {
        #expect(try rule(#"{"match":"nightly-*"}"#) == rule(#"{"match":["nightly-*"]}"#))
        #expect(try rule(#"{"match":"nightly-*"}"#).namePatterns == [Glob("nightly-*")])
        #expect(try rule(#"{"tag":"ci"}"#) == rule(#"{"tag":["ci"]}"#))
        #expect(try rule(#"{"property":"os"}"#) == rule(#"{"property":["os"]}"#))
        #expect(try rule(#"{"property":"os"}"#).properties == [PropertyFilter("os")])
        #expect(try rule(#"{"tag":"ci","exclude":"a"}"#) == rule(#"{"tag":"ci","exclude":["a"]}"#))
        #expect(try rule(#"{"tag":"ci","exclude":"a"}"#).exclusions == [Glob("a")])
    }

    @Test(
        "Reads each safeguard from its own key",
        arguments: [("unlessInUse", Safeguard.inUse), ("unlessShared", .shared), ("unlessReferenced", .referenced)]
    )
    func safeguards(key: String, safeguard: Safeguard) throws {
        #expect(try rule(#"{"tag":"ci","\#(key)":true}"#).safeguards == [safeguard])
        #expect(try rule(#"{"tag":"ci","\#(key)":false}"#).safeguards == [])
    }

    private static let keepKeys: [(key: String, rule: KeepRule)] = [
        ("keepLast", .last), ("keepDaily", .daily), ("keepWeekly", .weekly), ("keepMonthly", .monthly),
        ("keepYearly", .yearly),
    ]

    @Test("Requires a number of images to keep of 1 or more", arguments: keepKeys)
    func keep(key: String, keepRule: KeepRule) throws {
        for (json, number) in [("1", 1), ("3", 3), ("1000000", 1_000_000)] {
            #expect(try rule(#"{"tag":"ci","\#(key)":\#(json)}"#).keep == [keepRule: number])
        }
        let wrong = [
            "0", "-0", "0.0", "true", "false", "1.5", "-1", "1000001", "1e30", #""3""#, "null", "[]", "[3]", "{}",
            "0.1",
            "-0.5", "18446744073709551617", "9223372036854775808",
        ]
        for json in wrong {
            #expect(faultyKey(#"{"rules":{"a":{"tag":"ci","\#(key)":\#(json)}}}"#) == "rules.a.\(key)", "\(json)")
        }
    }

    @Test(
        "Rejects a value of the wrong type, with its key",
        arguments: [
            ("match", ["1", "true", "null", "{}", "[]", "[1]", #"["a",1]"#, #"["a",null]"#, #"["a",""]"#, #""""#]),
            ("match", [#""[""#, #"["a","[z-a]"]"#, #""a\\""#]),
            ("tag", ["1", "false", "null", "{}", "[]", "[true]", #"["ci",["x"]]"#, #"["ci",""]"#, #""""#]),
            ("olderThan", ["30", "true", "null", "[]", #"["30d"]"#, "{}", #""""#, #""30""#, #""2026-02-30""#]),
            ("exclude", ["1", "true", "null", "{}", "[]", "[1]", #"["a",1]"#, #"["a",""]"#, #""""#, #""[""#]),
            ("property", ["1", "false", "null", "{}", "[]", "[true]", #"{"os":"a"}"#, #"["os",""]"#, #""""#]),
            ("property", [#""!""#, #""=""#, #""=debian""#, #"["os","=x"]"#]),
            ("groupBy", ["1", "true", "null", "{}", "[]", #"["tag:a"]"#, #""""#, #""tag""#, #""tag:""#, #""name:*""#]),
            ("unprotect", ["0", "1", "1.0", #""true""#, "null", "[]", "{}"]),
            ("unlessInUse", ["0", "1", #""yes""#, "null", "[true]"]),
            ("unlessShared", ["0", "1", #""false""#, "null", "{}"]),
            ("unlessReferenced", ["0", "1", #"".""#, "null", "2"]),
        ]
    )
    func wrongValue(key: String, values: [String]) {
        for value in values {
            // What the rule selects by is beside it, so that nothing else is wrong.
            let other = (key == "tag" ? #""match":"a""# : #""tag":"ci""#) + #","keepDaily":1"#
            let json = #"{"rules":{"nightly":{\#(other),"\#(key)":\#(value)}}}"#
            #expect(faultyKey(json) == "rules.nightly.\(key)", "\(json)")
        }
    }

    @Test(
        "Rejects an unknown key",
        arguments: [
            "keeplast", "keep", "keepHourly", "excludes", "properties", "groupby", "Match", "matches", "tags",
            "unlessinuse", "older-than", "$schema", "", "rules",
        ]
    )
    func unknownKey(key: String) {
        #expect(faultyKey(#"{"rules":{"nightly":{"tag":"ci","\#(key)":1}}}"#) == "rules.nightly.\(key)")
        if !["$schema", "rules"].contains(key) {
            #expect(faultyKey(#"{"rules":{"nightly":{"tag":"ci"}},"\#(key)":1}"#) == key)
        }
    }

    @Test("Rejects an invisible character")
    func byteOrderMark() {
        #expect(faultyKey(#"{"rules":{"a":{"match":"nightly-*"}}}"#) == nil)
        #expect(faultyKey("{\"rules\":{\"a\":{\"match\":\"\u{FEFF}nightly-*\"}}}") == "")
        #expect(faultyKey("{\"\u{FEFF}rules\":{\"a\":{\"match\":\"nightly-*\"}}}") == "")
        #expect(faultyKey("\u{FEFF}{\"rules\":{\"a\":{\"match\":\"nightly-*\"}}}") == nil)
        let twice = "{\"rules\":{\"a\":{\"match\":\"x\",\"keepLast\":3,\"\u{FEFF}keepLast\":0}}}"
        #expect(faultyKey(twice) == "rules.a.\u{FEFF}keepLast")
    }

    @Test(
        "Rejects a duplicate key",
        arguments: [
            (#"{"rules":{"a":{"tag":"ci","keepLast":5,"keepLast":0}}}"#, "rules.a.keepLast"),
            (#"{"rules":{"a":{"tag":"ci"},"a":{"match":"x"}}}"#, "rules.a"),
            (#"{"rules":{"b":{"tag":"ci"},"a":{"tag":"x"},"b":{"tag":"y"}}}"#, "rules.b"),
            (#"{"rules":{"a":{"tag":"ci"}}, "rules" : {}}"#, "rules"),
            (#"{"rules":{"a\u0062":{"tag":"ci"},"ab":{"tag":"x"}}}"#, "rules.ab"),
        ]
    )
    func twice(json: String, key: String) {
        #expect(faultyKey(json) == key)
    }

    @Test("Accepts a key's text as a value or in another object")
    func notTwice() throws {
        let json = #"{"rules":{"a":{"match":["tag","\":\"","tag"],"tag":"match"},"b":{"match":"a","tag":"b"}}}"#
        #expect(try policy(json).rules.map(\.name) == ["a", "b"])
    }

    @Test(
        "Rejects a rule that would select every image",
        arguments: [
            "{}", #"{"keepLast":3}"#, #"{"unlessInUse":true,"unlessShared":true,"unprotect":true}"#,
            #"{"exclude":"release-*"}"#, #"{"keepDaily":7,"groupBy":"tag:branch","exclude":["a"]}"#,
        ]
    )
    func everything(rule: String) {
        #expect(faultyKey(#"{"rules":{"a":{"tag":"ci"},"z":\#(rule)}}"#) == "rules.z")
    }

    @Test("Rejects groups without a keep rule")
    func groups() {
        #expect(faultyKey(#"{"rules":{"a":{"tag":"ci","groupBy":"tag:branch"}}}"#) == "rules.a.groupBy")
        for (key, _) in Self.keepKeys {
            #expect(faultyKey(#"{"rules":{"a":{"tag":"ci","groupBy":"tag:branch","\#(key)":1}}}"#) == nil)
        }
    }

    @Test("Requires rules to be objects by name", arguments: ["1", "[]", "null", #""ci""#, "true", #"[{"tag":"ci"}]"#])
    func noRule(json: String) {
        #expect(faultyKey(#"{"rules":{"nightly":\#(json)}}"#) == "rules.nightly")
        #expect(faultyKey(#"{"rules":\#(json)}"#) == "rules")
    }

    @Test("Requires at least one rule", arguments: ["{}", #"{"rules":{}}"#, #"{"$schema":"x"}"#])
    func noRules(json: String) {
        #expect(faultyKey(json) == "rules")
    }

    @Test(
        "Rejects a policy that is not a JSON object",
        arguments: [
            "", " ", "rules:\n  nightly:\n", "{", #"{"rules":{"a":{"tag":"ci"}}"#, "[]", #"[{"rules":{}}]"#, "3",
            "null", #""rules""#, #"{"rules":{"a":{"tag":"ci",}}}x"#, #"{'rules':{}}"#, "{} // none",
        ]
    )
    func noJSON(json: String) {
        #expect(faultyKey(json) == "")
    }

    @Test("Describes a problem with the supported keys")
    func reason() {
        #expect {
            try policy(#"{"rules":{"nightly":{"tag":"ci","keeplast":1}}}"#)
        } throws: { error in
            "\(error)".contains("keepLast")
        }
        #expect {
            try policy(#"{"rules":{"nightly":{"olderThan":"30 days"}}}"#)
        } throws: { error in
            "\(error)".contains("“30 days”")
        }
    }

    @Test("Compares policies by their names and rules")
    func equality() throws {
        let one = try policy(#"{"rules":{"a":{"tag":"ci"}}}"#)
        #expect(try one == policy(#"{"$schema":"x","rules":{"a":{"tag":["ci"]}}}"#))
        #expect(try one != policy(#"{"rules":{"b":{"tag":"ci"}}}"#))
        #expect(try one != policy(#"{"rules":{"a":{"tag":"old"}}}"#))
        #expect(try one != policy(#"{"rules":{"a":{"tag":"ci"},"b":{"tag":"ci"}}}"#))
        #expect(try one.hashValue == policy(#"{"rules":{"a":{"tag":["ci"]}}}"#).hashValue)
    }
}
