import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Receipts after a run that could not finish an earlier one's work", .serialized, .timeLimit(.minutes(3)))
struct UnfinishedReceiptTests {
    /// Writes the receipt of a run that was killed right after its line for image 1.
    private func writeReceipt(_ file: URL, _ cloud: LoopbackCloud, unprotecting: Bool) throws {
        let line =
            #"{"attempts":0,"endpoint":"\#(cloud.cloud.imageURL.absoluteString)/v2","id":"\#(Sample.id(1))","#
            + #""name":"a","outcome":"begun","project":"\#(DemoImage.projectID)","schema":"delete-image-receipt/2","#
            + #""time":"2026-01-01T00:00:00Z"\#(unprotecting ? #","unprotecting":true"# : "")}"# + "\n"
        try Data(line.utf8).write(to: file)
    }

    private func isProtected(_ cloud: LoopbackCloud) async -> Bool? {
        await cloud.cloud.currentImages.first { $0.id == Sample.id(1) }?.isProtected
    }

    @Test(
        "Puts a protection back that the run before could not put back",
        arguments: [[Sample.id(1)], [Sample.id(2)], ["--yes", "--match", "a"], ["--unprotect", Sample.id(1)]],
        [false, true]
    )
    func keepsTrying(second: [String], failsToLook: Bool) async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("receipt.jsonl")
        let isDown = Locked(true)
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b"), .old(3, "c")]) { request, _ in
            guard isDown.value else { return nil }
            let isImage = request.path.contains("/v2/images/" + Sample.id(1))
            if request.method == "PATCH" || isImage && (failsToLook || request.method == "DELETE") {
                return .answer(503)
            }
            return nil
        }
        try writeReceipt(file, cloud, unprotecting: true)
        _ = try await cloud.run(["--retries", "0", "--receipt", file.path] + second)
        isDown.withLock { $0 = false }
        let third = try await cloud.run(["--receipt", file.path, Sample.id(3)])
        #expect(third.errors.contains("is protected again"))
        #expect(await isProtected(cloud) == true)
        let fourth = try await cloud.run(["--receipt", file.path, Sample.id(3)])
        #expect(fourth.errors == "", "it is done once")
    }

    @Test("Reports an image as deleted after a run in between could not look it up")
    func looksAgain() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("receipt.jsonl")
        let isDown = Locked(true)
        let cloud = try LoopbackCloud(images: [.old(2, "b")]) { request, _ in
            isDown.value && request.path.contains("/v2/images/" + Sample.id(1)) ? .answer(503) : nil
        }
        try writeReceipt(file, cloud, unprotecting: false)
        let arguments = ["--json", "--retries", "0", "--unprotect", "--receipt", file.path, Sample.id(1)]
        #expect(try await cloud.run(arguments).report().images.map(\.outcome) == ["failed"])
        isDown.withLock { $0 = false }
        #expect(try await cloud.run(arguments).report().images.map(\.outcome) == ["deleted"])
    }
}
