import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Receipts", .serialized, .timeLimit(.minutes(10)))
struct ReceiptFileTests {
    private func lines(_ file: URL) throws -> [[String: Any]] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// The lines with outcomes.
    private func outcomes(_ file: URL) throws -> [[String: Any]] {
        try lines(file).filter { $0["outcome"] as? String != "begun" }
    }

    @Test("Writes a line for each outcome, and a second run skips what is deleted")
    func twice() async throws {
        let images = Sample.images(2) + [DemoImage(id: Sample.id(3), name: "release", isProtected: true)]
        let cloud = try LoopbackCloud(images: images)
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl")
        let arguments = ["--concurrency", "1", "--receipt", receipt.path] + (1...4).map(Sample.id)
        #expect(try await cloud.run(arguments).status == 1)
        #expect(try lines(receipt).map { $0["outcome"] as? String }.prefix(3) == ["begun", "deleted", "begun"])
        let first = try outcomes(receipt)
        #expect(first.map { $0["id"] as? String } == (1...4).map(Sample.id))
        #expect(first.map { $0["outcome"] as? String } == ["deleted", "deleted", "kept", "missing"])
        #expect(first.map { $0["reason"] as? String } == [nil, nil, "protected", nil])
        #expect(first.map { $0["status"] as? Int } == [204, 204, 403, 404])
        for line in first {
            #expect(line["schema"] as? String == "delete-image-receipt/2")
            #expect(line["endpoint"] as? String == cloud.cloud.imageURL.absoluteString + "/v2")
            #expect(line["project"] as? String == DemoImage.projectID)
            #expect((line["time"] as? String)?.hasSuffix("Z") == true)
            #expect((line["requestID"] as? String)?.hasPrefix("req-") == true)
        }

        let before = cloud.count("DELETE")
        let again = try await cloud.run(["--json"] + arguments)
        let report = try again.report()
        #expect(report.images.map(\.outcome) == ["deleted", "deleted", "kept", "missing"])
        #expect(report.images.map(\.attempts) == [0, 0, 0, 0], "images of the receipt are looked up first")
        #expect(report.images[0].detail?.contains("as the receipt says") == true)
        #expect(cloud.count("DELETE") == before)
        #expect(try outcomes(receipt).count == 6, "what was done before is not written again")
    }

