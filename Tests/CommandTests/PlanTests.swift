import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

@Suite("Plan and apply", .serialized)
struct PlanTests {
    static let images: [DemoImage] = (1...5).map { .old($0, "nightly-\($0)", day: $0, tags: ["ci"]) }

    /// Makes a plan to delete three of the five nightlies.
    private func plan(_ cloud: LoopbackCloud, in folder: TemporaryFolder) async throws -> String {
        let path = folder.file("plan.json").path
        let run = try await cloud.run(["--match", "nightly-*", "--keep-last", "2", "--plan", path])
        #expect(run.status == 0)
        #expect(run.lines.last == "5 images: would delete 3 (6.0 GiB), 2 kept.")
        #expect(cloud.requests.allSatisfy { $0.method != "DELETE" && $0.method != "PATCH" })
        return path
    }

    @Test("Records the project, the endpoint and each image's properties in the plan")
    func file() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(json["schema"] as? String == "delete-image-plan/3")
        #expect(json["endpoint"] as? String == cloud.cloud.imageURL.absoluteString + "/v2")
        #expect((json["project"] as? [String: Any])?["id"] as? String == DemoImage.projectID)
        #expect((json["project"] as? [String: Any])?["name"] as? String == "ci")
        #expect(json["user"] as? String == "demo")
        let images = try #require(json["images"] as? [[String: Any]])
        #expect(images.map { $0["id"] as? String } == (1...5).map(Sample.id))
        #expect(images.map { $0["action"] as? String } == ["delete", "delete", "delete", "keep", "keep"])
        #expect(images.map { $0["reason"] as? String } == [nil, nil, nil, "keepLast", "keepLast"])
        #expect(images[0]["name"] as? String == "nightly-1")
        #expect(images[0]["tags"] as? [String] == ["ci"])
        #expect(images[0]["size"] as? Int == 2_147_483_648)
        #expect(text.split(separator: "\n").count > 20, "one can read it")
        #expect(!text.contains("pa55w0rd"))
    }

    @Test("Deletes exactly the planned images without a confirmation")
    func apply() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        // Younger images of the same names make no difference: the decision is made.
        await cloud.cloud.put(DemoImage(id: Sample.id(9), name: "nightly-1", tags: ["ci"]))
        let run = try await cloud.run(["--apply", path])
        #expect(run.status == 0)
        #expect(run.lines.last == "5 images: 3 deleted, 2 kept.")
        #expect(await cloud.remaining() == Set([4, 5, 9].map(Sample.id)))

        let again = try await cloud.run(["--json", "--apply", path])
        #expect(try again.report().images.map(\.outcome) == ["missing", "missing", "missing", "kept", "kept"])
        #expect(again.status == 1)
        #expect(try await cloud.run(["--ignore-missing", "--apply", path]).status == 0)
        #expect(await cloud.remaining() == Set([4, 5, 9].map(Sample.id)))
        #expect(cloud.count("DELETE") == 3)
    }

    static let changes: [(field: String, change: @Sendable (inout DemoImage) -> Void)] = [
        ("name", { $0.name = "release" }), ("tags", { $0.tags = [] }), ("size", { $0.size += 1 }),
        ("status", { $0.status = "deactivated" }), ("updatedAt", { $0.updatedAt += 1 }),
        ("visibility", { $0.visibility = "shared" }), ("createdAt", { $0.createdAt += 1 }),
    ]

    @Test("Keeps an image that has changed since, and names the changed properties", arguments: changes)
    func changed(field: String, change: @escaping @Sendable (inout DemoImage) -> Void) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        var image = Self.images[1]
        change(&image)
        await cloud.cloud.put(image)
        let run = try await cloud.run(["--json", "--apply", path])
        #expect(run.status == 0)
        let row = try run.report().images[1]
        #expect((row.outcome, row.reason) == ("kept", "changed"))
        #expect(row.detail?.contains(field) == true)
        #expect(await cloud.remaining() == Set([2, 4, 5].map(Sample.id)))
    }

    @Test("Keeps an image that is now protected or has another owner")
    func protected() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        var (first, second) = (Self.images[0], Self.images[1])
        first.isProtected = true
        (second.owner, second.members) = ("another", [DemoImage.projectID])
        await cloud.cloud.put(first)
        await cloud.cloud.put(second)
        let run = try await cloud.run(["--json", "--apply", path])
        #expect(try run.report().images.map(\.reason) == ["protected", "changed", nil, "keepLast", "keepLast"])
        #expect(cloud.count("DELETE") == 1)
    }

    @Test("Lifts the protection that the plan says to lift")
    func unprotect() async throws {
        var image = Self.images[0]
        image.isProtected = true
        let cloud = try LoopbackCloud(images: [image])
        let folder = try TemporaryFolder()
        let path = folder.file("plan.json").path
        _ = try await cloud.run(["--unprotect", "--plan", path, Sample.id(1)])
        let run = try await cloud.run(["--apply", path])
        #expect(run.status == 0)
        #expect(cloud.requests.suffix(3).map(\.method) == ["GET", "PATCH", "DELETE"])
        #expect(await cloud.remaining().isEmpty)
    }

    @Test("Rejects a plan for another cloud or project before any image request")
    func elsewhere() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        let other = try LoopbackCloud(images: Self.images)
        let run = try await other.run(["--apply", path])
        #expect(run.status == 65)
        #expect(run.errors.contains("the plan is for another image service, \(cloud.cloud.imageURL.absoluteString)/v2"))
        #expect(other.requests.map(\.method) == ["POST"])

        let text = try String(contentsOfFile: path, encoding: .utf8)
        try Data(text.replacing("\"\(DemoImage.projectID)\"", with: "\"another\"").utf8)
            .write(to: folder.file("plan.json"))
        let project = try await cloud.run(["--apply", path])
        #expect(project.status == 65)
        #expect(project.errors.contains("the plan is for another project"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test(
        "Sends nothing and reports the place when a plan is not valid",
        arguments: [
            ("", "invalid JSON"), ("[]", "an object is expected"), ("{}", "schema"),
            (
                #"{"schema":"delete-image-plan/1","createdAt":"","endpoint":"","project":{"id":""},"images":[]}"#,
                "schema"
            ),
            (
                #"{"schema":"delete-image-plan/3","createdAt":"","endpoint":"","project":{"id":""}}"#,
                "images is missing"
            ),
            (
                #"{"schema":"delete-image-plan/3","createdAt":"","endpoint":"","project":{"id":""},"images":5}"#,
                "images: a list is expected"
            ),
        ]
    )
    func malformed(content: String, words: String) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        try Data(content.utf8).write(to: folder.file("plan.json"))
        let run = try await cloud.run(["--apply", folder.file("plan.json").path])
        #expect(run.status == 65)
        #expect(run.errors.contains("it is no plan: "))
        #expect(run.errors.contains(words))
        #expect(run.errors.hasSuffix("Nothing was deleted.\n"))
        #expect(cloud.requests.isEmpty)
        #expect(try await cloud.run(["--apply", folder.file("nosuch").path]).status == 65)
    }

    @Test("Replaces a plan with a plan, but no other file")
    func overwriting() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        let again = try await cloud.run(["--plan", path, Sample.id(1)])
        #expect(again.status == 0)
        try Data("let answer = 42\n".utf8).write(to: folder.file("main.swift"))
        let run = try await cloud.run(["--plan", folder.file("main.swift").path, Sample.id(1)])
        #expect(run.status == 64)
        #expect(run.errors.contains("is there and no plan"))
        #expect(try String(contentsOf: folder.file("main.swift"), encoding: .utf8) == "let answer = 42\n")
        let nowhere = try await cloud.run(["--plan", folder.file("no/such/plan").path, Sample.id(1)])
        #expect(nowhere.status == 65)
        #expect(nowhere.errors.contains("cannot be written"))
    }

    @Test("Does not replace a device or a pipe with a plan", .timeLimit(.minutes(10)))
    func pipe() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = folder.file("pipe").path
        #expect(mkfifo(path, 0o600) == 0)
        let run = try await cloud.run(["--plan", path, Sample.id(1)])
        #expect(run.status == 64)
        #expect(run.errors.contains("\(path) is there and no plan: it is no regular file. Name another file."))
        var info = stat()
        #expect(stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFIFO)
    }

    @Test("Checks the safeguards of the plan's rules again when it is applied")
    func safeguardsOfThePlan() async throws {
        var images = Self.images
        images[1].visibility = "shared"
        let cloud = try LoopbackCloud(images: images)
        let folder = try TemporaryFolder()
        let path = folder.file("plan.json").path
        let arguments = ["--match", "nightly-[123]", "--unless-in-use", "--unless-shared", "--plan", path]
        #expect(try await cloud.run(arguments).status == 0)
        images[0].usedBy = "web-1"
        images[1].members = ["9b1c6a0f5d7e4c83a2f1b0c9d8e7f6a5"]
        for image in images { await cloud.cloud.put(image) }
        let run = try await cloud.run(["--json", "--apply", path])
        #expect(try run.report().images.map(\.reason) == ["inUse", "shared", nil])
        #expect(await cloud.remaining() == Set([1, 2, 4, 5].map(Sample.id)))
    }

    @Test("Looks for references again after the confirmation and with --apply", arguments: [true, false])
    func referencesOfThePlan(asks: Bool) async throws {
        let cloud = DemoCloud(images: Self.images)
        let transport = FaultyTransport(cloud)
        let referenced = Locked<Set<String>>([])
        let policy = #"{"rules":{"nightlies":{"match":"nightly-[12]","unlessReferenced":true}}}"#
        let files = Locked(["policy": Data(policy.utf8)])
        if !asks {
            let plan = ["--policy", "policy", "--plan", "plan"]
            _ = await CommandRun(json: plan, on: transport, of: cloud, files: files, referenced: referenced)
            referenced.withLock { $0 = [Sample.id(1)] }
        }
        let apply = ["--apply", "plan"]
        if !asks {
            let refused = await CommandRun(json: apply, on: transport, of: cloud, files: files, referenced: referenced)
            #expect(refused.status == .usage)
            #expect(refused.errors.contains("Add --unless-referenced to search the package again"))
        }
        let run = await CommandRun(
            json: asks ? ["--policy", "policy"] : apply + ["--unless-referenced"],
            on: transport,
            of: cloud,
            files: files,
            referenced: referenced,
            answer: .yes
        ) {
            referenced.withLock { $0 = [Sample.id(1)] }
        }
        #expect(try run.fates == [Sample.id(1): "kept referenced", Sample.id(2): "deleted"])
    }

    @Test("Saves an empty list as a plan that deletes nothing")
    func emptyList() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = folder.file("plan.json").path
        #expect(try await cloud.run(["--from", "-", "--plan", path], input: "# none\n").status == 0)
        let run = try await cloud.run(["--json", "--apply", path])
        #expect(run.status == 0)
        #expect(try run.report().summary["selected"] == 0)
    }

    @Test("Deletes nothing when one of the newest images cannot be looked up", arguments: [403, 500])
    func sparedIsUnseen(status: Int) async throws {
        let isBlind = Locked(false)
        let cloud = try LoopbackCloud(images: Self.images) { request, _ in
            isBlind.value && request.path.hasSuffix(Sample.id(5)) ? .answer(status) : nil
        }
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        isBlind.withLock { $0 = true }
        let run = try await cloud.run(["--retries", "0", "--apply", path])
        #expect(run.status == (status == 403 ? 77 : 69))
        #expect(
            run.errors.contains("image \(Sample.id(5)), kept by the plan as one of the newest, cannot be looked up.")
        )
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Ignores whether a failed upload among the newest still exists")
    func unusable() async throws {
        var images = Self.images
        images[4].status = "killed"
        let cloud = try LoopbackCloud(images: images)
        let folder = try TemporaryFolder()
        let path = folder.file("plan.json").path
        let look = try await cloud.run(["--match", "nightly-*", "--keep-last", "2", "--plan", path])
        #expect(look.lines.last == "5 images: would delete 2 (4.0 GiB), 3 kept.")
        await cloud.cloud.remove(Sample.id(5))
        #expect(try await cloud.run(["--dry-run", "--apply", path]).status == 0)
        // One of those that count cannot be used any more.
        images[3].status = "deactivated"
        await cloud.cloud.put(images[3])
        let run = try await cloud.run(["--apply", path])
        #expect(run.status == 65)
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Looks up many images in one list")
    func many() async throws {
        let images: [DemoImage] = (1...60).map { .old($0, "nightly-\($0)", day: $0) }
        let cloud = try LoopbackCloud(images: images)
        let folder = try TemporaryFolder()
        let path = folder.file("plan.json").path
        _ = try await cloud.run(["--match", "nightly-*", "--keep-last", "58", "--plan", path])
        await cloud.cloud.remove(Sample.id(1))
        let before = cloud.requests.count
        let run = try await cloud.run(["--json", "--ignore-missing", "--max-deletions", "1", "--apply", path])
        let outcomes = try run.report().images.map(\.outcome)
        #expect(outcomes == ["missing", "deleted"] + Array(repeating: "kept", count: 58))
        #expect(run.status == 0)
        let asked = cloud.requestLines.dropFirst(before).map { $0.prefix { $0 != "?" } }
        #expect(
            asked == [
                "POST /identity/v3/auth/tokens", "GET /image/v2/images", "GET /image/v2/images",
                "GET /image/v2/images/\(Sample.id(1))",
                "DELETE /image/v2/images/\(Sample.id(2))",
            ]
        )
    }

    @Test("Rejects a plan as out of date when one of the newest images is gone")
    func sparedIsGone() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        await cloud.cloud.remove(Sample.id(5))
        let run = try await cloud.run(["--apply", path])
        #expect(run.status == 65)
        #expect(
            run.errors.contains("image \(Sample.id(5)), kept by the plan as one of the newest, is gone or inactive")
        )
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Rejects a plan as out of date when a rule no longer covers one of the newest images", arguments: promotions)
    func sparedHasChanged(field: String, change: @escaping @Sendable (inout DemoImage) -> Void) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        var image = Self.images[4]
        change(&image)
        await cloud.cloud.put(image)
        let run = try await cloud.run(["--apply", path])
        #expect(run.status == 65)
        #expect(
            run.errors.contains(
                "image \(Sample.id(5)), kept by the plan as one of the newest, has changed (\(field)"
            )
        )
        #expect(run.errors.hasSuffix("so the plan is out of date. Create a new one. Nothing was deleted.\n"))
        #expect(cloud.count("DELETE") == 0)
    }

    static let promotions: [(field: String, change: @Sendable (inout DemoImage) -> Void)] = [
        ("name", { $0.name = "release-5" }), ("tags", { $0.tags = ["release"] }),
        ("visibility", { $0.visibility = "community" }), ("createdAt", { $0.createdAt -= 86_400 }),
        ("owner", { ($0.owner, $0.members) = ("another", [DemoImage.projectID]) }),
    ]

    @Test("Accepts a plan when one of the newest images was only protected or described")
    func sparedIsStillCovered() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        var image = Self.images[4]
        (image.isProtected, image.updatedAt) = (true, image.updatedAt + 1)
        await cloud.cloud.put(image)
        #expect(try await cloud.run(["--apply", path]).status == 0)
        #expect(await cloud.remaining() == Set([4, 5].map(Sample.id)))
    }

    @Test("Reports where the plan is and how to continue")
    func saved() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = folder.file("plan.json").path
        let run = try await cloud.run(["--plan", path, Sample.id(1)])
        #expect(run.lines.first?.hasPrefix("A plan, nothing is deleted: 1 image of project ci at ") == true)
        #expect(run.lines.contains("The plan is in \(path); --apply carries it out."))
        #expect(try await cloud.run(["-q", "--plan", path, Sample.id(1)]).output == "")
    }

    @Test("Checks further safeguards when a plan is applied")
    func safeguards() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let path = try await plan(cloud, in: folder)
        var image = Self.images[0]
        image.usedBy = "web-1"
        await cloud.cloud.put(image)
        let run = try await cloud.run(["--json", "--apply", path, "--unless-in-use"])
        #expect(try run.report().images.map(\.reason) == ["inUse", nil, nil, "keepLast", "keepLast"])
    }
}
