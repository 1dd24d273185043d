import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// A disk, or the limit of a file's size, that ends before or in the middle of what is written.
@Suite("Full disk", .serialized, .timeLimit(.minutes(10)))
struct FullDiskTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let limited = ConditionTrait.enabled(if: Confinement.hasLimits, "no prlimit(1) here")
    private static let mounted = ConditionTrait.enabled(if: Confinement.canMount, "only root can mount a small disk")

    @Test("Survives a full disk under standard output and reports it in the exit status")
    func output() async throws {
        for (arguments, status) in [("--version", 1), ("--demo", 1), ("--json --nope", 64)] as [(String, Int32)] {
            let script = "ulimit -f 0; exec \"$0\" \(arguments) > '\(folder.file("output").path)'"
            let run = try await startFromShell(script).finished()
            #expect(run.status == status)
        }
    }

    /// Runs the executable as `$0` of a script. As one that a thread of Dispatch starts, it would inherit that SIGXFSZ,
    /// like most signals, is blocked there; in a user's shell it is not.
    private func startFromShell(_ script: String) throws -> Running {
        var (none, usual) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &usual)
        defer { pthread_sigmask(SIG_SETMASK, &usual, nil) }
        return try Executable(url: URL(fileURLWithPath: "/bin/sh")).start(
            ["-c", script, Executable.deleteImage.url.path]
        )
    }

    // MARK: The token cache

    @Test(
        "Warns, continues, and leaves no draft when the token cache does not fit on the disk",
        limited,
        arguments: [0, 1, 3000]
    )
    func cache(bytes: Int) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run([Sample.id(1)], .fileSize(bytes), in: folder)
        #expect(run.status == 0)
        #expect(run.errors.hasPrefix("warning: the token cache \(folder.file("token-cache.json").path) cannot be "))
        #expect(run.errors.contains("File too large"))
        #expect(try folder.names() == ["token-cache.json.lock"])
        #expect(try await cloud.run([Sample.id(2)], in: folder).errors == "")
        #expect(await cloud.remaining().isEmpty)
    }

    @Test("Keeps the previous token cache intact", limited, arguments: [0, 3000])
    func oldCache(bytes: Int) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        _ = try await cloud.run([Sample.id(1)], in: folder)
        let cache = try folder.text("token-cache.json")
        await cloud.cloud.revokeAllTokens()
        let run = try await cloud.run([Sample.id(2)], .fileSize(bytes), in: folder)
        #expect(run.status == 0)
        #expect(run.errors.contains("File too large"))
        #expect(try folder.text("token-cache.json") == cache)
        #expect(try folder.names() == ["token-cache.json", "token-cache.json.lock"])
    }

    @Test("Also on a full disk", mounted)
    func cacheOnFullDisk() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let run = try await cloud.run([Sample.id(1)], .disk(4096, at: folder.url), in: folder)
        #expect(run.status == 0)
        #expect(run.errors.contains("No space left on device"))
        #expect(run.errors.hasSuffix("\ntoken-cache.json.lock\n"))
    }

    // MARK: The receipt

    /// What was told is what became of the images; no more were tried than what was under way.
    private func expectTruth(_ run: Executable.Finished, _ cloud: LoopbackCloud, _ place: Comment) async throws {
        let report = try run.report()
        let deleted = report.images.filter { $0.outcome == "deleted" }.map(\.id)
        // What could not be begun at all, an input file kept from it.
        #expect(run.status == (deleted.isEmpty ? 65 : 1), place)
        #expect(report.error?.message.contains("be written: ") == true, place)
        let pending = report.images.filter { $0.outcome == "pending" }.map(\.id)
        #expect(deleted.count + pending.count == report.images.count, place)
        #expect(await cloud.remaining() == Set(pending), place)
        #expect(cloud.count("DELETE") == deleted.count, place)
    }

    @Test("Reports deletions in progress when the receipt ends early, and a later run continues", limited)
    func receipt() async throws {
        let seed = 1
        var generator = SeededGenerator(seed: seed)
        let ids = (1...16).map(Sample.id)
        for bytes in [0] + (0..<5).map({ _ in generator.number(1...3000) }) {
            let place: Comment = "seed \(seed), \(bytes) bytes"
            let cloud = try LoopbackCloud(images: Sample.images(16))
            let receipt = folder.file("receipt-\(bytes).jsonl")
            let arguments = ["--json", "--concurrency", "3", "--receipt", receipt.path] + ids
            let run = try await cloud.run(arguments, .fileSize(bytes))
            try await expectTruth(run, cloud, place)
            let lines = try String(contentsOf: receipt, encoding: .utf8).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            let begun = lines.dropLast().count { $0.contains(#""outcome":"begun""#) }
            #expect(cloud.count("DELETE") == begun, place)
            #expect(try await cloud.run(["--ignore-missing"] + arguments).status == 0, place)
            #expect(await cloud.remaining().isEmpty, place)
        }
    }

    @Test("Also on a full disk", mounted)
    func receiptOnFullDisk() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(30))
        let run = try await cloud.run(
            ["--json", "--receipt", folder.file("receipt.jsonl").path] + (1...30).map(Sample.id),
            .disk(4096, at: folder.url)
        )
        try await expectTruth(run, cloud, "a disk of 4096 bytes")
        #expect(cloud.count("DELETE") < 30)
        #expect(run.errors.contains("No space left on device"))
    }

    @Test("Starts no deletion that the receipt cannot record", limited)
    func note() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "nightly")])
        let receipt = folder.file("receipt.jsonl").path
        let run = try await cloud.run(["--yes", "--receipt", receipt, "nightly"], .fileSize(100))
        #expect(run.status == 65)
        #expect(run.errors.contains("the receipt cannot be written: File too large. Nothing was deleted."))
        #expect(cloud.count("DELETE") == 0)
    }

    // MARK: The plan

    @Test("Fails and keeps only the old plan when a new one does not fit", limited, arguments: [0, 700])
    func plan(bytes: Int) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(9))
        let arguments = ["--match", "*", "--plan", folder.file("plan.json").path]
        _ = try await cloud.run(arguments)
        let plan = try folder.text("plan.json")
        let run = try await cloud.run(arguments, .fileSize(bytes))
        #expect(run.status == 65)
        #expect(run.errors.contains("cannot be written: "))
        #expect(try folder.text("plan.json") == plan)
        #expect(try folder.names() == ["plan.json"])
    }
}
