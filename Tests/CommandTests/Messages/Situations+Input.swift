import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

extension Situation {
    /// Everything, in the order of the documentation's table.
    static let all: [(part: String, situations: [Situation])] = [
        ("The command line", commandLine), ("Files", files), ("Names, limits, the question", selection),
        ("The variables", variables), ("`clouds.yaml`", clouds), ("Access keys and agencies", accessKeys),
        ("The catalog and the token", catalog),
        ("The way to a service", transport), ("The identity service, by status", identityStatuses),
        ("The image service, by status", imageStatuses), ("The compute service, by status", computeStatuses),
        ("The block storage service", volumeStatuses),
        ("By the service's own code", codes), ("What becomes of an image", outcomes), ("Warnings", warnings),
        ("Interrupted", interruptions),
    ]

    private static let commandLine: [Situation] = [
        Situation(when: "no image, no filter, no policy, no plan", arguments: []),
        Situation(when: "`--dryrun`", arguments: ["--dryrun"]),
        Situation(when: "`--json=yes`", arguments: ["--json=yes"]),
        Situation(when: "`--match` without a value", arguments: ["--match"]),
        Situation(when: "`--referenced-in=`", arguments: ["--referenced-in="]),
        Situation(when: "`--timeout 0`", arguments: ["--timeout", "0"]),
        Situation(when: "`--match 'nightly-['`", arguments: ["--match", "nightly-["]),
        Situation(when: "`--older-than 30`", arguments: ["--older-than", "30"]),
        Situation(when: "`--older-than 2999-01-01`", arguments: ["--older-than", "2999-01-01"]),
        Situation(when: "`--keep-last 3` alone", arguments: ["--keep-last", "3"]),
        Situation(when: "`--keep-daily 0`", arguments: ["--match", "*", "--keep-daily", "0"]),
        Situation(when: "`--keep-yearly -1`", arguments: ["--match", "*", "--keep-yearly", "-1"]),
        Situation(
            when: "`--group-by` without a `--keep-` option",
            arguments: ["--match", "*", "--group-by", "tag:branch"]
        ),
        Situation(
            when: "`--group-by branch`",
            arguments: ["--match", "*", "--keep-last", "1", "--group-by", "branch"]
        ),
        Situation(
            when: "`--group-by 'name:nightly-*'`",
            arguments: ["--match", "*", "--keep-last", "1", "--group-by", "name:nightly-*"]
        ),
        Situation(when: "`--property =debian`", arguments: ["--property", "=debian"]),
        Situation(when: "`--exclude 'nightly-['`", arguments: ["--match", "*", "--exclude", "nightly-["]),
        Situation(when: "`--match '*'` beside an image", arguments: ["--match", "*", Sample.id(1)]),
        Situation(when: "`--unprotect --policy`", arguments: ["--unprotect", "--policy"]),
        Situation(when: "`--plan` with `--apply`", arguments: ["--plan", "a", "--apply", "b"]),
        Situation(when: "`--forget-token --dry-run`", arguments: ["--forget-token", "--dry-run", Sample.id(1)]),
        Situation(
            when: "`--forget-token` with `OS_TOKEN`",
            arguments: ["--forget-token"],
            variables: ["OS_TOKEN": "t"]
        ),
        Situation(when: "`--receipt` with `--plan`", arguments: ["--receipt", "r", "--plan", "p", Sample.id(1)]),
        Situation(when: "`--plan -`", arguments: ["--plan", "-", Sample.id(1)]),
        Situation(when: "an option with a value twice", arguments: ["--policy", "a.json", "--policy", "b.json"]),
        Situation(when: "a folder that is not there", arguments: ["nightly-1", "--referenced-in", "infra"]),
        Situation(when: "a name with a control character", arguments: ["night\tly"]),
    ]

    private static func policy(_ when: String, _ content: String) -> Situation {
        Situation(when: when, arguments: ["--policy", "policy.json"], files: ["policy.json": content])
    }

