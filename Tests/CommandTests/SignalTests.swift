import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Signals at random times: the report is true, and the run does not continue.
@Suite("Signals at random times", .serialized, .timeLimit(.minutes(10)))
struct SignalTests {
    private static let runs = Sampling.count(12, sample: 3)

    @Test("Reports the true outcome of each image", arguments: 1...4)
    func outcomes(seed: Int) async throws {
        var generator = SeededGenerator(seed: seed)
        for number in 1...Self.runs {
            let moment: Comment = "seed \(seed), run \(number)"
            let scheduler = SignalScheduler()
            let cloud = try LoopbackCloud(images: Sample.images(12)) { request, earlier in
                scheduler.countRequest()
                // The image is gone only after a while, so that a signal can come before and after.
                if request.method == "DELETE" { try? await Task.sleep(for: .milliseconds(5 + earlier % 3 * 10)) }
                return nil
            }
            let signals = (0..<generator.pick([1, 1, 2])).map { _ in
                (
                    pause: Double.random(in: 0...30, using: &generator),
                    number: generator.pick([SIGINT, SIGTERM, SIGHUP])
                )
            }
            let (concurrency, requests) = (generator.number(1...4), generator.number(0...13))
            let running = try cloud.start(["--json", "--concurrency", "\(concurrency)"] + (1...12).map(Sample.id))
            scheduler.schedule(running, after: requests, signals)
            let run = await running.finished()
            scheduler.cancel()
            // What was sent is dealt with: the last answers are given, to nobody.
            while cloud.openConnections > 0 { try await Task.sleep(for: .milliseconds(5)) }
            try await expectTruth(run, cloud, signals.map(\.number), moment)
        }
    }

    @Test("Ignores a signal that was ignored at its start", arguments: [("INT", SIGINT), ("HUP", SIGHUP)])
    func ignored(name: String, number: Int32) async throws {
        let place = Locked<Running?>(nil)
        let cloud = try LoopbackCloud(images: Sample.images(2)) { request, _ in
            if request.method == "DELETE" { place.value?.signal(number) }
            return nil
        }
        let command = "trap '' \(name); exec \"$0\" \"$@\""
        let running = try Executable(url: URL(fileURLWithPath: "/bin/sh")).start(
            ["-c", command, Executable.deleteImage.url.path, "--no-token-cache", "--concurrency", "1"]
                + (1...2).map(Sample.id),
            environment: cloud.environment
        )
        place.withLock { $0 = running }
        let run = await running.finished()
        #expect(run.status == 0)
        #expect(run.errors == "")
        #expect(await cloud.remaining().isEmpty)
    }

    private func expectTruth(
        _ run: Executable.Finished,
        _ cloud: LoopbackCloud,
        _ signals: [Int32],
        _ moment: Comment
    ) async throws {
        if run.status < 0 {
            // It came before the program was one.
            #expect(signals.contains(-run.status) && run.output == "" && cloud.requests.isEmpty, moment)
            return
        }
        let report = try run.report()
        #expect(report.images.map(\.id) == (1...12).map(Sample.id), moment)
        let left = await cloud.remaining()
        let tried = cloud.requests.filter { $0.method == "DELETE" }.map(\.path)
        for image in report.images {
            switch image.outcome {
            case "deleted": #expect(!left.contains(image.id), moment)
            case "pending":
                #expect(left.contains(image.id), moment)
                #expect(!tried.contains { $0.hasSuffix(image.id) }, moment)
            case "failed" where image.detail?.contains("It may be gone nevertheless") == true:
                #expect(signals.count > 1, "only who is asked twice gives up; \(moment)")
            default: #expect(image.outcome == "failed" && left.contains(image.id), moment)
            }
        }
        let isDone = report.summary["deleted"] == 12
        #expect(run.status == (isDone ? 0 : 130), moment)
    }
}
