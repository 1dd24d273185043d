import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import delete_image

/// Rules by age on a machine whose clock is wrong.
@Suite("Clock")
struct ClockTests {
    private static let policy = #"{"rules": {"nightlies": {"match": "*", "olderThan": "11h"}}}"#

    private func situation(_ arguments: [String], hours: Double, minutes: Double = 0) -> Situation {
        var situation = Situation(when: "a wrong clock", arguments: arguments + ["--work-directory", "FOLDER"])
        situation.clockDifference = hours * 3600 + minutes * 60
        situation.files = ["rules.json": Self.policy]
        // Two hours old, by the cloud's clock.
        situation.images = [
            DemoImage(
                id: Sample.id(1),
                name: "nightly",
                createdAt: TestClock().now.addingTimeInterval(-situation.clockDifference - 7200)
            )
        ]
        return situation
    }

    @Test(
        "Deletes nothing by age when the clock is wrong, also with a cached token",
        arguments: [
            ["--match", "*", "--older-than", "11h", "--yes"], ["--match", "*", "--older-than", "11h", "--dry-run"],
            ["--policy", "rules.json", "--yes"],
        ],
        [false, true]
    )
    func wrong(arguments: [String], isAgain: Bool) async throws {
        var situation = situation(arguments, hours: 10)
        situation.isAgain = isAgain
        let sent = Locked<[String]>([])
        situation.fault = { request, _ in
            sent.withLock { $0.append(request.method) }
            return nil
        }
        let (words, status) = try await situation.run()
        #expect(status == .unavailable)
        #expect(words.contains { $0.contains("10 hours ahead of the image service's") }, "\(words)")
        #expect(!sent.value.contains("DELETE"))
    }

    @Test("Reports a clock that is behind")
    func behind() async throws {
        let (words, status) = try await situation(["--match", "*", "--older-than", "1h", "--yes"], hours: -3).run()
        #expect(status == .unavailable)
        #expect(words.contains { $0.contains("3 hours behind the image service's") }, "\(words)")
    }

    @Test(
        "Continues when no decision depends on the clock or its error is small",
        arguments: [
            (["--match", "*", "--yes"], 10.0, 0.0), (["--match", "*", "--older-than", "2026-01-01", "--yes"], 10, 0),
            ([Sample.id(1)], 10, 0), (["--match", "*", "--older-than", "1h", "--yes"], 0, 4),
            (["--match", "*", "--older-than", "1h", "--yes"], 0, -4),
        ] as [([String], Double, Double)]
    )
    func goesOn(arguments: [String], hours: Double, minutes: Double) async throws {
        #expect(try await situation(arguments, hours: hours, minutes: minutes).run().status == .done)
    }
}