    @Test("Records each deletion before it starts, and its outcome before the next")
    func order() async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl")
        let counts = Locked<[Int]>([])
        let cloud = try LoopbackCloud(images: Sample.images(6)) { request, _ in
            guard request.method == "DELETE" else { return nil }
            let text = (try? String(contentsOf: receipt, encoding: .utf8)) ?? ""
            counts.withLock { $0.append(text.split(separator: "\n").count) }
            return nil
        }
        _ = try await cloud.run(["--concurrency", "1", "--receipt", receipt.path] + (1...6).map(Sample.id))
        #expect(counts.value == [1, 3, 5, 7, 9, 11])
    }

    @Test("Leaves a valid receipt when killed, and a second run finishes without deleting twice")
    func killed() async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl")
        let middle = Barrier(of: 3)
        let cloud = try LoopbackCloud(images: Sample.images(12)) { request, earlier in
            // The one under way in each of the two lanes is not answered any more.
            guard request.method == "DELETE", (7...8).contains(earlier) else { return nil }
            await middle.arrive()
            return .drip(Data(), every: 3600, again: Data())
        }
        let arguments = ["--concurrency", "2", "--receipt", receipt.path] + (1...12).map(Sample.id)
        let run = try cloud.start(arguments)
        await middle.arrive()
        run.signal(SIGKILL)
        #expect(await run.finished().status == -SIGKILL)

        let text = try String(contentsOf: receipt, encoding: .utf8)
        let told = try outcomes(receipt).compactMap { $0["id"] as? String }
        #expect(text.hasSuffix("\n"))
        let left = await cloud.remaining()
        #expect(left.isDisjoint(with: told), "what it calls deleted is gone")
        let sentBefore = cloud.count("DELETE")

        let again = try await cloud.run(["--json", "--ignore-missing"] + arguments)
        #expect(again.status == 0)
        #expect(await cloud.remaining().isEmpty)
        let report = try again.report()
        #expect(report.images.filter { $0.attempts == 0 }.map(\.id) == (1...12).map(Sample.id).filter(told.contains))
        let deletions = cloud.requests.filter { $0.method == "DELETE" }.dropFirst(sentBefore).map(\.path)
        #expect(told.allSatisfy { id in !deletions.contains { $0.hasSuffix(id) } })
        #expect(deletions.count == 12 - told.count)
    }

    @Test("Resolves a name in a second run to the image of the first")
    func names() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "nightly"), .old(2, "other")])
        let folder = try TemporaryFolder()
        let arguments = ["--yes", "--receipt", folder.file("receipt.jsonl").path, "nightly"]
        #expect(try await cloud.run(arguments).status == 0)
        await cloud.cloud.put(.old(3, "nightly"))
        let again = try await cloud.run(["--json"] + arguments)
        #expect(again.status == 0)
        #expect(try again.report().images.map(\.id) == [Sample.id(1)])
        #expect(try again.report().images.map(\.outcome) == ["deleted"])
        #expect(await cloud.remaining() == Set([2, 3].map(Sample.id)))
    }

    @Test("Continues a run by names that was killed between a deletion and its line")
    func killedByName() async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl").path
        let (done, deleted) = AsyncStream<Void>.makeStream()
        let place = Locked<DemoCloud?>(nil)
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b"), .old(3, "c")]) { request, earlier in
            guard request.method == "DELETE", earlier == 1 else { return nil }
            await place.value?.remove(Sample.id(2))
            deleted.yield()
            return .drip(Data(), every: 3600, again: Data())
        }
        place.withLock { $0 = cloud.cloud }
        let arguments = ["--yes", "--concurrency", "1", "--receipt", receipt, "a", "b", "c"]
        let run = try cloud.start(arguments)
        for await _ in done { break }
        run.signal(SIGKILL)
        #expect(await run.finished().status == -SIGKILL)
        // The younger one of the same name is not the one that was meant.
        await cloud.cloud.put(.old(4, "b"))

        let again = try await cloud.run(["--json"] + arguments)
        #expect(again.status == 0)
        #expect(try again.report().images.map(\.id) == (1...3).map(Sample.id))
        #expect(try again.report().images.map(\.outcome) == ["deleted", "deleted", "deleted"])
        #expect(try again.report().images.map(\.attempts) == [0, 0, 1])
        #expect(await cloud.remaining() == [Sample.id(4)])
        let told = try lines(URL(fileURLWithPath: receipt)).filter { $0["outcome"] as? String == "deleted" }
        #expect(told.map { $0["id"] as? String } == (1...3).map(Sample.id), "the receipt says it, too")
    }

    @Test("Keeps an image that was renamed after the earlier run")
    func renamed() async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl").path
        let cloud = try LoopbackCloud(images: [.old(1, "a")]) { request, earlier in
            request.method == "DELETE" && earlier == 0 ? .answer(409) : nil
        }
        let arguments = ["--yes", "--receipt", receipt, "a"]
        #expect(try await cloud.run(arguments).status == 1)
        await cloud.cloud.put(.old(1, "release"))
        let run = try await cloud.run(arguments)
        #expect(run.status == 1)
        #expect(run.errors.contains("image \(Sample.id(1)), which was named “a” when the receipt was begun"))
        #expect(cloud.count("DELETE") == 1)
    }

    @Test("Deletes nothing twice with filters and policies")
    func filters() async throws {
        let cloud = try LoopbackCloud(images: (1...3).map { .old($0, "nightly-\($0)") })
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl")
        let arguments = ["--yes", "--match", "nightly-*", "--receipt", receipt.path]
        #expect(try await cloud.run(arguments).status == 0)
        #expect(try await cloud.run(arguments).status == 0)
        #expect(cloud.count("DELETE") == 3)
        #expect(Set(try lines(receipt).map { $0["name"] as? String }) == Set((1...3).map { "nightly-\($0)" }))
        #expect(try outcomes(receipt).count == 3)
    }

    @Test("Continues a run by ID that was killed before the response to a deletion")
    func killedByID() async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl").path
        let (done, deleted) = AsyncStream<Void>.makeStream()
        let place = Locked<DemoCloud?>(nil)
        let cloud = try LoopbackCloud(images: Sample.images(3)) { request, earlier in
            guard request.method == "DELETE", earlier == 1 else { return nil }
            await place.value?.remove(Sample.id(2))
            deleted.yield()
            return .drip(Data(), every: 3600, again: Data())
        }
        place.withLock { $0 = cloud.cloud }
        let arguments = ["--concurrency", "1", "--receipt", receipt] + (1...3).map(Sample.id)
        let run = try cloud.start(arguments)
        for await _ in done { break }
        run.signal(SIGKILL)
        #expect(await run.finished().status == -SIGKILL)
        let again = try await cloud.run(["--json"] + arguments)
        #expect(again.status == 0)
        #expect(try again.report().images.map(\.outcome) == ["deleted", "deleted", "deleted"])
        #expect(await cloud.remaining().isEmpty)
    }

    @Test("Reports an image as missing that somebody else deleted first")
    func deletedByOthers() async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl").path
        let began = Barrier(of: 2)
        let cloud = try LoopbackCloud(images: [.old(1, "a"), .old(2, "b")]) { request, earlier in
            guard request.method == "DELETE", earlier == 0 else { return nil }
            await began.arrive()
            return .drip(Data(), every: 3600, again: Data())
        }
        let arguments = ["--yes", "--concurrency", "1", "--receipt", receipt, "a", "b"]
        let run = try cloud.start(arguments)
        await began.arrive()
        run.signal(SIGKILL)
        #expect(await run.finished().status == -SIGKILL)
        await cloud.cloud.remove(Sample.id(2))
        let again = try await cloud.run(arguments)
        #expect(again.status == 1)
        #expect(again.errors.contains("no private image of project ci is named “b”"))
        let byID = try await cloud.run(["--json", "--receipt", receipt] + (1...2).map(Sample.id))
        #expect(try byID.report().images.map(\.outcome) == ["deleted", "missing"])
    }

    @Test(
        "Finishes the deletion or restores the protection after a run that was killed in between",
        arguments: [["--unprotect", Sample.id(1)], [Sample.id(1)], [Sample.id(2)], ["--yes", "--match", "a"]]
    )
    func killedUnprotected(next: [String]) async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl").path
        let began = Barrier(of: 2)
        var images: [DemoImage] = [.old(1, "a"), .old(2, "b"), .old(3, "c")]
        images[0].isProtected = true
        let cloud = try LoopbackCloud(images: images) { request, earlier in
            guard request.method == "DELETE", earlier == 0 else { return nil }
            await began.arrive()
            return .drip(Data(), every: 3600, again: Data())
        }
        let run = try cloud.start(["--unprotect", "--receipt", receipt, Sample.id(1)])
        await began.arrive()
        run.signal(SIGKILL)
        #expect(await run.finished().status == -SIGKILL)
        #expect(await cloud.cloud.currentImages.first { $0.id == Sample.id(1) }?.isProtected == false)

        let again = try await cloud.run(["--receipt", receipt] + next)
        let left = await cloud.cloud.currentImages
        let finishes = next.contains("--unprotect")
        #expect(again.status == (next == [Sample.id(1)] ? 1 : 0), "\(again)")
        #expect(left.first { $0.id == Sample.id(1) }?.isProtected == (finishes ? nil : true))
        #expect(left.contains { $0.id == Sample.id(2) } == (next != [Sample.id(2)]))
        #expect(again.errors.contains("is protected again"))
        let third = try await cloud.run(["--receipt", receipt, Sample.id(3)])
        #expect(third.errors == "", "it is done once")
    }

    @Test("Requires a token with a known project for a receipt")
    func unknownProject() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        let token = [
            "OS_TOKEN": "t", "OS_PROJECT_NAME": nil, "OS_AUTH_URL": nil,
            "OS_IMAGE_ENDPOINT_OVERRIDE":
                cloud.cloud.imageURL.absoluteString,
        ]
        let run = try await cloud.run(["--receipt", folder.file("receipt").path, Sample.id(1)], token)
        #expect(run.status == 78)
        #expect(run.errors.contains("OS_AUTH_URL"))
        #expect(cloud.requests.isEmpty)
    }

    @Test("Deletes nothing and keeps the file when it is not a receipt")
    func foreign() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        for content in ["let answer = 42\n", "{}\n", "no newline", "{\"id\":\"\(Sample.id(1))\"}\n"] {
            try Data(content.utf8).write(to: folder.file("main.swift"))
            let run = try await cloud.run(["--receipt", folder.file("main.swift").path, Sample.id(1)])
            #expect(run.status == 65)
            #expect(run.errors.contains("line 1 is none of a receipt; name another file. Nothing was deleted."))
            #expect(try String(contentsOf: folder.file("main.swift"), encoding: .utf8) == content)
        }
        let folderAsFile = try await cloud.run(["--receipt", folder.url.path, Sample.id(1)])
        #expect(folderAsFile.status == 65)
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Starts no further deletion when the receipt cannot be written, and a later run continues")
    func full() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(9))
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl").path
        let arguments = ["--no-token-cache", "--json", "--concurrency", "1", "--receipt", receipt]
        let ids = (1...9).map(Sample.id)
        // A file may grow to one block here: the first line or two, and a part of another.
        let run = try await Executable(url: URL(fileURLWithPath: "/bin/sh")).run(
            ["-c", "ulimit -f 1; exec \"$0\" \"$@\"", Executable.deleteImage.url.path] + arguments + ids,
            environment: cloud.environment
        )
        #expect(run.status == 1)
        let report = try run.report()
        let deleted = report.images.prefix { $0.outcome == "deleted" }.count
        #expect((1...8).contains(deleted))
        #expect(report.images.dropFirst(deleted).allSatisfy { $0.outcome == "pending" })
        #expect(report.error?.message.contains("the receipt could not be written") == true)
        #expect(cloud.count("DELETE") == deleted)
        #expect(try String(contentsOfFile: receipt, encoding: .utf8).hasSuffix("\n") == false)

        let again = try await cloud.run(Array(arguments.dropFirst()) + ["--ignore-missing"] + ids)
        #expect(again.status == 0)
        #expect(await cloud.remaining().isEmpty)
        #expect(cloud.count("DELETE") == 9, "the one whose line was torn is looked up, and is gone")
    }

    @Test("Rejects a receipt that is not a regular file")
    func device() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let run = try await cloud.run(["--receipt", "/dev/zero", Sample.id(1)])
        #expect(run.status == 65)
        #expect(run.errors.contains("it is no regular file"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Rejects a receipt that another run has open")
    func shared() async throws {
        let folder = try TemporaryFolder()
        let receipt = folder.file("receipt.jsonl").path
        let (deleting, began) = AsyncStream<Void>.makeStream()
        let (end, ended) = AsyncStream<Void>.makeStream()
        let cloud = try LoopbackCloud(images: Sample.images(2)) { request, earlier in
            guard request.method == "DELETE", earlier == 0 else { return nil }
            began.yield()
            for await _ in end {}
            return nil
        }
        let first = try cloud.start(["--receipt", receipt, Sample.id(1)])
        for await _ in deleting { break }
        let second = try await cloud.run(["--receipt", receipt, Sample.id(2)])
        ended.finish()
        #expect(second.status == 65)
        #expect(second.errors.contains("another run writes to it just now"))
        #expect(await first.finished().status == 0)
        #expect(await cloud.remaining() == [Sample.id(2)])
    }
}
