import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Many processes that are started at the same time, with one cache.
@Suite("Many processes, one cache", .serialized, .timeLimit(.minutes(10)))
struct ProcessTests {
    private static let count = Sampling.count(50, sample: 15)
    /// The other way to name the same project: another identity for the cache.
    private static let byID: [String: String?] = ["OS_PROJECT_NAME": nil, "OS_PROJECT_ID": DemoImage.projectID]

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs a process for each of the images; every second one with `changes`.
    private func runAll(
        _ cloud: LoopbackCloud,
        _ changes: [String: String?] = [:],
        others: [String: String?]? = nil
    ) async throws -> [Executable.Finished] {
        try await withThrowingTaskGroup { group in
            for number in 1...Self.count {
                let changes = number.isMultiple(of: 2) ? others ?? changes : changes
                group.addTask { try await cloud.run([Sample.id(number)], in: folder, changes) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// What went wrong, of those for which something did. On a busy machine, some wait for two seconds and report it.
    private func complaints(of runs: [Executable.Finished]) -> [String] {
        let cache = folder.file("token-cache.json").path
        let wait = "warning: waiting for another process that uses the token cache \(cache).\n"
        return runs.filter { $0.status != 0 || $0.errors.replacing(wait, with: "") != "" }
            .map { "\($0.status): \($0.errors)\($0.output)" }
    }

    private func expectOnlyTheCache() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(Set(names) == ["token-cache.json", "token-cache.json.lock"])
    }

    @Test("Requests one token for all processes when the cache is empty")
    func cold() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(Self.count))
        let runs = try await runAll(cloud)
        #expect(complaints(of: runs) == [])
        #expect(cloud.count("POST") == 1)
        #expect(await cloud.remaining().isEmpty)
        try expectOnlyTheCache()
    }

    @Test("Caches a token for each of two identities")
    func identities() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(Self.count + 2))
        let runs = try await runAll(cloud, others: Self.byID)
        #expect(complaints(of: runs) == [])
        #expect(cloud.count("POST") == 2)
        #expect(cloud.count("DELETE") == Self.count)
        let afterwards: [[String: String?]] = [[:], Self.byID]
        for (number, changes) in afterwards.enumerated() {
            let run = try await cloud.run([Sample.id(Self.count + 1 + number)], in: folder, changes)
            #expect(run.status == 0)
        }
        #expect(cloud.count("POST") == 2)
        #expect(await cloud.remaining().isEmpty)
        try expectOnlyTheCache()
    }

    @Test("Requests one new token for all processes after a revocation")
    func revoked() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(Self.count + 1))
        _ = try await cloud.run([Sample.id(Self.count + 1)], in: folder)
        await cloud.cloud.revokeAllTokens()
        let runs = try await runAll(cloud)
        #expect(complaints(of: runs) == [])
        #expect(cloud.count("POST") == 2)
        #expect(await cloud.remaining().isEmpty)
        try expectOnlyTheCache()
    }

    @Test("Sends a wrong password too rarely to lock an account")
    func wrongPassword() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(Self.count))
        let runs = try await runAll(cloud, ["OS_PASSWORD": "wrong"])
        #expect(runs.allSatisfy { $0.status == 77 })
        // One is the rule; on a machine that takes ten seconds to start them all, it is one in five seconds.
        #expect(cloud.count("POST") < 5)
        #expect(cloud.count("DELETE") == 0)
    }
}
