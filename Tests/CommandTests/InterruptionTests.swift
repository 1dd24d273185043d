import Foundation
import TestSupport
import Testing

@Suite("Interruption", .serialized, .timeLimit(.minutes(3)))
struct InterruptionTests {
    /// A cloud whose deletions wait, from the second on, until they are let through.
    private struct HeldCloud {
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

    @Test("While a list is being typed nothing has begun: Ctrl-C ends the run", .timeLimit(.minutes(1)))
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

    @Test("SIGINT, SIGTERM, SIGHUP: under way is finished, the rest is pending", arguments: [SIGINT, SIGTERM, SIGHUP])
    func orderly(signal: Int32) async throws {
        let held = try HeldCloud(images: 5)
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

    @Test("A second one gives up, and says that nobody knows")
    func givingUp() async throws {
        let held = try HeldCloud(images: 4)
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

    @Test("While signing in, it ends at once and nothing is sent")
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
}
