import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

@Suite("Progress")
struct ProgressTests {
    @Test("Shows the number, rate and remaining time, but not with --quiet", arguments: [false, true])
    func text(isQuiet: Bool) async throws {
        let now = Locked(Date(timeIntervalSince1970: 1_795_000_000))
        let seconds = Locked<[AsyncStream<Void>.Continuation]>([])
        let (waits, waiting) = AsyncStream<Void>.makeStream()
        let (drawings, drawn) = AsyncStream<String?>.makeStream()
        let shown = Locked<[String?]>([])
        let clock = WallClock(
            now: { now.value },
            sleep: { duration in
                guard duration == .seconds(1) else { return try await Task.sleep(for: .seconds(3600)) }
                let (second, passed) = AsyncStream<Void>.makeStream()
                seconds.withLock { $0.append(passed) }
                waiting.yield()
                for await _ in second { return }
                throw CancellationError()
            }
        )
        let cloud = DemoCloud(images: Sample.images(4), now: { now.value })
        // Before the third deletion, four seconds pass, and the line is drawn.
        let transport = FaultyTransport(cloud) { request, earlier in
            guard request.method == "DELETE", earlier == 2, !isQuiet else { return nil }
            now.withLock { $0 += 4 }
            // Whichever of the two tasks that draw began to wait last, the second passes for it.
            let passing = Task {
                for await _ in waits { for second in seconds.value { second.yield() } }
            }
            for await text in drawings where text != nil { break }
            passing.cancel()
            return nil
        }
        var context = CommandContext.inMemory(cloud.environment, transport, clock: clock)
        context.progress = { text in
            // The same once more is no other line.
            shown.withLock { if $0.last != .some(text) { $0.append(text) } }
            drawn.yield(text)
        }
        let arguments = ["--no-token-cache", "--concurrency", "1"] + (isQuiet ? ["--quiet"] : [])
        let run = await CommandRun(arguments + (1...4).map(Sample.id), in: context)
        #expect(run.status == .done)
        // Taken away after the decision and after the deletions.
        let lines = [
            "2 of 4 images done, 0.5 a second, 4 seconds left", "3 of 4 images done, 0.8 a second, 2 seconds left",
            "4 of 4 images done, 1.0 a second, 0 seconds left",
        ]
        #expect(shown.value == (isQuiet ? [] : [nil] + lines + [nil]))
    }
}
