import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import CommandSupport
@testable import delete_image

/// Something that can go wrong, made in memory, and what is said then.
struct Situation: Sendable {
    /// What it is, in a few words.
    var when: String
    var arguments: [String] = [Sample.id(1)]
    var variables: [String: String?] = [:]
    var images: [DemoImage] = Sample.images(2)
    /// What is in the files that are read, by their paths.
    var files: [String: String] = [:]
    /// Why a file cannot be read, where it is there.
    var readFault: UserFile.Fault?
    /// Where the token cache is kept, if that is what goes wrong.
    var cache: [String]?
    /// Why the plan cannot be written.
    var writeFault: UserFile.Fault?
    var references: @Sendable (Set<ImageID>) throws -> [ImageID: KeepReason.Reference] = { _ in [:] }
    var answer: Terminal.Answer = .unavailable
    var fault: @Sendable (SentRequest, Int) async -> FaultyTransport.Fault? = { _, _ in nil }
    /// Whether somebody presses Ctrl-C, and again, when this request is sent.
    var interrupts: (@Sendable (SentRequest) -> Int)?
    /// What happens before the run, in the folder of its receipt and its token cache.
    var prepare: @Sendable (URL) throws -> Void = { _ in }
    /// How many seconds the cloud's clock is behind this machine's.
    var clockDifference: TimeInterval = 0
    /// Whether the same was run before, in the same folder and on the same cloud.
    var isAgain = false
    /// Whether the folder is used: `FOLDER` in an argument stands for it.
    var usesFolder: Bool { arguments.contains { $0.contains("FOLDER") } }

    /// All that is said: errors, warnings, and what is told of images.
    func run() async throws -> (words: [String], status: ExitStatus) {
        let folder = try TemporaryFolder()
        try prepare(folder.url)
        let clock = TestClock()
        let cloud = DemoCloud(images: images, now: { clock.now - clockDifference })
        let (interruptions, stop) = AsyncStream<Void>.makeStream()
        let (hearings, heard) = AsyncStream<Void>.makeStream()
        let transport = FaultyTransport(cloud) { request, earlier in
            let times = interrupts?(request) ?? 0
            for _ in 0..<times { stop.yield() }
            // Who gives up waits for no answer; who does not has heard before it comes.
            if times > 1 { return .silence }
            if times == 1 { for await _ in hearings { break } }
            return await fault(request, earlier)
        }
        let told = Locked<[String]>([])
        let namesFolder = arguments.contains("--work-directory")
        let cache =
            cache ?? (namesFolder ? [] : usesFolder ? ["--work-directory", folder.url.path] : ["--no-token-cache"])
        let arguments = arguments.map { $0.replacing("FOLDER", with: folder.url.path) }
        let retries = arguments.contains("--retries") ? [] : ["--retries", "0"]
        // TestClock waits for deadlines of this length only.
        let timeout = arguments.contains("--timeout") ? [] : ["--timeout", "31"]
        var context = CommandContext.inMemory(
            cloud.environment.merging(variables.compactMapValues { $0 }) { $1 }
                .filter { variables[$0.key] != .some(nil) },
            transport,
            clock: Self.patient(clock.clock),
            files: Locked(files.mapValues { Data($0.utf8) })
        )
        if let readFault { context.read = { _, _ in throw readFault } }
        context.write = { _, _, _ in if let writeFault { throw writeFault } }
        context.references = { ids, _, _ in try references(ids) }
        context.ask = { _ in answer }
        context.printError = { line in
            told.withLock { $0.append(line) }
            if line.contains("interrupted: ") { heard.yield() }
        }
        context.interruptions = interruptions
        let line = ["--json"] + timeout + cache + retries + arguments
        if isAgain {
            _ = await CommandRun(line, in: context)
            told.withLock { $0 = [] }
        }
        let run = await CommandRun(line, in: context)
        let details = try run.report.images.compactMap { row in row.detail.map { "\(row.outcome): \($0)" } }
        var words: [String] = []
        // What is told once more of an image, and of another, is documented once.
        for text in (told.value + details).map({ $0.replacing(folder.url.path, with: "…") }) where !words.contains(text)
        {
            let isSaid = words.contains { $0.lowercased().hasSuffix(text.suffix(40).lowercased()) }
            if !isSaid { words.append(text) }
        }
        return (words, run.status)
    }

    /// `clock`, on which it never comes to what happens when a Ctrl-C is not heeded for ten seconds.
    private static func patient(_ clock: WallClock) -> WallClock {
        WallClock(
            now: clock.now,
            sleep: { try await $0 == .seconds(10) ? Task.sleep(for: .seconds(3600)) : clock.sleep($0) }
        )
    }
}
