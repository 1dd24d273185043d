import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import delete_image

@Suite("Progress")
struct ProgressTests {
    @Test("How many of how many, how fast, and how long still; not with --quiet", arguments: [false, true])
    func text(isQuiet: Bool) async throws {
        let now = Locked(Date(timeIntervalSince1970: 1_795_000_000))
        let second = Locked<AsyncStream<Void>.Continuation?>(nil)
        let (drawings, drawn) = AsyncStream<String?>.makeStream()
        let shown = Locked<[String?]>([])
        let clock = WallClock(
            now: { now.value },
            sleep: { duration in
                guard duration == .seconds(1) else { return try await Task.sleep(for: .seconds(3600)) }
                let (seconds, passed) = AsyncStream<Void>.makeStream()
                second.withLock { $0 = passed }
                for await _ in seconds { return }
                throw CancellationError()
            }
        )
        let cloud = DemoCloud(images: Sample.images(4), now: { now.value })
        // Before the third deletion, four seconds pass, and the line is drawn.
        let transport = FaultyTransport(cloud) { request, earlier in
            guard request.method == "DELETE", earlier == 2, !isQuiet else { return nil }
            now.withLock { $0 += 4 }
            second.value?.yield()
            for await _ in drawings { break }
            return nil
        }
        let status = await Command.run(
            ["--no-token-cache", "--concurrency", "1"] + (isQuiet ? ["--quiet"] : []) + (1...4).map(Sample.id),
            in: Surroundings(
                environment: cloud.environment,
                currentDirectory: URL(fileURLWithPath: "/package", isDirectory: true),
                transport: { transport },
                clock: clock,
                random: { 0.5 },
                read: { _ in Data() },
                write: { _, _, _ in },
                references: { _, _, _ in [:] },
                ask: { _ in .nobody },
                print: { _ in },
                printError: { _ in },
                progress: { text in
                    shown.withLock { $0.append(text) }
                    drawn.yield(text)
                },
                interruptions: AsyncStream { _ in }
            )
        )
        #expect(status == .done)
        // Taken away after the decision and after the deletions.
        let lines = [
            "2 of 4 images done, 0.5 a second, 4 seconds left", "3 of 4 images done, 0.8 a second, 2 seconds left",
            "4 of 4 images done, 1.0 a second, 0 seconds left",
        ]
        #expect(shown.value == (isQuiet ? [] : [nil] + lines + [nil]))
    }
}
