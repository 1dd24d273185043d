import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// One simulated day, which is all in its seed: a cloud and its weather, other people, and processes of the command, one
/// after the other or together, with one folder for their files.
final class Day: @unchecked Sendable {
    static let start = Date(timeIntervalSince1970: 1_795_000_000)

    let seed: Int
    let scheduler: Scheduler
    let ledger: Ledger
    let folder: TemporaryFolder
    /// Another one every few runs.
    private(set) var weather: Weather
    let people: People
    let tokenLifetime: TimeInterval
    /// The images whose IDs are written in a file.
    let referenced: Set<String>
    let environment: [String: String]
    private(set) var runs: [Run] = []
    /// Dry runs and the runs that followed, with nothing in between.
    private(set) var rehearsals: [(dryRun: Run, run: Run)] = []
    private var dice: Dice
    private let cloud: DemoCloud
    private var clockIsAhead: TimeInterval = 0
    /// Which of the others' deeds are done.
    private var done: Set<Int> = []
    /// Whether the password of the processes is the cloud's no longer.
    private(set) var hasOldPassword = false

    init(seed: Int) throws {
        self.seed = seed
        var dice = Dice(seed: seed)
        let scheduler = Scheduler(seed: seed)
        let images = (1...dice.number(4...20)).map { DemoImage.drawn($0, &dice) }
        self.scheduler = scheduler
        ledger = Ledger(images) { scheduler.time }
        folder = try TemporaryFolder()
        weather = Weather(&dice)
        people = People(images, &dice)
        referenced = Set(images.map(\.id).filter { _ in dice.once(in: 5) })
        tokenLifetime = dice.pick([86_400, 86_400, 600, 600, 60, 3])
        cloud = DemoCloud(
            images: images,
            tokenLifetime: tokenLifetime,
            longestPage: dice.pick([1, 2, 3, 5, 1000]),
            now: { Day.start + scheduler.time }
        )
        var environment = cloud.environment
        if dice.once(in: 40) { environment["OS_PASSWORD"] = "another-pa55w0rd" }
        self.environment = environment
        ledger.keepSecret(environment["OS_PASSWORD"] ?? "")
        self.dice = dice
    }

    /// The clock of the machine that the processes run on.
    var clock: WallClock {
        WallClock(now: { Day.start + self.scheduler.time + self.clockIsAhead }, sleep: scheduler.sleep)
    }

    /// The way to the cloud of one process.
    func network(_ process: Int, onRequest: @escaping @Sendable (Int) -> Void) -> Network {
        Network(of: process, on: self, to: cloud, seed: seed &* 31 &+ process) { number in
            onRequest(number)
            await self.others(.request(process, number))
        }
    }

    /// Lets it happen.
    ///
    /// - Throws: ``Scheduler/Stuck`` where it does not end.
    func pass() throws {
        let outcome = try scheduler.run {
            await Result { try await self.work() }
        }
        try outcome.get()
    }

