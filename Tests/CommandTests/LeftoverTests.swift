import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Secrets outside the place that is meant for them.
@Suite("Leftovers", .serialized, .timeLimit(.minutes(10)))
struct LeftoverTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What is not the draft of a writer that is gone.
    private static let others = [
        "token-cache.json.bak", "token-cache.json.1-2-3", "token-cache.json.1-", "token-cache.json.-1",
        "token-cache.json.1a-2", "token-cache.json1-2", "other.json.1-2", "token-cache.json.٣-٣",
    ]

    @Test("Removes only the drafts of killed writers on the next write and with --forget-token")
    func drafts() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let precious = folder.file("precious")
        // The number of a process that lives: this one's. What counts is who writes.
        let (killed, written) = ("token-cache.json.\(getpid())-7", "token-cache.json.1-8")
        for name in Self.others + ["precious", written] { try folder.write("precious", to: name) }
        try FileManager.default.createDirectory(
            at: folder.file("token-cache.json.2-1"),
            withIntermediateDirectories: true
        )
        try FileManager.default.createSymbolicLink(
            at: folder.file("token-cache.json.2-2"),
            withDestinationURL: precious
        )
        #expect(mkfifo(folder.file("token-cache.json.2-3").path, 0o600) == 0)
        let writing = open(folder.file(written).path, O_WRONLY)
        #expect(flock(writing, LOCK_EX) == 0)
        let kept = try folder.names().union(["token-cache.json.lock"])

        try folder.write("a token", to: killed)
        #expect(try await cloud.run([Sample.id(1)], in: folder).errors == "")
        #expect(try folder.names() == kept.union(["token-cache.json"]))

        for isCached in [true, false] {
            try folder.write("a token", to: killed)
            let run = try await cloud.run(["--forget-token"], in: folder)
            #expect(run.output.contains(isCached ? "is revoked" : "There was no token"))
            #expect(try folder.names() == kept)
        }
        #expect(close(writing) == 0)
        #expect(try folder.text("precious") == "precious")
        _ = try await cloud.run(["--forget-token"], in: folder)
        #expect(try folder.names() == kept.subtracting([written]))
    }

    @Test("Keeps another user's draft", .enabled(if: Confinement.isRoot, "only root can give files away"))
    func othersDraft() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        try folder.write("theirs", to: "token-cache.json.1-2")
        try folder.give("token-cache.json.1-2")
        _ = try await cloud.run([Sample.id(1)], in: folder)
        #expect(try folder.text("token-cache.json.1-2") == "theirs")
    }

    @Test("Stores the token only in the cache and the password nowhere")
    func secrets() async throws {
        let cloud = try LoopbackCloud(images: (1...9).map { .old($0, "nightly-\($0)") }) { request, earlier in
            request.method == "DELETE" && earlier == 1 ? .answer(500) : nil
        }
        for name in ["home", "tmp", "work"] {
            try FileManager.default.createDirectory(at: folder.file(name), withIntermediateDirectories: true)
        }
        let places = ["HOME": "home", "TMPDIR": "tmp", "DELETE_IMAGE_WORK_DIRECTORY": "work"]
            .mapValues { folder.file($0).path }
        let (plan, receipt) = (folder.file("plan.json").path, folder.file("receipt.jsonl").path)
        var outputs = ""
        for arguments in [
            ["--match", "nightly-*", "--plan", plan, "-v"], ["--apply", plan, "--receipt", receipt, "-v"],
            ["--json", "-v", "--retries", "0", "--receipt", receipt, Sample.id(8), "nope"],
            ["--json", "--yes", "nightly-9", "-v"],
        ] {
            let run = try await Executable.deleteImage.run(
                arguments,
                environment: cloud.environment.merging(places) { $1 },
                currentDirectory: folder.url
            )
            outputs += run.output + run.errors
        }
        try folder.write(outputs, to: "outputs")
        #expect(outputs.contains("DELETE \(cloud.cloud.imageURL.absoluteString)/v2/images/"))

        let token = try #require(cloud.requests.last?.headers["x-auth-token"])
        let password = try #require(cloud.environment["OS_PASSWORD"])
        // Any part of the token that is long enough to be looked for.
        let part = String(token.dropFirst(100).prefix(40))
        let files = try #require(FileManager.default.enumerator(atPath: folder.url.path)?.allObjects as? [String])
        func names(of secret: String) -> [String] {
            files.filter { (try? Data(contentsOf: folder.file($0)))?.range(of: Data(secret.utf8)) != nil }
        }
        #expect(names(of: part) == ["work/token-cache.json"])
        #expect(names(of: password) == [])
        #expect(Set(files).isSuperset(of: ["plan.json", "receipt.jsonl", "outputs"]))
    }

    @Test("Creates nothing in the home folder")
    func homeFolder() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let home = try TemporaryFolder()
        let run = try await cloud.run([Sample.id(1)], in: folder, ["HOME": home.url.path, "XDG_CACHE_HOME": nil])
        #expect(run.status == 0)
        #expect(try home.names() == [])
    }

    @Test("Writes no core file, whatever the limit is", .enabled(if: Executable.canLimit, "needs prlimit"))
    func coreFile() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let (gate, opened) = AsyncStream<Void>.makeStream()
        let cloud = try LoopbackCloud(images: Sample.images(1)) { _, _ in
            arrived.yield()
            for await _ in gate {}
            return nil
        }
        let running = try Executable.deleteImage.limited("--core=unlimited")
            .start(["--no-token-cache", Sample.id(1)], environment: cloud.environment)
        for await _ in arrivals { break }
        let limits = try String(contentsOfFile: "/proc/\(running.processIdentifier)/limits", encoding: .utf8)
        let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        #expect(core.split(separator: " ").suffix(3) == ["0", "0", "bytes"])
        opened.finish()
        #expect(await running.finished().status == 0)
    }
}
