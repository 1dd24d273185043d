import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Deleting by ID", .serialized)
struct DeletingTests {
    @Test("Reports an image as missing after a 404 that breaks off in its body")
    func brokenRefusal() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1)) { request, earlier in
            guard request.method == "DELETE", earlier == 0 else { return nil }
            return .halfClosed(Data("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nabc".utf8))
        }
        let run = try await cloud.run(["--json", "--no-token-cache", "--retries", "1", Sample.id(2)])
        #expect(cloud.count("DELETE") == 2)
        #expect(try run.report().images.map(\.outcome) == ["missing"])
    }

    @Test("Cold: two requests. Warm: one")
    func requests() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(3))
        let folder = try TemporaryFolder()
        let cold = try await cloud.run([Sample.id(1)], in: folder)
        #expect(cold.status == 0)
        #expect(
            cloud.requestLines == ["POST /identity/v3/auth/tokens", "DELETE /image/v2/images/\(Sample.id(1))"]
        )
        let warm = try await cloud.run([Sample.id(2)], in: folder)
        #expect(warm.status == 0)
        #expect(cloud.requestLines.dropFirst(2) == ["DELETE /image/v2/images/\(Sample.id(2))"])
        #expect(await cloud.remaining() == [Sample.id(3)])
    }

    @Test("Prints the report as text")
    func transcript() async throws {
        let images = Sample.images(1) + [DemoImage(id: Sample.id(2), name: "release", isProtected: true)]
        let cloud = try LoopbackCloud(images: images)
        let run = try await cloud.run(["--concurrency", "1", Sample.id(1), Sample.id(2), Sample.id(3)])
        #expect(
            run.output == """
                Deleting 3 images of project ci at \(cloud.cloud.imageURL.absoluteString)/v2
                  deleted  \(Sample.id(1))
                  kept     \(Sample.id(2))  It is protected; --unprotect, or unprotect in its rule, deletes it all the same.
                  missing  \(Sample.id(3))  It is not there: deleted already, or another project's.
                3 images: 1 deleted, 1 kept, 1 missing.

                """
        )
        #expect(run.errors == "")
        #expect(run.status == 1)
    }

    @Test("Prints the JSON report in the order of the arguments")
    func document() async throws {
        let images = Sample.images(2) + [DemoImage(id: Sample.id(4), name: "release", isProtected: true)]
        let cloud = try LoopbackCloud(images: images)
        let run = try await cloud.run(["--json", Sample.id(4), Sample.id(2), Sample.id(3), Sample.id(1)])
        let report = try run.report()
        #expect(report.schema == "delete-image/1")
        #expect(report.dryRun == false)
        #expect(report.images.map(\.id) == [4, 2, 3, 1].map(Sample.id))
        #expect(report.images.map(\.outcome) == ["kept", "deleted", "missing", "deleted"])
        #expect(report.images.map(\.reason) == ["protected", nil, nil, nil])
        #expect(report.images.map(\.status) == [403, 204, 404, 204])
        #expect(report.images.allSatisfy { $0.requestID?.hasPrefix("req-") ?? false })
        #expect(report.images.allSatisfy { $0.attempts == 1 })
        #expect(
            report.summary == [
                "selected": 4, "deleted": 2, "wouldDelete": 0, "marked": 0, "wouldMark": 0, "unmarked": 0,
                "wouldUnmark": 0, "kept": 1, "missing": 1, "failed": 0, "pending": 0,
            ]
        )
        #expect(report.error == nil)
        #expect(run.status == 1)
        #expect(run.output.split(separator: "\n").count == 1)
    }

    @Test("Deletes an image once when its ID is given twice")
    func duplicates() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let run = try await cloud.run(["--json", Sample.id(1), Sample.id(1)])
        #expect(try run.report().images.map(\.outcome) == ["deleted"])
        #expect(cloud.count("DELETE") == 1)
        #expect(run.status == 0)
    }

    @Test(
        "Deletes the exact image when two IDs differ only in case",
        arguments: [["--yes", "--match", "build-*"], ["--yes", "build-a"], [Sample.id(1).uppercased()]]
    )
    func letterCase(arguments: [String]) async throws {
        let (upper, lower) = (Sample.id(1).uppercased(), Sample.id(1))
        let cloud = try LoopbackCloud(
            images: [DemoImage(id: upper, name: "build-a"), DemoImage(id: lower, name: "precious")]
        )
        let run = try await cloud.run(["--json"] + arguments)
        #expect(run.status == 0)
        #expect(try run.report().images.map(\.id) == [upper])
        #expect(await cloud.remaining() == [lower])
        let again = try await cloud.run([upper])
        #expect(again.output.contains("another project's. IDs are case-sensitive.\n"))
        let planned = try await cloud.run(["--json", "--dry-run", upper, lower])
        #expect(try planned.report().images.map(\.outcome) == ["missing", "wouldDelete"])
    }

    @Test("Reads IDs from a file and from standard input")
    func lists() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(4))
        let folder = try TemporaryFolder()
        let list = "\u{FEFF}# old ones\r\n\r\n\(Sample.id(1))\r\n#\(Sample.id(4))\n  \n\(Sample.id(2))"
        try Data(list.utf8).write(to: folder.file("list"))
        let run = try await cloud.run(
            ["--json", "--from", folder.file("list").path, "--from=-"],
            input: Sample.id(3) + "\n"
        )
        #expect(try run.report().images.map(\.id) == [1, 2, 3].map(Sample.id))
        #expect(run.status == 0)
        #expect(await cloud.remaining() == [Sample.id(4)])
    }

    @Test("Looks up each image and changes nothing in a dry run")
    func dryRun() async throws {
        let images =
            Sample.images(1) + [
                DemoImage(id: Sample.id(2), name: "release", isProtected: true),
                DemoImage(id: Sample.id(3), name: "debian", owner: "provider", visibility: "public"),
                DemoImage(
                    id: Sample.id(4),
                    name: "lent",
                    owner: "other",
                    visibility: "shared",
                    members: [DemoImage.projectID]
                ),
                DemoImage(id: Sample.id(5), name: "ours", visibility: "community"),
            ]
        let cloud = try LoopbackCloud(images: images)
        let run = try await cloud.run(["--dry-run", "--json"] + (1...6).map(Sample.id))
        let report = try run.report()
        #expect(report.dryRun)
        let outcomes = ["wouldDelete", "kept", "wouldDelete", "wouldDelete", "wouldDelete", "missing"]
        #expect(report.images.map(\.outcome) == outcomes)
        #expect(report.images.map(\.reason) == [nil, "protected", nil, nil, nil, nil])
        #expect(report.images.map(\.name) == ["nightly-1", "release", "debian", "lent", "ours", nil])
        #expect(
            report.images[2...4].map(\.detail)
                == ["It is a public image.", "It belongs to another project (other).", "It is a community image."]
        )
        #expect(
            run.errors == "warning: 3 images to be deleted are public, community, or another project's. "
                + "The service decides whether this account may delete them.\n"
        )
        #expect(run.status == 1)
        #expect(cloud.count("DELETE") == 0)
        #expect(await cloud.remaining().count == 5)
    }

    @Test("Succeeds for a missing image with --ignore-missing")
    func ignoreMissing() async throws {
        let cloud = try LoopbackCloud()
        #expect(try await cloud.run([Sample.id(1)]).status == 1)
        #expect(try await cloud.run(["--ignore-missing", Sample.id(1)]).status == 0)
    }

    @Test("Sends a body only with --delete-backup")
    func deleteBackup() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        _ = try await cloud.run([Sample.id(1)])
        _ = try await cloud.run(["--delete-backup", Sample.id(2)])
        let deletions = cloud.requests.filter { $0.method == "DELETE" }
        #expect(deletions.map { String(decoding: $0.body, as: UTF8.self) } == ["", #"{"delete_backup":true}"#])
        #expect(deletions.map { $0.headers["content-type"] } == [nil, "application/json"])
        #expect(deletions.allSatisfy { $0.headers["accept"] == "application/json" })
        #expect(deletions.allSatisfy { $0.headers["user-agent"]?.hasPrefix("delete-image/") ?? false })
    }

    @Test("Polls until the image is gone with --wait")
    func wait() async throws {
        let image = Sample.id(1)
        let cloud = try LoopbackCloud(images: Sample.images(1)) { request, earlier in
            guard request.method == "GET", earlier < 2 else { return nil }
            return .answer(200, body: Data(#"{"id":"\#(image)","status":"active"}"#.utf8))
        }
        let run = try await cloud.run(["--wait", image])
        #expect(run.status == 0)
        #expect(cloud.requests.map(\.method) == ["POST", "DELETE", "GET", "GET", "GET"])
    }

    @Test("Deletes nothing when more than --max-deletions are selected")
    func maxDeletions() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(3))
        let run = try await cloud.run(["--max-deletions", "2"] + (1...3).map(Sample.id))
        #expect(run.status == 64)
        #expect(cloud.requests.map(\.method) == ["POST"])
        let look = try await cloud.run(["--dry-run", "--max-deletions", "2"] + (1...3).map(Sample.id))
        #expect(look.errors == "warning: 3 images would be deleted, more than --max-deletions 2.\n")
        #expect(try await cloud.run(["--max-deletions", "3"] + (1...3).map(Sample.id)).status == 0)
    }

    @Test("Sends 1,001 requests for 1,000 images")
    func many() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1000))
        let run = try await cloud.run(
            ["--json", "--max-deletions", "1000", "--from", "-"],
            input: (1...1000).map(Sample.id).joined(separator: "\n")
        )
        #expect(run.status == 0)
        #expect(try run.report().summary["deleted"] == 1000)
        #expect(cloud.requests.count == 1001)
    }
}