    /// Lets the others do what they do at this moment.
    func others(_ moment: People.Moment) async {
        for (number, deed) in people.deeds.enumerated() where deed.moment == moment && done.insert(number).inserted {
            ledger.note("people: \("\(deed.deed)".prefix(100))")
            ledger.count("people: \("\(deed.deed)".prefix { $0 != "(" })")
            switch deed.deed {
            case .setClock(let seconds): clockIsAhead += seconds
            case .changePassword:
                hasOldPassword = true
                await cloud.do(deed.deed, at: Day.start + scheduler.time, seenBy: ledger)
            case .spoilCache(let damage): try? damage.happen(in: folder.url)
            default: await cloud.do(deed.deed, at: Day.start + scheduler.time, seenBy: ledger)
            }
        }
    }

    private func work() async throws {
        for round in 1...dice.number(2...4) {
            weather = Weather(&dice)
            try await work(round)
            try await pause()
        }
    }

    private func work(_ round: Int) async throws {
        let wish = wish()
        switch dice.number(0...6) {
        case 0, 1:
            try await run(wish)
        case 2:
            // Whoever did not get through tries again.
            for _ in 1...3 {
                if try await run(wish).status == .done { return }
                try await pause()
            }
        case 3:
            let other = self.wish()
            async let first = run(wish)
            async let second = run(dice.once(in: 2) ? wish : other, after: dice.number(0...2000))
            _ = try await (first, second)
        case 4:
            try await rehearse(wish)
        default:
            var plan = wish
            (plan.isDryRun, plan.writesPlan, plan.hasReceipt, plan.forgetsToken) = (false, true, false, false)
            plan.plan = "plan-\(round)"
            try await run(plan)
            try await pause()
            guard FileManager.default.fileExists(atPath: folder.file(plan.plan).path) else { return }
            var apply = Wish(.planned, &dice)
            apply.plan = plan.plan
            try await run(apply)
        }
    }

    /// Does a dry run and then the run, without faults, and when no late request of an earlier run can come any more.
    private func rehearse(_ wish: Wish) async throws {
        try await scheduler.sleep(.seconds(120))
        weather = .calm
        var wish = wish
        (wish.isDryRun, wish.hasReceipt, wish.forgetsToken, wish.isJSON, wish.timeout) = (true, false, false, true, 30)
        let deeds = done.count
        let dryRun = try await run(wish)
        wish.isDryRun = false
        let run = try await run(wish)
        guard done.count == deeds, dryRun.report?.error == nil, run.report?.error == nil else { return }
        ledger.count("rehearsal")
        rehearsals.append((dryRun, run))
    }

    private func pause() async throws {
        try await scheduler.sleep(.seconds(dice.number(0...dice.pick([60, 900]))))
    }

    @discardableResult
    private func run(_ wish: Wish, after milliseconds: Int = 0) async throws -> Run {
        try await scheduler.sleep(.milliseconds(milliseconds))
        let run = Run(runs.count + 1, wish, seed: dice.number(0...Int(Int32.max)))
        runs.append(run)
        try await run.run(in: self)
        return run
    }

    private func wish() -> Wish {
        let images = ledger.now.keys.sorted()
        let name = dice.pick(ledger.now.values.filter(\.isOwn).map(\.name).sorted() + DemoImage.names.prefix(1))
        return switch dice.number(0...3) {
        case 0:
            Wish(
                .ids(
                    dice.some(images)
                        + [dice.pick(images.isEmpty ? [Sample.id(778)] : images), Sample.id(777)].filter { _ in
                            dice.once(in: 2)
                        }
                ),
                &dice
            )
        case 1:
            // Mostly names of one image each: of several, none goes.
            Wish(
                .names(
                    ledger.now.values.filter(\.isOwn).map(\.name).sorted().filter { _ in dice.once(in: 3) } + [name]
                ),
                &dice
            )
        case 2: Wish(.rules([Wish.Rule(&dice)], isPolicy: false), &dice)
        default: Wish(.rules((1...dice.number(1...3)).map { _ in Wish.Rule(&dice) }, isPolicy: true), &dice)
        }
    }
}

extension DemoImage {
    /// The names that images have and that are asked for; few, so that they meet.
    static let names = (1...20).map { "nightly-\($0)" } + ["ci-1", "release", "evil\u{202E}\u{9B}31m"]

    fileprivate static func drawn(_ number: Int, _ dice: inout Dice) -> DemoImage {
        let isShared = dice.once(in: 4)
        var image = DemoImage(
            id: Sample.id(number),
            name: dice.pick(names),
            visibility: isShared ? "shared" : "private",
            isProtected: dice.once(in: 3),
            createdAt: Day.start - Double(dice.number(0...14)) * 86_400 - 43_200,
            status: dice.pick(["active", "active", "active", "queued"]),
            tags: dice.some(["ci", "old"]),
            members: isShared && dice.once(in: 2) ? ["another project"] : [],
            usedBy: dice.once(in: 5) ? "server" : nil,
            use: dice.pick([.disk, .disk, .volume, .shelved])
        )
        switch dice.number(0...16) {
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
