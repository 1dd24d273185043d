import Foundation
import ImageDeletion
import TestSupport

@testable import CommandSupport
@testable import delete_image

/// One process of the command: its invocation and its results.
final class Run: @unchecked Sendable {
    let number: Int
    let invocation: Invocation
    /// The times of its start and end, and the time that its own clock showed at the start.
    private(set) var began: TimeInterval = 0
    private(set) var ended: TimeInterval = 0
    private(set) var now = Date.distantPast
    /// The times of the confirmation and of its response, and the response.
    private(set) var question: (asked: TimeInterval, answered: TimeInterval, answer: Terminal.Answer)?
    /// The time of the first interruption.
    private(set) var interrupted = TimeInterval.infinity
    private(set) var output = ""
    private(set) var errors = ""
    private(set) var status = ExitStatus.done
    private var generator: SeededGenerator

    init(_ number: Int, _ invocation: Invocation, seed: Int) {
        self.number = number
        self.invocation = invocation
        generator = SeededGenerator(seed: seed)
    }

    /// The JSON report on standard output; nil without `--json`.
    var report: Report? { invocation.isJSON ? try? JSONDecoder().decode(Report.self, from: Data(output.utf8)) : nil }

    /// Runs to the end in `scenario`, possibly with interruptions.
    func run(in scenario: Scenario) async throws {
        let scheduler = scenario.scheduler
        let (interruptions, signals) = AsyncStream<Void>.makeStream()
        @Sendable func interrupt() {
            scenario.ledger.note("\(number): interrupted")
            interrupted = min(interrupted, scheduler.time)
            signals.yield()
        }
        // At one of its requests, or at any time.
        let requests = Set((0..<generator.pick([0, 0, 0, 0, 0, 1, 2])).map { _ in generator.number(1...25) })
        let times = (0..<generator.pick([0, 0, 0, 0, 0, 0, 1, 2])).map { _ in
            generator.number(0...generator.pick([100, 1000, 5000, 100_000]))
        }
        let impatience = times.map { time in
            Task {
                try await scheduler.sleep(.milliseconds(time))
                interrupt()
            }
        }
        let answer: Terminal.Answer = generator.pick([.yes, .yes, .yes, .yes, .yes, .no, .unavailable, .timedOut])
        let patience = generator.number(1...generator.pick([1, 20, 300]))
        let arguments = try invocation.arguments(in: scenario.folder.url, process: number)
        began = scheduler.time
        now = scenario.clock.now()
        let line = arguments.joined(separator: " ").replacing(scenario.folder.url.path, with: "…")
        scenario.ledger.note("\(number): delete-image \(line)")
        var context = CommandContext.inMemory(
            scenario.environment,
            scenario.network(number) { if requests.contains($0) { interrupt() } },
            clock: scenario.clock
        )
        context.currentDirectory = scenario.folder.url
        context.random = { Double(self.generator.number(0...999)) / 1000 }
        context.read = { path, _ in
            do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch { throw UserFile.Fault(error) }
        }
        context.write = UserFile.replace
        context.references = { ids, _, _ in .references(to: ids, isInFile: scenario.referenced.contains) }
        context.ask = { question in
            self.output += self.invocation.isJSON ? "" : question(.log) + "\n"
            self.question = (scheduler.time, .infinity, answer)
            try? await scheduler.sleep(.milliseconds(10))
            await scenario.applyExternalEvents(at: .question)
            try? await scheduler.sleep(.seconds(patience))
            self.question?.answered = scheduler.time
            return Task.isCancelled ? .no : answer
        }
        context.print = { self.output += $0 + "\n" }
        context.printError = { self.errors += $0 + "\n" }
        context.interruptions = interruptions
        status = await CommandRun(arguments, in: context).status
        ended = scheduler.time
        scenario.ledger[number].hasEnded = true
        for impatience in impatience { impatience.cancel() }
        signals.finish()
        scenario.ledger.note("\(number): \(status)")
        scenario.ledger.count("status: \(status)")
        for row in report?.images ?? [] {
            // The cloud's own request IDs are others each time.
            let detail = (row.detail ?? "").replacing(#/req-[0-9a-f-]+/#, with: "req-…")
            scenario.ledger.note("\(number): \(row.id) \(row.outcome) \(detail)")
            scenario.ledger.count("outcome: \(row.outcome)")
            if row.outcome == "deleted", scenario.ledger[number].shown[row.id]?.marks.isEmpty == false {
                scenario.ledger.count("deleted after a grace period")
            }
        }
    }
}
