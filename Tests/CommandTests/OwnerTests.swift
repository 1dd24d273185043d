import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Files and folders of other users, and ones that the user's own rights do not reach.
@Suite("Owners and modes", .serialized, .timeLimit(.minutes(10)))
struct OwnerTests {
    private let folder: TemporaryFolder
    private let cloud: LoopbackCloud

    init() throws {
        folder = try TemporaryFolder()
        cloud = try LoopbackCloud(images: Sample.images(9))
    }

    private static let asUser = ConditionTrait.enabled(
        if: Confinement.hasUser,
        "root, to whom modes mean nothing, and no setpriv(1) to be another user"
    )
    private static let asRoot = ConditionTrait.enabled(
        if: Confinement.isRoot && Confinement.hasUser,
        "only root can give files to another user"
    )

    private func change(_ file: String, to mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file(file).path)
    }

    /// What is told of a cache that is not used.
    private func notTrusted(_ why: String) -> String {
        "warning: the token cache \(folder.file("token-cache.json").path) is not trusted: \(why)."
    }

    @Test(
        "Replaces a token cache that other users had access to",
        arguments: [0o644, 0o660, 0o604, 0o606, 0o666]
    )
    func modes(mode: Int) async throws {
        _ = try await cloud.run([Sample.id(1)], in: folder)
        let old = try folder.text("token-cache.json")
        try change("token-cache.json", to: mode)
        let run = try await cloud.run([Sample.id(2)], in: folder)
        #expect(run.status == 0)
        #expect(run.errors.hasPrefix(notTrusted("other users have access to it")))
        #expect(cloud.count("POST") == 2)
        #expect(try folder.mode("token-cache.json") == 0o600)
        #expect(try folder.text("token-cache.json") != old)
    }

    @Test("Replaces another user's token cache, even as root", asRoot, arguments: [true, false])
    func othersCache(byRoot: Bool) async throws {
        try folder.write("theirs", to: "token-cache.json")
        try change("token-cache.json", to: 0o600)
        try folder.give(byRoot ? "token-cache.json" : ".")
        let run = try await cloud.run([Sample.id(2)], byRoot ? .none : .user, in: folder)
        #expect(run.status == 0)
        #expect(run.errors.hasPrefix(notTrusted(byRoot ? "it belongs to another user" : "Permission denied")))
        #expect(cloud.count("POST") == 1)
        var info = stat()
        #expect(stat(folder.file("token-cache.json").path, &info) == 0)
        #expect(info.st_uid == (byRoot ? 0 : Confinement.userID))
    }

    @Test("Continues without a cache when another user's cannot be replaced", asRoot)
    func sticky() async throws {
        try folder.write("theirs", to: "token-cache.json")
        try change(".", to: 0o1777)
        let run = try await cloud.run([Sample.id(1)], .user, in: folder)
        #expect(run.status == 0)
        #expect(run.errors.contains("cannot be written: Operation not permitted"))
        #expect(try folder.text("token-cache.json") == "theirs")
        #expect(try folder.names() == ["token-cache.json", "token-cache.json.lock"])
    }

    @Test("Uses the token cache in a read-only folder, and continues if there is none", asUser)
    func readOnlyCache() async throws {
        if Confinement.isRoot { try folder.give() }
        #expect(try await cloud.run([Sample.id(1)], .user, in: folder).errors == "")
        try change(".", to: 0o555)
        #expect(try await cloud.run([Sample.id(2)], .user, in: folder).errors == "")
        #expect(cloud.count("POST") == 1)
        await cloud.cloud.revokeAllTokens()
        let run = try await cloud.run([Sample.id(3)], .user, in: folder)
        #expect(run.status == 0)
        #expect(run.errors.contains("cannot be written: Permission denied"))
        #expect(try folder.names() == ["token-cache.json", "token-cache.json.lock"])
        try change(".", to: 0o755)
    }

    @Test("Deletes nothing when the receipt or plan cannot be created", asUser)
    func readOnly() async throws {
        if Confinement.isRoot { try folder.give() }
        try change(".", to: 0o555)
        let receipt = try await cloud.run(["--receipt", folder.file("receipt.jsonl").path, Sample.id(1)], .user)
        #expect(receipt.status == 65)
        #expect(receipt.errors.contains("Permission denied. Nothing was deleted."))
        let plan = try await cloud.run(["--match", "*", "--plan", folder.file("plan.json").path], .user)
        #expect(plan.status == 65)
        #expect(plan.errors.contains("cannot be written: Permission denied"))
        #expect(try folder.names() == [])
        #expect(cloud.count("DELETE") == 0)
        try change(".", to: 0o755)
    }

    @Test("Deletes nothing when the receipt is another user's and read-only", asRoot)
    func othersReceipt() async throws {
        let receipt = folder.file("receipt.jsonl").path
        _ = try await cloud.run(["--receipt", receipt, Sample.id(1)])
        let old = try folder.text("receipt.jsonl")
        let run = try await cloud.run(["--receipt", receipt, Sample.id(2)], .user)
        #expect(run.status == 65)
        #expect(try folder.text("receipt.jsonl") == old)
        #expect(cloud.count("DELETE") == 1)
    }
}
