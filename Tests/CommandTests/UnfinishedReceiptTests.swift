import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Receipts after a run that could not finish an earlier one's work", .serialized, .timeLimit(.minutes(3)))
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

    @Test("Reports an image as deleted after a run in between got no useful response", arguments: ["GET", "DELETE"])
    func looksAgain(method: String) async throws {
        let isDown = Locked(true)
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b")]) { request, _ in
            let isImage = request.path.contains("/v2/images/" + Sample.id(1))
            return isDown.value && request.method == method && isImage ? .answer(503) : nil
        }
        try write(ReceiptLine(id: Sample.id(1)), for: cloud)
        let arguments = ["--json", "--retries", "0", "--receipt", file.path, Sample.id(1)]
        #expect(try await cloud.run(arguments).report().images.map(\.outcome) == ["failed"])
        isDown.withLock { $0 = false }
        await cloud.cloud.remove(Sample.id(1))
        #expect(try await cloud.run(arguments).report().images.map(\.outcome) == ["deleted"])
    }

    @Test("Deletes an image that exists again")
    func existsAgain() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b")])
        let arguments = ["--json", "--receipt", file.path, Sample.id(1)]
        #expect(try await cloud.run(arguments).report().summary["deleted"] == 1)
        await cloud.cloud.put(.old(1, "a"))
        #expect(try await cloud.run(arguments).report().summary["deleted"] == 1)
        #expect(await cloud.remaining() == [Sample.id(2)])
    }
}
