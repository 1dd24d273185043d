import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// One simulated scenario, which its seed determines: a cloud, the faults of its responses, external events, and processes
/// of the command, one after the other or concurrent, with one folder for their files.
final class Scenario: @unchecked Sendable {
    static let start = Date(timeIntervalSince1970: 1_795_000_000)

    let seed: Int
    let scheduler: Scheduler
    let ledger: Ledger
    let folder: TemporaryFolder
    /// Changes every few runs.
    private(set) var faultProfile: FaultProfile
    let externalEvents: ExternalEvents
    let tokenLifetime: TimeInterval
    /// The images whose IDs are written in a file.
    let referenced: Set<String>
    let environment: [String: String]
    private(set) var runs: [Run] = []
    /// Dry runs, each with the run that followed it directly.
    private(set) var rehearsals: [(dryRun: Run, run: Run)] = []
    private var generator: SeededGenerator
    private let cloud: DemoCloud
    private var clockIsAhead: TimeInterval = 0
    /// The indices of the external events that have happened.
    private var done: Set<Int> = []
    /// Whether the password of the processes is no longer valid.
    private(set) var hasOldPassword = false

    init(seed: Int) throws {
        self.seed = seed
        var generator = SeededGenerator(seed: seed)
        let scheduler = Scheduler(seed: seed)
        let images = (1...generator.number(4...20)).map { DemoImage.drawn($0, &generator) }
        self.scheduler = scheduler
        ledger = Ledger(images) { scheduler.time }
        folder = try TemporaryFolder()
        faultProfile = FaultProfile(&generator)
        externalEvents = ExternalEvents(images, &generator)
        referenced = Set(images.map(\.id).filter { _ in generator.once(in: 5) })
        tokenLifetime = generator.pick([86_400, 86_400, 600, 600, 60, 3])
        cloud = DemoCloud(
            images: images,
            tokenLifetime: tokenLifetime,
            longestPage: generator.pick([1, 2, 3, 5, 1000]),
            now: { Scenario.start + scheduler.time }
        )
        var environment = cloud.environment
        if generator.once(in: 40) { environment["OS_PASSWORD"] = "another-pa55w0rd" }
        self.environment = environment
        ledger.keepSecret(environment["OS_PASSWORD"] ?? "")
        self.generator = generator
    }

    /// The clock of the machine that the processes run on.
    var clock: WallClock {
        WallClock(now: { Scenario.start + self.scheduler.time + self.clockIsAhead }, sleep: scheduler.sleep)
    }

    /// Returns the network between one process and the cloud.
    func network(_ process: Int, onRequest: @escaping @Sendable (Int) -> Void) -> Network {
        Network(of: process, on: self, to: cloud, seed: seed &* 31 &+ process) { number in
            onRequest(number)
            await self.applyExternalEvents(at: .request(process, number))
        }
    }

    /// Runs the scenario to its end.
    ///
    /// - Throws: ``Scheduler/Stuck`` if it does not end.
    func run() throws {
        let outcome = try scheduler.run {
            await Result { try await self.work() }
        }
        try outcome.get()
    }

