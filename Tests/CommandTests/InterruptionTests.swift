import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

@Suite("Interruption", .serialized, .timeLimit(.minutes(10)))
struct InterruptionTests {
    /// A cloud whose deletions wait, from the second on, until they are let through.
    private struct PausedCloud {
        let cloud: LoopbackCloud
        let held: AsyncStream<Void>
        let letThrough: @Sendable () -> Void

        init(images: Int) throws {
            let (held, arrived) = AsyncStream<Void>.makeStream()
            let (gate, opened) = AsyncStream<Void>.makeStream()
            self.held = held
            letThrough = { opened.finish() }
            cloud = try LoopbackCloud(images: Sample.images(images)) { request, earlier in
                if request.method == "DELETE", earlier > 0 {
                    arrived.yield()
                    for await _ in gate {}
                }
                return nil
            }
        }
    }

    @Test("Deletes nothing when Ctrl-C interrupts a list that is being typed", .timeLimit(.minutes(10)))
    func whileReading() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let running = try Executable.deleteImage.start(
            ["--no-token-cache", "--json", "--from", "-"],
            environment: cloud.environment,
            isInteractive: true
        )
        try running.type(Sample.id(1) + "\n")
        try await running.inputIsRead()
        running.signal(SIGINT)
        let run = await running.finished()
        #expect(run.status == 130)
        #expect(cloud.requests.isEmpty)
    }

    @Test(
        "Finishes requests in progress and leaves the rest pending on SIGINT, SIGTERM and SIGHUP",
        arguments: [SIGINT, SIGTERM, SIGHUP]
    )
    func orderly(signal: Int32) async throws {
        let held = try PausedCloud(images: 5)
        let running = try held.cloud.start(["--json", "--concurrency", "1"] + (1...5).map(Sample.id))
        for await _ in held.held { break }
        running.signal(signal)
        // Let through only when the program has said that it heard.
        await running.errorsContain("interrupted")
        held.letThrough()
        let run = await running.finished()
        #expect(run.status == 130)
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["deleted", "deleted", "pending", "pending", "pending"])
        #expect(report.error?.kind == "interrupted")
        #expect(await held.cloud.remaining() == Set((3...5).map(Sample.id)))
    }

    @Test("Gives up on a second signal and reports unknown outcomes")
    func givingUp() async throws {
        let held = try PausedCloud(images: 4)
        let running = try held.cloud.start(["--json", "--concurrency", "1"] + (1...4).map(Sample.id))
        for await _ in held.held { break }
        running.signal(SIGINT)
        await running.errorsContain("interrupted")
        running.signal(SIGINT)
        let run = await running.finished()
        held.letThrough()
        #expect(run.status == 130)
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["deleted", "failed", "pending", "pending"])
        #expect(report.images[1].detail?.contains("It may be gone nevertheless") == true)
    }

    @Test("Ends at once and sends no deletion when interrupted during the sign-in")
    func signingIn() async throws {
        let (held, arrived) = AsyncStream<Void>.makeStream()
        let cloud = try LoopbackCloud(images: Sample.images(1)) { request, _ in
            arrived.yield()
            return .drip(Data(), every: 3600, again: Data())
        }
        let running = try cloud.start(["--json", Sample.id(1)])
        for await _ in held { break }
        running.signal(SIGINT)
        let run = await running.finished()
        #expect(run.status == 130)
        #expect(try run.report().images.map(\.outcome) == ["pending"])
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Reports an interruption before the last deletion, whatever error the transport throws")
    func unsent() async throws {
        let (interruptions, signals) = AsyncStream<Void>.makeStream()
        let (heard, words) = AsyncStream<Void>.makeStream()
        let cloud = DemoCloud(images: Sample.images(1))
        let transport = FaultyTransport(cloud) { request, _ in
            guard request.method == "DELETE" else { return nil }
            signals.yield()
            for await _ in heard { break }
            signals.yield()
            // Until the second interruption gives the request up.
            try? await Task.sleep(for: .seconds(3600))
            return .error(TransportError(.unreachable, "cancelled before the request was sent"))
        }
        var context = CommandContext.inMemory(cloud.environment, transport)
        context.interruptions = interruptions
        context.printError = { if $0.contains("interrupted: ") { words.yield() } }
        let run = await CommandRun(["--json", "--no-token-cache", "--retries", "0", Sample.id(1)], in: context)
        #expect(run.status == .interrupted)
        #expect(try run.report.images.map(\.outcome) == ["failed"])
    }
}
