import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Receipts of unfinished runs", .serialized, .timeLimit(.minutes(10)))
struct UnfinishedReceiptTests {
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("receipt.jsonl")
    }

    private func write(_ line: ReceiptLine, for cloud: LoopbackCloud) throws {
        try Data(line.text(of: cloud.cloud).utf8).write(to: file)
    }

    private func isProtected(_ cloud: LoopbackCloud) async -> Bool? {
        await cloud.cloud.currentImages.first { $0.id == Sample.id(1) }?.isProtected
    }

    @Test(
        "Deletes nothing while a protection cannot be restored",
        arguments: [[Sample.id(1)], [Sample.id(2)], ["--yes", "--match", "a"], ["--unprotect", Sample.id(1)]]
    )
    func keepsTrying(second: [String]) async throws {
        let isDown = Locked(true)
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b"), .old(3, "c")]) { request, _ in
            isDown.value && request.method == "PATCH" ? .answer(503) : nil
        }
        try write(ReceiptLine(id: Sample.id(1), name: "a", isUnprotecting: true), for: cloud)
        let run = try await cloud.run(["--retries", "0", "--receipt", file.path] + second)
        #expect(run.status == 69)
        #expect(run.errors.contains("could not be protected again"))
        #expect(cloud.count("DELETE") == 0)
        isDown.withLock { $0 = false }
        let third = try await cloud.run(["--receipt", file.path, Sample.id(3)])
        #expect(third.errors.contains("is protected again"))
        #expect(await isProtected(cloud) == true)
        let fourth = try await cloud.run(["--receipt", file.path, Sample.id(3)])
        #expect(fourth.errors == "", "it is done once")
    }

    @Test(
        "Restores a protection even if the run deletes nothing",
        arguments: [["nosuch"], ["--max-deletions", "1", Sample.id(2), Sample.id(3)], ["--from", "/dev/null"]]
    )
    func restoresFirst(arguments: [String]) async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b"), .old(3, "c")])
        try write(ReceiptLine(id: Sample.id(1), name: "a", isUnprotecting: true), for: cloud)
        let run = try await cloud.run(["--receipt", file.path] + arguments)
        #expect(run.errors.contains("is protected again"))
        #expect(await isProtected(cloud) == true)
        #expect(cloud.count("DELETE") == 0)
    }

    @Test(
        "Reports what an earlier run began as deleted only if no run has seen the image since",
        arguments: [false, true]
    )
    func looksAgain(isSeen: Bool) async throws {
        let isDown = Locked(true)
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b")]) { request, _ in
            let isImage = request.path.contains("/v2/images/" + Sample.id(1))
            return isDown.value && isImage && (!isSeen || request.method == "DELETE") ? .answer(503) : nil
        }
        try write(ReceiptLine(id: Sample.id(1)), for: cloud)
        let arguments = ["--json", "--retries", "0", "--receipt", file.path, Sample.id(1)]
        #expect(try await cloud.run(arguments).report().images.map(\.outcome) == ["failed"])
        isDown.withLock { $0 = false }
        await cloud.cloud.remove(Sample.id(1))
        let outcomes = try await cloud.run(arguments).report().images.map(\.outcome)
        #expect(outcomes == [isSeen ? "missing" : "deleted"])
    }

    @Test("Reports an image as missing that somebody else deletes after the lookup")
    func deletedMeanwhile() async throws {
        let removed = Locked<DemoCloud?>(nil)
        let cloud = try LoopbackCloud(images: [.old(1, "a")]) { request, _ in
            if request.method == "DELETE" { await removed.value?.remove(Sample.id(1)) }
            return nil
        }
        removed.withLock { $0 = cloud.cloud }
        try write(ReceiptLine(id: Sample.id(1)), for: cloud)
        let run = try await cloud.run(["--json", "--receipt", file.path, Sample.id(1)])
        #expect(try run.report().images.map(\.outcome) == ["missing"])
    }

    @Test("Reports an unprotected image whose accepted deletion does not finish")
    func waits() async throws {
        var image = DemoImage.old(1, "a")
        image.isProtected = true
        let isAccepted = Locked(false)
        let cloud = try LoopbackCloud(images: [image, .old(2, "b")]) { request, _ in
            if request.method == "DELETE" {
                isAccepted.withLock { $0 = true }
                return .answer(204)
            }
            return request.method == "GET" && isAccepted.value ? .answer(503) : nil
        }
        let run = try await cloud.run(
            ["--json", "--retries", "0", "--unprotect", "--wait", "--receipt", file.path, Sample.id(1)]
        )
        #expect(try run.report().images.map(\.outcome) == ["failed"])
        isAccepted.withLock { $0 = false }
        let again = try await cloud.run(["--receipt", file.path, "nosuch"])
        #expect(again.errors.contains("is protected again"))
    }

    @Test("Deletes an image that exists again")
    func existsAgain() async throws {
        let isDown = Locked("")
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b")]) { request, _ in
            request.method == isDown.value && request.path.contains("/v2/images/") ? .answer(503) : nil
        }
        let arguments = ["--json", "--retries", "0", "--receipt", file.path, Sample.id(1)]
        #expect(try await cloud.run(arguments).report().summary["deleted"] == 1)
        await cloud.cloud.put(.old(1, "a"))
        #expect(try await cloud.run(arguments).report().summary["deleted"] == 1)
        #expect(await cloud.remaining() == [Sample.id(2)])

        // What was learned later counts, also when a look fails.
        await cloud.cloud.put(.old(1, "a"))
        isDown.withLock { $0 = "DELETE" }
        #expect(try await cloud.run(arguments).report().summary["failed"] == 1)
        isDown.withLock { $0 = "GET" }
        #expect(try await cloud.run(arguments + ["--unprotect"]).report().summary["failed"] == 1)
    }

    @Test("Does not block another run's receipt in a dry run, and stops at a pipe", .timeLimit(.minutes(10)))
    func dryRun() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "a")])
        try write(ReceiptLine(id: Sample.id(2)), for: cloud)
        let running = open(file.path, O_RDWR)
        #expect(flock(running, LOCK_EX) == 0)
        #expect(try await cloud.run(["--dry-run", "--receipt", file.path, Sample.id(1)]).status == 0)
        close(running)
        let pipe = folder.file("pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(try await cloud.run(["--dry-run", "--receipt", pipe, Sample.id(1)]).status == 65)
    }
}
