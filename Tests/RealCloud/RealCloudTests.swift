import Foundation
import TestSupport
import Testing

/// The built executable and the plugin against a real Keystone and a real Glance.
///
/// One after the other, because some count what the servers' logs say.
@Suite("Real cloud", .serialized, .enabled(if: RealCloud.isThere, Comment(rawValue: RealCloud.reason)))
struct RealCloudTests {
    let folder: TemporaryFolder
    let cloud: RealCloud

    init() async throws {
        folder = try TemporaryFolder()
        cloud = try await RealCloud()
    }

    func run(_ arguments: [String], _ changes: [String: String] = [:]) async throws -> Executable.Finished {
        try await Executable.deleteImage.run(
            ["--work-directory", folder.url.path, "--json"] + arguments,
            environment: RealCloud.environment().merging(changes) { $1 }
        )
    }

    /// The images' outcomes, or the kind of error where there are none.
    func outcomes(_ run: Executable.Finished) throws -> [String] {
        let report = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        return (report["images"] as? [[String: Any]] ?? []).map { image in
            [image["outcome"], image["reason"]].compactMap { $0 as? String }.joined(separator: " ")
        }
    }

    /// What the command sends while `body` runs.
    func requests(during body: () async throws -> Void) async throws -> [String] {
        let earlier = try RealCloud.requestsOfTheCommand()
        try await body()
        return zip(try RealCloud.requestsOfTheCommand(), earlier).flatMap { $0.dropFirst($1.count) }
    }

    @Test("Sends two requests without a cached token and one with it")
    func deleting() async throws {
        let (first, second) = (try await cloud.makeImage(), try await cloud.makeImage())
        let cold = try await requests {
            let run = try await run([first])
            #expect(run.status == 0)
            #expect(try outcomes(run) == ["deleted"])
        }
        #expect(cold == ["POST /v3/auth/tokens 201", "DELETE /v2/images/\(first) 204"])
        let warm = try await requests {
            let run = try await run([second])
            #expect(run.status == 0)
        }
        #expect(warm == ["DELETE /v2/images/\(second) 204"])
        #expect(try await cloud.has(first) == false)
        #expect(try await cloud.has(second) == false)
    }

    @Test("Reports a missing image")
    func missing() async throws {
        let id = try await cloud.makeImage()
        #expect(try await run([id]).status == 0)
        let again = try await run([id])
        #expect(again.status == 1)
        #expect(try outcomes(again) == ["missing"])
        #expect(try await run(["--ignore-missing", id]).status == 0)
    }

    @Test("Distinguishes images whose IDs differ only in case")
    func letterCase() async throws {
        let digits = String(UUID().uuidString.lowercased().dropLast())
        let (upper, lower) = (digits.uppercased() + "A", digits + "a")
        _ = try await cloud.makeImage(["id": upper, "name": "case-build"])
        _ = try await cloud.makeImage(["id": lower, "name": "case-precious"])
        let run = try await run(["--yes", "--match", "case-build"])
        #expect(try outcomes(run) == ["deleted"])
        #expect(try await cloud.has(upper) == false)
        #expect(try await cloud.has(lower))
        let again = try await self.run([upper])
        #expect(again.status == 1)
        #expect(try outcomes(again) == ["missing"])
        #expect(try outcomes(await self.run([lower])) == ["deleted"])
    }

    @Test("Keeps and reports a protected image")
    func protected() async throws {
        let id = try await cloud.makeImage(["protected": true])
        for arguments in [[id], ["--dry-run", id]] {
            let run = try await run(arguments)
            #expect(run.status == 1)
            #expect(try outcomes(run) == ["kept protected"])
        }
        #expect(try await cloud.has(id))
    }

    @Test("Shows in a dry run that the project's own community image is deleted by its ID")
    func community() async throws {
        let id = try await cloud.makeImage(["visibility": "community"])
        let look = try await run(["--dry-run", id])
        #expect(try outcomes(look) == ["wouldDelete"])
        #expect(look.output.contains("It is a community image."))
        #expect(try outcomes(await run([id])) == ["deleted"])
        #expect(try await cloud.has(id) == false)
    }

    @Test("Deletes no public image and none of another project")
    func foreign() async throws {
        let admin = try await RealCloud("admin", project: "admin")
        let other = try await RealCloud("other", project: "other")
        let published = try await admin.makeImage(["visibility": "public"])
        let shared = try await other.makeImage(["visibility": "shared"])
        try await other.share(shared, with: try await cloud.projectID())
        let hidden = try await other.makeImage()
        let run = try await run([published, shared, hidden])
        #expect(run.status == 1)
        #expect(try outcomes(run) == ["failed", "failed", "missing"])
        let look = try await self.run(["--dry-run", published, shared, hidden])
        #expect(look.status == 1)
        #expect(try outcomes(look) == ["wouldDelete", "wouldDelete", "missing"])
        #expect(look.errors.contains("2 images to be deleted are public, community, or another project's."))
        #expect(try await admin.has(published))
        #expect(try await other.has(shared))
        #expect(try await other.has(hidden))
    }

