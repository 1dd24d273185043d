import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Token cache of the command", .serialized)
struct TokenCacheFileTests {
    @Test("Requests one new token after a revocation, also for concurrent deletions")
    func revoked() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(10))
        let folder = try TemporaryFolder()
        _ = try await cloud.run([Sample.id(1)], in: folder)
        await cloud.cloud.revokeAllTokens()
        let run = try await cloud.run(["--json", "--concurrency", "8"] + (2...10).map(Sample.id), in: folder)
        #expect(try run.report().summary["deleted"] == 9)
        #expect(cloud.count("POST") == 2)
    }

    @Test("Warns and continues when the cache cannot be written")
    func unwritable() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let run = try await Executable.deleteImage.run(
            ["--work-directory", "/dev/null/x", Sample.id(1)],
            environment: cloud.environment
        )
        #expect(run.status == 0)
        #expect(run.errors.hasPrefix("warning: the token cache /dev/null/x/token-cache.json cannot be written: "))
    }

    @Test("Revokes and removes the token with --forget-token, alone and after deletions")
    func forget() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let folder = try TemporaryFolder()
        _ = try await cloud.run([Sample.id(1)], in: folder)
        let run = try await cloud.run(["--forget-token"], in: folder)
        #expect(run.status == 0)
        #expect(run.output == "The token is revoked and no longer cached.\n")
        #expect(cloud.requestLines.last == "DELETE /identity/v3/auth/tokens")
        #expect(!FileManager.default.fileExists(atPath: folder.file("token-cache.json").path))
        #expect(try await cloud.run(["--forget-token"], in: folder).output == "There was no token to forget.\n")

        let deleting = try await cloud.run(["--forget-token", "--json", Sample.id(2)], in: folder)
        #expect(try deleting.report().summary["deleted"] == 1)
        #expect(cloud.requests.suffix(3).map(\.method) == ["POST", "DELETE", "DELETE"])
        #expect(!FileManager.default.fileExists(atPath: folder.file("token-cache.json").path))
    }

    @Test("Revokes a token that other users could read with --forget-token, and reports it")
    func forgetExposed() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        let cache = folder.file("token-cache.json").path
        _ = try await cloud.run([Sample.id(1)], in: folder)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: cache)
        let run = try await cloud.run(["--forget-token"], in: folder)
        #expect(run.status == 0)
        #expect(run.output == "The token is revoked and no longer cached.\n")
        #expect(run.errors == "warning: the token cache \(cache) is not trusted: other users have access to it.\n")
        #expect(cloud.requestLines.last == "DELETE /identity/v3/auth/tokens")
        #expect(!FileManager.default.fileExists(atPath: cache))
    }

    @Test("Removes a token that cannot be revoked, and reports it")
    func cannotRevoke() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1)) { request, _ in
            request.method == "DELETE" && request.path.hasSuffix("/auth/tokens") ? .answer(500) : nil
        }
        let folder = try TemporaryFolder()
        let run = try await cloud.run(["--forget-token", "--retries", "0", Sample.id(1)], in: folder)
        #expect(run.status == 1)
        #expect(run.output.contains("1 image: 1 deleted."))
        #expect(run.errors.contains("could not be revoked"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("token-cache.json").path))
    }

    @Test("Uses OS_TOKEN without caching or revoking it")
    func foreignToken() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let folder = try TemporaryFolder()
        _ = try await cloud.run([Sample.id(1)])
        let token = try #require(cloud.requests.last?.headers["x-auth-token"])
        let variables = ["OS_TOKEN": token, "OS_PASSWORD": nil, "OS_USERNAME": nil]
        let run = try await cloud.run([Sample.id(2)], in: folder, variables)
        #expect(run.status == 0)
        #expect(cloud.requests.dropFirst(2).map(\.method) == ["GET", "DELETE"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
        #expect(try await cloud.run(["--forget-token"], in: folder, variables).status == 64)
    }

    @Test("Chooses the work directory: option, variable, package, user's cache")
    func workDirectory() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(9))
        let folder = try TemporaryFolder()
        let inside = folder.file("package/Sources/App")
        try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
        try Data().write(to: folder.file("package/Package.swift"))
        let variables = ["HOME": folder.file("home").path, "XDG_CACHE_HOME": folder.file("cache").path]
        func place(_ number: Int, _ arguments: [String], _ more: [String: String], at directory: URL) async throws
            -> [String]
        {
            let environment = cloud.environment.merging(variables) { $1 }.merging(more) { $1 }
            let run = try await Executable.deleteImage.run(
                arguments + [Sample.id(number)],
                environment: environment,
                currentDirectory: directory
            )
            #expect(run.status == 0)
            let files = FileManager.default.enumerator(atPath: folder.url.path)?.allObjects as? [String] ?? []
            defer {
                for file in files where file.contains("token-cache") {
                    try? FileManager.default.removeItem(at: folder.file(file))
                }
            }
            return files.filter { $0.hasSuffix("token-cache.json") }
        }
        let variable = ["DELETE_IMAGE_WORK_DIRECTORY": folder.file("variable").path]
        #expect(
            try await place(1, ["--work-directory", folder.file("option").path], variable, at: inside) == [
                "option/token-cache.json"
            ]
        )
        #expect(try await place(2, [], variable, at: inside) == ["variable/token-cache.json"])
        #expect(
            try await place(3, [], [:], at: inside) == ["package/.build/plugins/DeleteImage/outputs/token-cache.json"]
        )
        #if os(Linux)
            #expect(try await place(4, [], [:], at: folder.url) == ["cache/delete-image/token-cache.json"])
            #expect(
                try await place(5, [], ["XDG_CACHE_HOME": ""], at: folder.url) == [
                    "home/.cache/delete-image/token-cache.json"
                ]
            )
        #endif
    }
}
