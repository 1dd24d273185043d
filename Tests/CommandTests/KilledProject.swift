import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// A project whose images one run after the other is about to delete, and is killed.
///
/// Some images are named by ID and some by name; two others must stay, whatever happens.
final class KilledProject: Sendable {
    static let concurrency = 2

    let folder: TemporaryFolder
    let cloud: LoopbackCloud
    private let scheduler: SignalScheduler
    private let generation = Locked(0)

    init() throws {
        let scheduler = SignalScheduler()
        folder = try TemporaryFolder()
        cloud = try LoopbackCloud(images: [.old(1, "keep-1"), .old(2, "keep-2")]) { _, _ in
            scheduler.countRequest()
            return nil
        }
        self.scheduler = scheduler
    }

    // MARK: What there is to delete

    /// The IDs of the images of this generation, the first of them named by ID.
    var images: [String] { (0..<12).map { Sample.id(generation.value * 100 + $0) } }
    var named: Set<String> { Set(images.dropFirst(5)) }
    var arguments: [String] {
        ["--yes", "--concurrency", "\(Self.concurrency)", "--receipt", receipt.path]
            + images.prefix(5) + (5..<12).map { "nightly-\(generation.value)-\($0)" }
    }
    var receipt: URL { folder.file("receipt-\(generation.value).jsonl") }
    var plan: URL { folder.file("plan.json") }

    /// Puts new images there, for a new receipt.
    func begin() async {
        generation.withLock { $0 += 1 }
        for (number, id) in images.enumerated() {
            await cloud.cloud.put(DemoImage(id: id, name: "nightly-\(generation.value)-\(number)"))
        }
    }

    /// The images of this generation that are gone. Those that nobody named never are.
    func gone() async -> Set<String> {
        let left = await cloud.remaining()
        #expect(left.isSuperset(of: [Sample.id(1), Sample.id(2)]))
        return Set(images).subtracting(left)
    }

    // MARK: Runs

    /// Runs until it ends, or is killed so many milliseconds after so many requests.
    func run(_ arguments: [String], killedAfter requests: Int? = nil, _ pause: Double = 0) async throws
        -> (Executable.Finished, requests: ArraySlice<LoopbackServer.Request>)
    {
        let before = cloud.requests.count
        let running = try cloud.start(arguments, in: folder)
        if let requests { scheduler.schedule(running, after: requests, [(pause, SIGKILL)]) }
        let finished = await running.finished()
        scheduler.cancel()
        // What it had sent is dealt with.
        while cloud.openConnections > 0 { try await Task.sleep(for: .milliseconds(1)) }
        return (finished, cloud.requests.dropFirst(before))
    }

    // MARK: What is in the files

    /// The lines of the receipt; the beginning of one may stand at its end.
    func lines() throws -> [(id: String, outcome: String)] {
        guard let text = try? String(contentsOf: receipt, encoding: .utf8) else { return [] }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(#"{"attempts":"#.hasPrefix(lines.last?.prefix(12) ?? ""))
        return try lines.dropLast().map { line in
            let json = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return (try #require(json?["id"] as? String), try #require(json?["outcome"] as? String))
        }
    }

    /// The IDs of the images in the plan; nil where there is no plan. Half a plan is an error.
    func planned() throws -> Set<String>? {
        guard let data = try? Data(contentsOf: plan) else { return nil }
        let plan = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let images = try #require(plan["images"] as? [[String: Any]])
        return Set(images.compactMap { $0["id"] as? String })
    }

    /// The token cache is not there, or whole and for its owner only.
    func expectSoundCache() throws {
        let file = folder.file("token-cache.json")
        guard let data = try? Data(contentsOf: file) else { return }
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: data) }
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
    }

    /// The names of the files with `text` in them.
    func files(with text: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter {
            try Data(contentsOf: folder.file($0)).range(of: Data(text.utf8)) != nil
        }
    }
}