    @Test("Deletes the project's own community image by ID, as its dry run shows")
    func ownCommunity() async throws {
        for options in [[], ["--unless-shared"], ["--unprotect"]] {
            let id = try await cloud.makeImage(["visibility": "community"])
            let look = try await run(options + ["--dry-run", id])
            #expect(look.status == 0)
            #expect(try outcomes(look) == ["wouldDelete"])
            #expect(look.errors.contains("1 image to be deleted is public, community, or another project's."))
            let run = try await run(options + [id])
            #expect(try outcomes(run) == ["deleted"])
            #expect(try await cloud.has(id) == false)
        }
    }

    @Test("Reports a missing permission when the role can only read")
    func reader() async throws {
        let id = try await cloud.makeImage()
        let run = try await run([id], RealCloud.environment("reader"))
        #expect(run.status == 77)
        #expect(try outcomes(run) == ["failed"])
        #expect(try await cloud.has(id))
    }

    @Test("Sends a wrong password once and deletes nothing")
    func wrongPassword() async throws {
        let id = try await cloud.makeImage()
        let sent = try await requests {
            let run = try await run([id], ["OS_PASSWORD": "wrong"])
            #expect(run.status == 77)
            #expect(try outcomes(run) == ["pending"])
        }
        #expect(sent == ["POST /v3/auth/tokens 401"])
        #expect(try await cloud.has(id))
    }

    @Test("Replaces a revoked cached token once")
    func revoked() async throws {
        let id = try await cloud.makeImage()
        // Glance takes a revoked token for minutes if it has seen it, so this one comes into the cache unseen.
        let port = try LoopbackServer.closedPort()
        let elsewhere = ["OS_IMAGE_ENDPOINT_OVERRIDE": "http://127.0.0.1:\(port)"]
        #expect(try await run(["--retries", "0", id], elsewhere).status == 69)
        try await RealCloud.revoke(try cachedToken())
        let sent = try await requests {
            let run = try await run([id])
            #expect(try outcomes(run) == ["deleted"])
        }
        #expect(
            sent.sorted() == [
                "DELETE /v2/images/\(id) 204", "DELETE /v2/images/\(id) 401", "POST /v3/auth/tokens 201",
            ]
        )
        #expect(try await cloud.has(id) == false)
    }

    func cachedToken() throws -> String {
        let cache = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.file("token-cache.json")))
        let entries = (cache as? [String: Any])?["entries"] as? [[String: Any]]
        return try #require((entries?.first?["token"] as? [String: Any])?["secret"] as? String)
    }

    @Test("Uses a short-lived token only in its own run")
    func brief() async throws {
        let (first, second) = (try await cloud.makeImage(), try await cloud.makeImage())
        let sent = try await requests {
            for id in [first, second] {
                let run = try await run([id], RealCloud.environment(brief: true))
                #expect(run.status == 0)
                #expect(try outcomes(run) == ["deleted"])
            }
        }
        #expect(sent.count { $0.hasPrefix("POST") } == 2)
    }

    @Test("Deletes an image without data")
    func fresh() async throws {
        let id = try await cloud.makeImage(data: nil)
        let run = try await run(["--wait", id])
        #expect(try outcomes(run) == ["deleted"])
        #expect(try await cloud.has(id) == false)
    }

    @Test("Requests one token for 30 concurrent processes")
    func processes() async throws {
        var ids: [String] = []
        for _ in 0..<30 { ids.append(try await cloud.makeImage(data: nil)) }
        let sent = try await requests {
            let runs = try await withThrowingTaskGroup { group in
                for id in ids { group.addTask { try await run([id]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(runs.allSatisfy { $0.status == 0 })
        }
        #expect(sent.count { $0 == "POST /v3/auth/tokens 201" } == 1)
        #expect(sent.count == 31)
        for id in ids { #expect(try await cloud.has(id) == false) }
    }

    @Test("Revokes the token with --forget-token")
    func forget() async throws {
        let id = try await cloud.makeImage()
        #expect(try await run([id]).status == 0)
        let token = try cachedToken()
        #expect(try await run(["--forget-token"]).status == 0)
        await #expect(throws: RealCloud.Unexpected.self) { try await RealCloud.revoke(token) }
    }

    @Test("Sends two requests from the plugin without a cached token and one with it")
    func plugin() async throws {
        let consumer = try ConsumerPackage()
        let (first, second) = (try await cloud.makeImage(), try await cloud.makeImage())
        let cold = try await requests {
            let run = try await consumer.deleteImage([first], environment: RealCloud.environment())
            #expect(run.status == 0)
            #expect(run.output.contains("  deleted  \(first)\n1 image: 1 deleted."))
        }
        #expect(cold == ["POST /v3/auth/tokens 201", "DELETE /v2/images/\(first) 204"])
        let warm = try await requests {
            let run = try await consumer.deleteImage([second], environment: RealCloud.environment())
            #expect(run.status == 0)
        }
        #expect(warm == ["DELETE /v2/images/\(second) 204"])
        #expect(try await cloud.has(first) == false)
        #expect(try await cloud.has(second) == false)
    }
}
