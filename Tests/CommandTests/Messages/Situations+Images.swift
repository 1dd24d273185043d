import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

extension Situation {
    private static func image(
        _ when: String,
        _ arguments: [String] = [],
        _ change: (inout DemoImage) -> Void = { _ in },
        references: @escaping @Sendable (Set<ImageID>) throws -> [ImageID: KeepReason.Reference] = { _ in [:] },
        fault: @escaping @Sendable (SentRequest, Int) async -> FaultyTransport.Fault? = { _, _ in nil }
    ) -> Situation {
        var image = DemoImage(id: Sample.id(1), name: "nightly-1")
        change(&image)
        return Situation(
            when: when,
            arguments: [Sample.id(1)] + arguments,
            images: [image],
            references: references,
            fault: fault
        )
    }

    static let outcomes: [Situation] = [
        Situation(when: "no such image", arguments: [Sample.id(9)]),
        image(
            "gone at a second try",
            ["--retries", "1"],
            fault: { request, earlier in
                request.method == "DELETE" && earlier == 0 ? .lostAnswer(.connectionLost) : nil
            }
        ),
        {
            var situation = image("deleted by an earlier run", ["--receipt", "FOLDER/receipt"])
            situation.isAgain = true
            return situation
        }(),
        image("protected", [], { $0.isProtected = true }),
        image("public", ["--dry-run"], { $0.visibility = "public" }),
        image("another project's", ["--dry-run"], { ($0.owner, $0.members) = ("0", [DemoImage.projectID]) }),
        Situation(
            when: "one of the newest",
            arguments: ["--match", "*", "--keep-last", "1", "--yes"],
            images: [.old(1)]
        ),
        Situation(
            when: "the newest of its week, and of its month, in its group",
            arguments: [
                "--match", "*", "--keep-weekly", "1", "--keep-monthly", "1", "--group-by", "tag:branch", "--yes",
            ],
            images: [.old(1, tags: ["branch=main"])]
        ),
        Situation(
            when: "in no group",
            arguments: ["--match", "*", "--keep-last", "1", "--group-by", "property:os_distro", "--yes"],
            images: [.old(1)]
        ),
        Situation(
            when: "without a creation time",
            arguments: ["--match", "*", "--keep-last", "1", "--yes"],
            fault: { request, _ in
                guard request.line == "GET /v2/images" else { return nil }
                let image =
                    #"{"id": "\#(Sample.id(1))", "owner": "\#(DemoImage.projectID)", "visibility": "private"}"#
                let isHidden = request.url.query?.contains("os_hidden") == true
                return .answer(200, body: #"{"images": [\#(isHidden ? "" : image)], "first": "/v2/images"}"#)
            }
        ),
        Situation(
            when: "an upload that failed",
            arguments: ["--match", "*", "--keep-last", "1", "--yes"],
            images: [DemoImage(id: Sample.id(1), name: "nightly-1", status: "killed")]
        ),
        Situation(
            when: "excluded by its name",
            arguments: ["--match", "*", "--exclude", "nightly", "--yes"],
            images: [.old(1)]
        ),
        image("in use", ["--unless-in-use"], { $0.usedBy = "web-1" }),
        image("lent", ["--unless-shared"], { ($0.visibility, $0.members) = ("shared", ["0"]) }),
        image(
            "written in a file",
            ["--unless-referenced"],
            references: { ids in
                Dictionary(uniqueKeysWithValues: ids.map { ($0, KeepReason.Reference(file: "main.tf", line: 3)) })
            }
        ),
        image(
            "a file that cannot be read",
            ["--unless-referenced"],
            references: { _ in throw UnreadableFile(path: "secrets.tf") }
        ),
        {
            var situation = Situation(when: "changed since the plan", arguments: ["--apply", "plan.json"])
            situation.files["plan.json"] = """
                {"schema": "delete-image-plan/3", "createdAt": "2026-11-18T12:00:00Z",
                 "endpoint": "https://ims.demo.example/v2", "project": {"id": "\(DemoImage.projectID)"},
                 "images": [{"id": "\(Sample.id(1))", "action": "delete", "protected": false, "tags": [], "name": "old"}]}
                """
            return situation
        }(),
        image(
            "`--unprotect`, and the protection cannot be lifted",
            ["--unprotect"],
            { $0.isProtected = true },
            fault: { request, _ in request.method == "PATCH" ? .answer(403) : nil }
        ),
        image(
            "`--unprotect`, and it cannot be put back",
            ["--unprotect"],
            { $0.isProtected = true },
            fault: { request, earlier in
                switch request.method {
                case "DELETE": .answer(409)
                case "PATCH" where earlier > 0: .answer(500)
                default: nil
                }
            }
        ),
    ]

    static let warnings: [Situation] = [
        Situation(when: "`OS_INSECURE`", variables: ["OS_INSECURE": "true"]),
        Situation(
            when: "`OS_CLOUD` beside others",
            variables: ["OS_CLOUD": "otc", "OS_REGION_NAME": nil],
            files: ["/package/clouds.yaml": demoCloud]
        ),
        Situation(
            when: "a name that no image bears, with `--ignore-missing`",
            arguments: ["nightly-9", "--ignore-missing"]
        ),
        Situation(
            when: "this machine's clock is wrong",
            fault: { request, _ in
                guard request.method == "POST" else { return .answer(204) }
                return SampleTokenResponse { $0.headers["Date"] = "Wed, 18 Nov 2026 12:06:40 GMT" }.fault
            }
        ),
        Situation(when: "no folder for the token cache", variables: ["HOME": nil], cache: []),
        image(
            "nobody can say whether an image is lent",
            ["--unless-shared"],
            { ($0.visibility, $0.members) = ("shared", ["0"]) },
            fault: { request, _ in request.line.hasSuffix("/members") ? .answer(403) : nil }
        ),
        Situation(
            when: "a token cache that others may read",
            arguments: [Sample.id(1), "--work-directory", "FOLDER/work"],
            prepare: { folder in
                let work = folder.appendingPathComponent("work")
                try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
                let file = work.appendingPathComponent("token-cache.json")
                try Data("{}".utf8).write(to: file)
                chmod(file.path, 0o644)
            }
        ),
        Situation(
            when: "a work directory that others can write to",
            arguments: [Sample.id(1), "--work-directory", "FOLDER/work"],
            prepare: { folder in
                let work = folder.appendingPathComponent("work")
                try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
                chmod(work.path, 0o777)
            }
        ),
        Situation(
            when: "a token cache that cannot be written",
            arguments: [Sample.id(1), "--work-directory", "FOLDER/file/work"],
            prepare: { try Data().write(to: $0.appendingPathComponent("file")) }
        ),
    ]

    private static func interrupted(_ when: String, _ method: String, times: Int) -> Situation {
        Situation(
            when: when,
            arguments: [Sample.id(1), Sample.id(2), "--concurrency", "1"],
            interrupts: { $0.method == method ? times : 0 }
        )
    }

    static let interruptions: [Situation] = [
        interrupted("Ctrl-C while signing in", "POST", times: 2),
        Situation(
            when: "Ctrl-C while images are looked at",
            arguments: ["--dry-run", Sample.id(1)],
            interrupts: { $0.method == "GET" ? 2 : 0 }
        ),
        interrupted("Ctrl-C while images are deleted", "DELETE", times: 1),
        interrupted("Ctrl-C twice", "DELETE", times: 2),
        Situation(
            when: "`--forget-token`, and the identity service does not revoke it",
            arguments: [Sample.id(1), "--forget-token", "--work-directory", "FOLDER"],
            fault: { request, _ in request.line == "DELETE /v3/auth/tokens" ? .answer(500) : nil }
        ),
    ]
}
