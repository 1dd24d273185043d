import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Links, pipes, folders and enormous files where a file of ours is to be.
@Suite("Special files", .serialized, .timeLimit(.minutes(10)))
struct InTheWayTests {
    /// What stands in the place of a file.
    enum Obstacle: CaseIterable {
        case symbolicLink, hardLink, pipe, folder

        func put(_ name: String, in folder: TemporaryFolder) throws {
            let (place, precious) = (folder.file(name), folder.file("precious"))
            try folder.write(InTheWayTests.precious, to: "precious")
            switch self {
            case .symbolicLink:
                try FileManager.default.createSymbolicLink(at: place, withDestinationURL: precious)
            case .hardLink: try FileManager.default.linkItem(at: precious, to: place)
            case .pipe: guard mkfifo(place.path, 0o600) == 0 else { throw POSIXError(.EPERM) }
            case .folder: try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            }
        }
    }

    private static let precious = "root:x:0:0:root:/root:/bin/sh\n"

    private let folder: TemporaryFolder
    private let cloud: LoopbackCloud

    init() throws {
        folder = try TemporaryFolder()
        cloud = try LoopbackCloud(images: Sample.images(9))
    }

    private func expectPreciousIsIntact() throws {
        #expect(try folder.text("precious") == Self.precious)
    }

    // MARK: The token cache

    @Test("Warns and continues when the token cache is a special file", arguments: Obstacle.allCases)
    func cache(obstacle: Obstacle) async throws {
        try obstacle.put("token-cache.json", in: folder)
        // What could be read would be for its owner only.
        #expect(chmod(folder.file("precious").path, 0o600) == 0)
        let run = try await cloud.run([Sample.id(1)], in: folder)
        #expect(run.status == 0)
        #expect(run.errors.hasPrefix("warning: the token cache "))
        #expect(try await cloud.run([Sample.id(2)], in: folder).status == 0)
        #expect(cloud.count("POST") == (obstacle == .folder ? 2 : 1))
        try expectPreciousIsIntact()
        #expect(try folder.names() == ["precious", "token-cache.json", "token-cache.json.lock"])
    }

    @Test("Does not hang or write through a lock that is a special file", arguments: Obstacle.allCases)
    func lock(obstacle: Obstacle) async throws {
        try obstacle.put("token-cache.json.lock", in: folder)
        for number in 1...2 {
            let run = try await cloud.run([Sample.id(number)], in: folder)
            #expect(run.status == 0)
        }
        #expect(cloud.count("POST") == 1)
        try expectPreciousIsIntact()
        #expect(try folder.mode("token-cache.json") == 0o600)
    }

    // MARK: Files that are named

    @Test("Deletes nothing when the receipt is a special file", arguments: Obstacle.allCases)
    func receipt(obstacle: Obstacle) async throws {
        try obstacle.put("receipt.jsonl", in: folder)
        let run = try await cloud.run(["--receipt", folder.file("receipt.jsonl").path, Sample.id(1)])
        #expect(run.status == 65)
        #expect(run.errors.hasSuffix("Nothing was deleted.\n"))
        #expect(cloud.count("DELETE") == 0)
        try expectPreciousIsIntact()
    }

    @Test("Does not overwrite a special file with a plan", arguments: Obstacle.allCases)
    func plan(obstacle: Obstacle) async throws {
        try obstacle.put("plan.json", in: folder)
        let run = try await cloud.run(["--match", "*", "--plan", folder.file("plan.json").path])
        #expect(run.status == 64)
        #expect(run.errors.contains("is there and no plan"))
        try expectPreciousIsIntact()
        #expect(try folder.names() == ["plan.json", "precious"])
    }

    @Test("Replaces a link with the plan and keeps the link's target")
    func linkedPlan() async throws {
        let (plan, old) = (folder.file("plan.json"), folder.file("old.json"))
        _ = try await cloud.run(["--match", "*", "--plan", old.path])
        let content = try folder.text("old.json")
        await cloud.cloud.remove(Sample.id(1))
        for target in [old, folder.file("nothing")] {
            try? FileManager.default.removeItem(at: plan)
            try FileManager.default.createSymbolicLink(at: plan, withDestinationURL: target)
            #expect(try await cloud.run(["--match", "*", "--plan", plan.path]).status == 0)
            #expect(try folder.text("old.json") == content)
            #expect(try folder.text("plan.json") != content)
            #expect(try folder.names() == ["old.json", "plan.json"])
        }
    }

    @Test("Does not read or replace a file that is too large to be a plan")
    func largePlan() async throws {
        let arguments = ["--match", "*", "--plan", folder.file("plan.json").path]
        _ = try await cloud.run(arguments)
        #expect(try await cloud.run(arguments).status == 0, "a plan may go")
        // Spaces do not make it another plan.
        try folder.write(folder.text("plan.json") + String(repeating: " ", count: 64 << 20), to: "plan.json")
        let run = try await cloud.run(arguments)
        #expect(run.status == 64)
        #expect(run.errors.contains("is there and no plan"))
    }

    private static let readers = ["--from", "--policy", "--apply"]

    @Test("Rejects a folder in place of an input file", arguments: readers)
    func folderToRead(option: String) async throws {
        let run = try await cloud.run(["--yes", option, folder.url.path])
        #expect(run.status == 65)
        #expect(run.errors.contains("Is a directory"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Reads from a pipe, and stops on Ctrl-C while no process writes to it")
    func pipeToRead() async throws {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        let waiting = try cloud.start(["--from", pipe.path])
        // It can be opened for writing without waiting when somebody has it open, or is about to, for reading.
        var writer: Int32 = -1
        while writer < 0 {
            writer = open(pipe.path, O_WRONLY | O_NONBLOCK)
            if writer < 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        waiting.signal(SIGINT)
        #expect(await waiting.finished().status == 130)
        close(writer)

        let reading = try cloud.start(["--from", pipe.path])
        let handle = try FileHandle(forWritingTo: pipe)
        try handle.write(contentsOf: Data("\(Sample.id(1))\n".utf8))
        try handle.close()
        #expect(await reading.finished().status == 0)
        #expect(cloud.requests.map(\.method) == ["POST", "DELETE"])
    }

    @Test("Does not read a huge or endless file into memory", .enabled(if: Confinement.hasLimits, "no prlimit(1) here"))
    func enormous() async throws {
        let file = folder.file("enormous")
        #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
        #expect(truncate(file.path, 10 << 30) == 0)
        for arguments in Self.readers.map({ [$0] }) + [[Sample.id(1), "--receipt"], ["--match", "*", "--plan"]] {
            let run = try await cloud.run(["--yes"] + arguments + [file.path], .memory(3 << 30))
            #expect(run.status == (arguments.last == "--plan" ? 64 : 65))
            #expect(
                run.errors.contains(arguments.last == "--plan" ? "it is something else" : "it is larger than 64 MiB")
            )
        }
        let endless = try await cloud.run(["--from", "/dev/zero"], .memory(3 << 30))
        #expect(endless.status == 65)
        #expect(endless.errors.contains("it is larger than 64 MiB"))
        #expect(cloud.count("DELETE") == 0)
    }
}