    /// Applies the external events of this moment.
    func applyExternalEvents(at moment: ExternalEvents.Moment) async {
        for (number, event) in externalEvents.events.enumerated()
        where event.moment == moment && done.insert(number).inserted {
            ledger.note("external: \("\(event.event)".prefix(100))")
            ledger.count("external: \("\(event.event)".prefix { $0 != "(" })")
            switch event.event {
            case .setClock(let seconds): clockIsAhead += seconds
            case .changePassword:
                hasOldPassword = true
                await cloud.apply(event.event, at: Scenario.start + scheduler.time, seenBy: ledger)
            case .spoilCache(let damage): try? damage.apply(in: folder.url)
            default: await cloud.apply(event.event, at: Scenario.start + scheduler.time, seenBy: ledger)
            }
        }
    }

    private func work() async throws {
        for round in 1...generator.number(2...4) {
            faultProfile = FaultProfile(&generator)
            try await work(round)
            try await pause()
        }
    }

    private func work(_ round: Int) async throws {
        let invocation = invocation()
        switch generator.number(0...7) {
        case 7:
            // What a job does every night, a few times.
            for _ in 1...generator.number(2...4) {
                try await run(invocation)
                try await scheduler.sleep(.seconds(generator.number(0...400)))
            }
        case 0, 1:
            try await run(invocation)
        case 2:
            // A run that fails is repeated.
            for _ in 1...3 {
                if try await run(invocation).status == .done { return }
                try await pause()
            }
        case 3:
            let other = self.invocation()
            async let first = run(invocation)
            async let second = run(generator.once(in: 2) ? invocation : other, after: generator.number(0...2000))
            _ = try await (first, second)
        case 4:
            try await rehearse(invocation)
        default:
            var plan = invocation
            (plan.isDryRun, plan.writesPlan, plan.hasReceipt, plan.forgetsToken) = (false, true, false, false)
            plan.plan = "plan-\(round)"
            try await run(plan)
            try await pause()
            guard FileManager.default.fileExists(atPath: folder.file(plan.plan).path) else { return }
            var apply = Invocation(.planned, &generator)
            apply.plan = plan.plan
            try await run(apply)
        }
    }

    /// Does a dry run and then the run, without faults, after the last late request of earlier runs.
    private func rehearse(_ invocation: Invocation) async throws {
        try await scheduler.sleep(.seconds(120))
        faultProfile = .none
        var invocation = invocation
        (invocation.isDryRun, invocation.hasReceipt, invocation.forgetsToken, invocation.isJSON, invocation.timeout) = (
            true, false, false, true, 30
        )
        let events = done.count
        let dryRun = try await run(invocation)
        invocation.isDryRun = false
        let run = try await run(invocation)
        guard done.count == events, dryRun.report?.error == nil, run.report?.error == nil else { return }
        ledger.count("rehearsal")
        rehearsals.append((dryRun, run))
    }

    private func pause() async throws {
        try await scheduler.sleep(.seconds(generator.number(0...generator.pick([60, 900]))))
    }

    @discardableResult
    private func run(_ invocation: Invocation, after milliseconds: Int = 0) async throws -> Run {
        try await scheduler.sleep(.milliseconds(milliseconds))
        let run = Run(runs.count + 1, invocation, seed: generator.number(0...Int(Int32.max)))
        runs.append(run)
        try await run.run(in: self)
        return run
    }

    private func invocation() -> Invocation {
        let images = ledger.now.keys.sorted()
        let name = generator.pick(ledger.now.values.filter(\.isOwn).map(\.name).sorted() + DemoImage.names.prefix(1))
        return switch generator.number(0...3) {
        case 0:
            Invocation(
                .ids(
                    generator.subset(of: images)
                        + [generator.pick(images.isEmpty ? [Sample.id(778)] : images), Sample.id(777)].filter { _ in
                            generator.once(in: 2)
                        }
                ),
                &generator
            )
        case 1:
            // Mostly names that only one image has: an ambiguous name deletes nothing.
            Invocation(
                .names(
                    ledger.now.values.filter(\.isOwn).map(\.name).sorted().filter { _ in generator.once(in: 3) } + [
                        name
                    ]
                ),
                &generator
            )
        case 2: Invocation(.rules([Invocation.Rule(&generator)], isPolicy: false), &generator)
        default:
            Invocation(
                .rules((1...generator.number(1...3)).map { _ in Invocation.Rule(&generator) }, isPolicy: true),
                &generator
            )
        }
    }
}

extension DemoImage {
    /// The names that images have and that are asked for; few, so that they meet.
    static let names = (1...20).map { "nightly-\($0)" } + ["ci-1", "release", "evil\u{202E}\u{9B}31m"]

    fileprivate static func drawn(_ number: Int, _ generator: inout SeededGenerator) -> DemoImage {
        let isShared = generator.once(in: 4)
        var image = DemoImage(
            id: Sample.id(number),
            name: generator.pick(names),
            visibility: isShared ? "shared" : "private",
            isProtected: generator.once(in: 3),
            createdAt: Scenario.start - Double(generator.number(0...14)) * 86_400 - 43_200,
            status: generator.pick(["active", "active", "active", "queued"]),
            tags: generator.subset(of: ["ci", "old"]),
            members: isShared && generator.once(in: 2) ? ["another project"] : [],
            usedBy: generator.once(in: 5) ? "server" : nil,
            use: generator.pick([.disk, .disk, .volume, .shelved])
        )
        switch generator.number(0...16) {
        case 0: (image.owner, image.visibility) = ("another project", "public")
        case 1: (image.owner, image.visibility, image.members) = ("another project", "shared", [DemoImage.projectID])
        case 2: (image.owner, image.visibility) = ("another project", "private")
        case 3: image.visibility = "community"
        case 4: (image.owner, image.visibility) = ("another project", "community")
        default: break
        }
        return image
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