    private static func plan(_ when: String, _ change: (inout [String: Any]) -> Void) -> Situation {
        let image: [String: Any] = [
            "id": Sample.id(1), "action": "delete", "protected": false, "tags": [String](), "name": "nightly-1",
        ]
        var plan: [String: Any] = [
            "schema": "delete-image-plan/3", "createdAt": "2026-11-18T12:00:00Z",
            "endpoint": "https://ims.demo.example/v2",
            "project": ["id": DemoImage.projectID, "name": "ci"], "images": [image],
        ]
        change(&plan)
        guard let json = try? JSONSerialization.data(withJSONObject: plan, options: .sortedKeys) else {
            preconditionFailure("a plan is JSON")
        }
        return Situation(
            when: when,
            arguments: ["--apply", "plan.json"],
            files: ["plan.json": String(decoding: json, as: UTF8.self)]
        )
    }

    private static func sparing(_ id: String) -> (inout [String: Any]) -> Void {
        { plan in
            let spared: [String: Any] = [
                "id": id, "action": "keep", "reason": "keepLast", "protected": false, "tags": [String](),
            ]
            plan["images"] = (plan["images"] as? [[String: Any]] ?? []) + [spared]
        }
    }

    private static let files: [Situation] = [
        Situation(when: "a list that is not there", arguments: ["--from", "old-images.txt"]),
        Situation(when: "a list of more than 64 MiB", arguments: ["--from", "disk.img"], readFault: .tooLarge),
        Situation(
            when: "another run writes to the receipt",
            arguments: ["--receipt", "FOLDER/receipt", Sample.id(1)],
            prepare: { folder in
                let file = open(folder.appendingPathComponent("receipt").path, O_RDWR | O_CREAT, 0o600)
                guard flock(file, LOCK_EX) == 0 else { throw POSIXError(.EWOULDBLOCK) }
            }
        ),
        Situation(
            when: "a bad line in a list",
            arguments: ["--from", "list"],
            files: ["list": "\(Sample.id(1))\nnight\tly\n"]
        ),
        Situation(when: "no policy in the package", arguments: ["--policy"]),
        policy("a policy that is no JSON", "rules: none"),
        policy("a key twice", #"{"rules": {"a": {"match": "x", "match": "y"}}}"#),
        policy("an unknown key", #"{"rules": {"nightlies": {"matches": "nightly-*"}}}"#),
        policy("no `rules`", "{}"),
        policy("an empty `rules`", #"{"rules": {}}"#),
        policy("a rule that is no object", #"{"rules": {"nightlies": true}}"#),
        policy("a rule without `match`, `tag` or `olderThan`", #"{"rules": {"nightlies": {"keepLast": 3}}}"#),
        policy("a `match` that is no pattern", #"{"rules": {"nightlies": {"match": "nightly-["}}}"#),
        policy("an empty `match`", #"{"rules": {"nightlies": {"match": []}}}"#),
        policy("an `olderThan` that is no age", #"{"rules": {"nightlies": {"olderThan": "30"}}}"#),
        policy("an `olderThan` that is no text", #"{"rules": {"nightlies": {"olderThan": 30}}}"#),
        policy("an `olderThan` ahead", #"{"rules": {"nightlies": {"olderThan": "2999-01-01"}}}"#),
        policy("a `keepLast` that is no number", #"{"rules": {"nightlies": {"match": "*", "keepLast": "3"}}}"#),
        policy("a `keepDaily` of 0", #"{"rules": {"nightlies": {"match": "*", "keepDaily": 0}}}"#),
        policy("a `groupBy` without a keep rule", #"{"rules": {"nightlies": {"match": "*", "groupBy": "tag:a"}}}"#),
        policy(
            "a `groupBy` that is not a key",
            #"{"rules": {"nightlies": {"match": "*", "keepLast": 1, "groupBy": "branch"}}}"#
        ),
        policy(
            "a `groupBy` with two parts in parentheses",
            #"{"rules": {"nightlies": {"match": "*", "keepLast": 1, "groupBy": "name:(*)-(*)"}}}"#
        ),
        policy("a `property` without a key", #"{"rules": {"nightlies": {"property": "!"}}}"#),
        policy("an `exclude` that is not a pattern", #"{"rules": {"nightlies": {"match": "*", "exclude": "[a"}}}"#),
        policy("an `unlessInUse` that is no truth", #"{"rules": {"nightlies": {"match": "*", "unlessInUse": 1}}}"#),
        policy("an invisible character", "{\"rules\": {\"a\": {\"match\": \"\u{FEFF}x\"}}}"),
        Situation(when: "a plan that is no JSON", arguments: ["--apply", "plan.json"], files: ["plan.json": "no"]),
        plan("something else than a plan") { $0["schema"] = "else/1" },
        plan("a plan of an earlier version") { $0["schema"] = "delete-image-plan/2" },
        plan("a plan without its images") { $0["images"] = nil },
        plan("a plan with an unknown key") { $0["comment"] = "approved" },
        plan("a plan with another action") {
            $0["images"] = [["id": Sample.id(1), "action": "ask", "protected": false, "tags": []]]
        },
        plan("a plan for another image service") { $0["endpoint"] = "https://ims.example/v2" },
        plan("a plan for another project") { $0["project"] = ["id": "0", "name": "production"] },
        plan("one of the newest, which is to stay, is gone", sparing(Sample.id(9))),
        plan("one of the newest, which is to be kept, has changed", sparing(Sample.id(2))),
        {
            var situation = plan("one of the newest, which is to stay, cannot be seen", sparing(Sample.id(2)))
            situation.fault = { request, _ in
                request.line == "GET /v2/images/\(Sample.id(2))" ? .answer(500) : nil
            }
            return situation
        }(),
        Situation(
            when: "`--plan` names something else",
            arguments: ["--plan", "main.swift", Sample.id(1)],
            writeFault: UserFile.Fault(reason: "it is something else", isOther: true)
        ),
        Situation(
            when: "`--plan` names a folder that is not there",
            arguments: ["--plan", "no/plan.json", Sample.id(1)],
            writeFault: UserFile.Fault(POSIXError(.ENOENT))
        ),
        Situation(
            when: "`--receipt` names something else",
            arguments: ["--receipt", "FOLDER/main.swift", Sample.id(1)],
            prepare: { try Data("import Foundation\n".utf8).write(to: $0.appendingPathComponent("main.swift")) }
        ),
        Situation(when: "`--receipt` in no folder", arguments: ["--receipt", "FOLDER/no/receipt", Sample.id(1)]),
    ]

    private static let selection: [Situation] = [
        Situation(when: "a name that no image bears", arguments: ["nightly-9"]),
        Situation(when: "a pattern where a name is meant", arguments: ["nightly-*"]),
        Situation(
            when: "a name of several images",
            arguments: ["nightly"],
            images: [.old(1, "nightly"), .old(2, "nightly", day: 1)]
        ),
        Situation(
            when: "more than `--max-deletions`",
            arguments: ["--max-deletions", "1", Sample.id(1), Sample.id(2)]
        ),
        Situation(when: "more than 50, by a filter", arguments: ["--match", "*"], images: Sample.images(51)),
        Situation(
            when: "more than 50, in a dry run",
            arguments: ["--match", "*", "--dry-run"],
            images: Sample.images(51)
        ),
        Situation(when: "nobody to be asked", arguments: ["--match", "*"]),
        Situation(when: "no answer", arguments: ["--match", "*"], answer: .timedOut),
        Situation(when: "another answer than y", arguments: ["--match", "*"], answer: .no),
        Situation(
            when: "an image of the receipt has another name now",
            arguments: ["--receipt", "FOLDER/receipt", "nightly"],
            images: [.old(1, "release")],
            prepare: { folder in
                try ReceiptLine(id: Sample.id(1), name: "nightly").write(to: folder)
            }
        ),
        Situation(
            when: "an interrupted run left an image unprotected",
            arguments: ["--receipt", "FOLDER/receipt", Sample.id(2)],
            prepare: { folder in try ReceiptLine(id: Sample.id(1), isUnprotecting: true).write(to: folder) }
        ),
        Situation(
            when: "…, and it cannot be protected",
            arguments: ["--receipt", "FOLDER/receipt", Sample.id(2)],
            fault: { request, _ in request.method == "PATCH" ? .answer(503) : nil },
            prepare: { folder in try ReceiptLine(id: Sample.id(1), isUnprotecting: true).write(to: folder) }
        ),
    ]
}

extension ReceiptLine {
    /// Writes the line into a receipt for the situation's cloud.
    fileprivate func write(to folder: URL) throws {
        try Data(text(of: DemoCloud(images: [])).utf8).write(to: folder.appendingPathComponent("receipt"))
    }
}
