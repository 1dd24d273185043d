import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// Deletion in two steps: a mark, and a deletion when the mark is due.
@Suite("Grace period")
struct GraceTests {
    private static let day: TimeInterval = 86_400

    /// Nightly images of which the two newest are kept.
    private static var rule: RetentionRule {
        get throws {
            var rule = RetentionRule(namePatterns: [try Glob("nightly-*")], keep: [.last: 2], safeguards: [.inUse])
            rule.grace = try GracePeriod("7d")
            return rule
        }
    }

    /// Images 1 to 4, the oldest first.
    private static let images = (1...4).map { DemoImage.old($0, "nightly-\($0)", day: $0, tags: ["ci"]) }

    /// The outcomes of one run by the numbers of the images, like `kept inGrace`.
    private func run(
        _ fixture: ServiceFixture,
        _ selection: ImageSelection? = nil,
        options: DeletionOptions = DeletionOptions()
    ) async throws -> [Int: String] {
        let service = try fixture.service(retries: 0)
        let plan = try await service.plan(selection ?? .rule(Self.rule), options: options)
        return fates(await service.delete(plan, options: options))
    }

    private func fates(_ outcomes: [Outcome]) -> [Int: String] {
        let fates = outcomes.map { outcome in
            (Int(outcome.id.description.suffix(12)) ?? 0, [outcome.result.name, outcome.keepReason?.name])
        }
        return Dictionary(uniqueKeysWithValues: fates).mapValues { $0.compactMap(\.self).joined(separator: " ") }
    }

    private func image(_ number: Int, of fixture: ServiceFixture) async -> DemoImage? {
        await fixture.cloud.currentImages.first { $0.id == Sample.id(number) }
    }

    private func marks(_ number: Int, of fixture: ServiceFixture) async -> [String] {
        await image(number, of: fixture)?.tags.filter { $0.hasPrefix("delete-after-") } ?? []
    }

    private static func mark(after seconds: TimeInterval, _ fixture: ServiceFixture) -> String {
        let format = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
        return "delete-after-" + (fixture.clock.now + seconds).formatted(format)
    }

    @Test("Marks and hides images, keeps them for the whole period, and deletes them when the mark is due")
    func wholePeriod() async throws {
        let fixture = ServiceFixture(images: Self.images)
        #expect(try await run(fixture) == [1: "marked", 2: "marked", 3: "kept keepLast", 4: "kept keepLast"])
        #expect(await image(1, of: fixture)?.tags == ["ci", Self.mark(after: 7 * Self.day, fixture)])
        #expect(await image(1, of: fixture)?.isHidden == true)
        #expect(await image(3, of: fixture)?.tags == ["ci"])
        let inGrace = [1: "kept inGrace", 2: "kept inGrace", 3: "kept keepLast", 4: "kept keepLast"]
        for _ in 1...7 {
            fixture.clock.advance(by: Self.day)
            #expect(try await run(fixture) == inGrace)
        }
        fixture.clock.advance(by: 1)
        #expect(try await run(fixture) == [1: "deleted", 2: "deleted", 3: "kept keepLast", 4: "kept keepLast"])
        #expect(await fixture.remaining() == [Sample.id(3), Sample.id(4)])
    }

    @Test("Unmarks an image that is in use again, and marks it for a whole new period later")
    func usedAgain() async throws {
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture)
        fixture.clock.advance(by: 3 * Self.day)
        var used = try #require(await image(1, of: fixture))
        used.usedBy = "web-1"
        await fixture.cloud.put(used)
        #expect(try await run(fixture)[1] == "unmarked inUse")
        #expect(await image(1, of: fixture)?.tags == ["ci"])
        #expect(await image(1, of: fixture)?.isHidden == false)

        used = try #require(await image(1, of: fixture))
        used.usedBy = nil
        await fixture.cloud.put(used)
        fixture.clock.advance(by: 5 * Self.day)
        #expect(try await run(fixture)[1] == "marked")
        #expect(await marks(1, of: fixture) == [Self.mark(after: 7 * Self.day, fixture)])
        #expect(await fixture.remaining().contains(Sample.id(2)) == false)
    }

    @Test("Unmarks an image when a safeguard cannot be checked")
    func unknown() async throws {
        let isDown = Locked(false)
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            isDown.value && request.url.path.hasSuffix("/servers/detail") ? .answer(503) : nil
        }
        _ = try await run(fixture)
        isDown.withLock { $0 = true }
        #expect(try await run(fixture)[1] == "unmarked inUse")
        #expect(await marks(1, of: fixture) == [])
    }

    @Test("Unmarks an image that is no longer old enough, or that a keep rule keeps")
    func noLongerSelected() async throws {
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture)
        var rule = try Self.rule
        rule.olderThan = .date(Self.images[1].createdAt)
        await fixture.cloud.remove(Sample.id(4))
        #expect(
            try await run(fixture, .rule(rule)) == [1: "kept inGrace", 2: "unmarked keepLast", 3: "kept keepLast"]
        )
        rule.keep = [:]
        rule.olderThan = .date(Self.images[0].createdAt)
        #expect(try await run(fixture, .rule(rule)) == [1: "unmarked notSelected"])
    }

    @Test("Unmarks an excluded image, and does not touch marks on images that its filters do not match")
    func othersMarks() async throws {
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture)
        var rule = try Self.rule
        (rule.namePatterns, rule.exclusions) = ([try Glob("nightly-[234]")], [try Glob("nightly-2")])
        #expect(
            try await run(fixture, .rule(rule)) == [2: "unmarked excluded", 3: "kept keepLast", 4: "kept keepLast"]
        )
        #expect(await marks(1, of: fixture).count == 1)
        #expect(await marks(2, of: fixture) == [])
    }

    @Test("Never takes a malformed or foreign mark as due")
    func malformedMarks() async throws {
        let tags = [
            "delete-after-", "delete-after-20201340T000000Z", "delete-after-20260101T000000", "delete-after-20260101",
            "Delete-After-20260101T000000Z", "delete-after-20260101T000000Z ", "delete-after-2026-01-01T00:00:00Z",
            "delete-after-20260101T000000+01:00", "delete-after-99999999T999999Z",
            // Due before the image was created: copied from another image.
            "delete-after-20200101T000000Z",
        ]
        for tag in tags {
            var images = Self.images
            images[0].tags.append(tag)
            let fixture = ServiceFixture(images: images)
            #expect(try await run(fixture)[1] == "marked", "\(tag)")
            #expect(await image(1, of: fixture)?.tags.contains(tag) == true)
        }
    }

    @Test("Of two marks, the later counts, and both are removed")
    func twoMarks() async throws {
        let clock = TestClock()
        let yesterday = Self.mark(after: -Self.day, ServiceFixture(clock: clock))
        var images = Self.images
        images[0].tags += [yesterday, "delete-after-29991231T235959Z"]
        images[0].isHidden = true
        // The form in which Open Telekom Cloud may list a tag without a value.
        images[1].tags += [yesterday + "="]
        let fixture = ServiceFixture(images: images, clock: clock)
        #expect(try await run(fixture) == [1: "kept inGrace", 2: "deleted", 3: "kept keepLast", 4: "kept keepLast"])
        let id = try ImageID(Sample.id(1))
        #expect(try await run(fixture, .restored([id])) == [1: "unmarked"])
        #expect(await image(1, of: fixture)?.tags == ["ci"])
    }

    @Test("Restores an image, which is not deleted before a whole new period is over")
    func restored() async throws {
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture)
        fixture.clock.advance(by: 7 * Self.day)
        let ids = try [1, 3].map { number throws(ImageDeletionError) in try ImageID(Sample.id(number)) }
        #expect(try await run(fixture, .restored(ids)) == [1: "unmarked", 3: "kept notMarked"])
        #expect(await image(1, of: fixture)?.isHidden == false)
        fixture.clock.advance(by: Self.day)
        #expect(try await run(fixture)[1] == "marked")
        fixture.clock.advance(by: 7 * Self.day)
        #expect(try await run(fixture)[1] == "kept inGrace")
    }

    @Test("Keeps an image that is restored after the list was read")
    func restoredAtTheLastMoment() async throws {
        let cloud = Locked<DemoCloud?>(nil)
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            guard request.method == "GET", request.url.lastPathComponent == Sample.id(1), let cloud = cloud.value else {
                return nil
            }
            var image = Self.images[0]
            image.updatedAt += 1
            await cloud.put(image)
            return nil
        }
        _ = try await run(fixture)
        fixture.clock.advance(by: 8 * Self.day)
        cloud.withLock { $0 = fixture.cloud }
        let fates = try await run(fixture)
        #expect(fates[1] == "kept changed")
        #expect(fates[2] == "deleted")
    }

    @Test("Goes on where a run was cut off at any request", arguments: 0..<8)
    func interrupted(step: Int) async throws {
        let number = Locked(0)
        let breaks = Locked(true)
        let fixture = ServiceFixture(images: [Self.images[0]] + Self.images[2...]) { request, _ in
            guard breaks.value, ["PUT", "PATCH", "DELETE"].contains(request.method) else { return nil }
            let isHit = number.withLock { number in
                defer { number += 1 }
                return number == step / 2
            }
            // The request is lost before the service sees it, or its response is.
            return isHit
                ? (step.isMultiple(of: 2) ? .error(TransportError(.unreachable, "")) : .lostAnswer(.connectionLost))
                : nil
        }
        _ = try await run(fixture)
        let later = try await run(fixture)
        #expect(["marked", "kept inGrace"].contains(later[1]))
        #expect(await marks(1, of: fixture).count == 1)

        var used = try #require(await image(1, of: fixture))
        used.usedBy = "web-1"
        await fixture.cloud.put(used)
        for _ in 1...2 { _ = try await run(fixture) }
        #expect(await marks(1, of: fixture) == [])
        // A run that was cut off after it had removed the mark leaves the image hidden.
        _ = try await run(fixture, .restored([try ImageID(Sample.id(1))]))
        #expect(await image(1, of: fixture)?.isHidden == false)

        breaks.withLock { $0 = false }
        used.usedBy = nil
        (used.tags, used.isHidden) = (["ci"], false)
        await fixture.cloud.put(used)
        #expect(try await run(fixture)[1] == "marked")
        #expect(await fixture.remaining().count == 3)
    }

    @Test("Any number of machines may run at once")
    func manyMachines() async throws {
        let fixture = ServiceFixture(images: Self.images)
        let days = 20
        var firstMarked: Date?
        for _ in 1...days {
            try await withThrowingTaskGroup { group in
                for _ in 1...5 { group.addTask { _ = try await self.run(fixture) } }
                try await group.waitForAll()
            }
            if firstMarked == nil { firstMarked = fixture.clock.now }
            let isOver = try fixture.clock.now.timeIntervalSince(#require(firstMarked)) > 7 * Self.day
            #expect(await image(1, of: fixture) == nil || !isOver)
            #expect(await image(1, of: fixture) != nil || isOver)
            fixture.clock.advance(by: Self.day)
        }
        #expect(await fixture.remaining() == [Sample.id(3), Sample.id(4)])
    }

    @Test("Leaves an image as it is, and says so, if it cannot be marked", arguments: [400, 403, 404, 413, 500])
    func refused(status: Int) async throws {
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            request.method == "PUT" && request.url.path.contains(Sample.id(1)) ? .answer(status) : nil
        }
        let fates = try await run(fixture)
        #expect(fates[1] == (status == 404 ? "missing" : "failed"))
        // Without permission, every other image would fail as well.
        #expect(fates[2] == (status == 403 ? "pending" : "marked"))
        #expect(await image(1, of: fixture) == Self.images[0])
    }

    @Test("A mark counts although the image could not be hidden")
    func notHidden() async throws {
        let fixture = ServiceFixture(images: Self.images) { request, _ in request.method == "PATCH" ? .answer(403) : nil
        }
        let service = try fixture.service()
        let outcomes = await service.delete(try await service.plan(.rule(Self.rule)))
        #expect(fates(outcomes)[1] == "marked")
        #expect(outcomes[0].error?.serviceError?.status == 403)
        #expect(await marks(1, of: fixture).count == 1)
        fixture.clock.advance(by: 8 * Self.day)
        #expect(try await run(fixture)[1] == "deleted")
    }

    @Test("Does not hide images of a service that does not know hidden images")
    func withoutHiddenImages() async throws {
        let fixture = ServiceFixture(images: Self.images)
        let service = try ImageService(
            environment: fixture.cloud.environment,
            connection: ServiceConnection(
                transport: WithoutHiddenImages(cloud: fixture.transport),
                clock: fixture.clock.clock
            )
        )
        let outcomes = await service.delete(try await service.plan(.rule(Self.rule)))
        #expect(fates(outcomes)[1] == "marked")
        #expect(fixture.transport.count("PATCH") == 0)
        #expect(await marks(1, of: fixture).count == 1)
    }

    /// Answers as Open Telekom Cloud does: no image has `os_hidden`.
    private struct WithoutHiddenImages: HTTPTransport {
        let cloud: FaultyTransport

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            if request.url.query?.contains("os_hidden") == true { return HTTPResponse(status: 400) }
            var response = try await cloud.send(request)
            let text = String(decoding: response.body, as: UTF8.self)
            response.body = Data(text.replacing("\"os_hidden\":false,", with: "").utf8)
            return response
        }
    }

    @Test("Marks and deletes nothing while this machine's clock is a day off", arguments: [-1.0, 1.0])
    func wrongClock(days: Double) async throws {
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture)
        let skewed = TestClock(now: fixture.clock.now + days * Self.day)
        let service = try ImageService(
            environment: fixture.cloud.environment,
            connection: ServiceConnection(transport: fixture.transport, clock: skewed.clock)
        )
        await #expect(throws: ImageDeletionError.self) { _ = try await service.plan(.rule(Self.rule)) }
        let ids = ImageSelection.images([try ImageID(Sample.id(3))])
        var options = DeletionOptions()
        options.grace = try GracePeriod("7d")
        await #expect(throws: ImageDeletionError.self) { _ = try await service.plan(ids, options: options) }
    }

    @Test("Marks images that are named, and deletes them when they are named again")
    func named() async throws {
        let fixture = ServiceFixture(images: Self.images)
        var options = DeletionOptions()
        options.grace = try GracePeriod("12h")
        let images = ImageSelection.images([try ImageID(Sample.id(4))])
        #expect(try await run(fixture, images, options: options) == [4: "marked"])
        #expect(try await run(fixture, images, options: options) == [4: "kept inGrace"])
        fixture.clock.advance(by: Self.day)
        #expect(try await run(fixture, images, options: options) == [4: "deleted"])
    }

    @Test("The longest grace period of all rules that match an image counts")
    func severalRules() async throws {
        var second = RetentionRule(namePatterns: [try Glob("*-1")])
        #expect(
            try await run(ServiceFixture(images: Self.images), ImageSelection(.rules([Self.rule, second])))[1]
                == "marked"
        )
        second.grace = try GracePeriod("2w")
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture, ImageSelection(.rules([Self.rule, second])))
        #expect(await marks(1, of: fixture) == [Self.mark(after: 14 * Self.day, fixture)])
    }

    @Test("Reads lengths from a minute to a year")
    func lengths() throws {
        #expect(try GracePeriod("1m").seconds == 60)
        #expect(try GracePeriod("36h").seconds == 129_600)
        #expect(try GracePeriod("365d").seconds == 31_536_000)
        for text in ["0d", "0m", "366d", "53w", "9999999w", "7", "d", "", "-1d", "1.5d", "2026-12-04", "7D", "٧d"] {
            #expect(throws: ImageDeletionError.self, "\(text)") { try GracePeriod(text) }
        }
    }

    @Test("Marks an image anew if no run has looked at it for a whole period after its mark was due")
    func overdue() async throws {
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture)
        fixture.clock.advance(by: 15 * Self.day)
        #expect(try await run(fixture)[1] == "marked")
        fixture.clock.advance(by: 8 * Self.day)
        #expect(try await run(fixture)[1] == "deleted")
    }

    @Test("Removes the mark before it shows the image, so that a failure never leaves a mark")
    func failedUnmark() async throws {
        let refuses = Locked("")
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            request.method == refuses.value && request.url.path.contains(Sample.id(1)) ? .answer(503) : nil
        }
        _ = try await run(fixture)
        var used = try #require(await image(1, of: fixture))
        used.usedBy = "web-1"
        await fixture.cloud.put(used)
        refuses.withLock { $0 = "DELETE" }
        #expect(try await run(fixture)[1] == "failed")
        #expect(await image(1, of: fixture)?.isHidden == true)
        refuses.withLock { $0 = "PATCH" }
        #expect(try await run(fixture)[1] == "failed")
        #expect(await marks(1, of: fixture) == [])
        refuses.withLock { $0 = "" }
        #expect(try await run(fixture, .restored([try ImageID(Sample.id(1))]))[1] == "unmarked")
        #expect(await image(1, of: fixture)?.isHidden == false)
    }

    @Test("Shows an image again if another run removes the mark before it is hidden")
    func raceWithUnmark() async throws {
        let cloud = Locked<DemoCloud?>(nil)
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            if request.method == "PATCH", request.url.path.hasSuffix(Sample.id(1)), let cloud = cloud.value {
                var image = Self.images[0]
                image.isHidden = await cloud.currentImages.first { $0.id == image.id }?.isHidden ?? false
                await cloud.put(image)
            }
            return nil
        }
        cloud.withLock { $0 = fixture.cloud }
        #expect(try await run(fixture)[1] == "kept changed")
        #expect(await image(1, of: fixture)?.isHidden == false)
    }

    @Test("The period begins when an image is marked, and not when the plan was made")
    func oldPlan() async throws {
        let fixture = ServiceFixture(images: Self.images)
        let service = try fixture.service()
        let plan = try await service.plan(.rule(Self.rule))
        fixture.clock.advance(by: 8 * Self.day)
        #expect(fates(await service.delete(plan))[1] == "marked")
        #expect(await marks(1, of: fixture) == [Self.mark(after: 7 * Self.day, fixture)])
    }

    @Test("Unmarks an image that belongs to no group and is not old enough")
    func ungrouped() async throws {
        let fixture = ServiceFixture(images: Self.images)
        _ = try await run(fixture)
        var rule = try Self.rule
        rule.groupKey = try GroupKey("tag:branch")
        rule.olderThan = .date(Self.images[0].createdAt)
        #expect(try await run(fixture, .rule(rule)) == [1: "unmarked notSelected", 2: "unmarked notSelected"])
    }

    @Test("Marks no image that was created in the future")
    func future() async throws {
        var images = Self.images
        let fixture = ServiceFixture(images: images)
        images[0].createdAt = fixture.clock.now + 30 * Self.day
        await fixture.cloud.put(images[0])
        var rule = try Self.rule
        rule.keep = [:]
        #expect(try await run(fixture, .rule(rule))[1] == "kept inGrace")
        #expect(await marks(1, of: fixture) == [])
    }

    @Test("A plan with marks stays valid when a part of it was carried out")
    func partOfAPlan() async throws {
        let refuses = Locked(true)
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            refuses.value && request.method == "PUT" ? .answer(503) : nil
        }
        var kept = Self.images[3]
        kept.tags.append(Self.mark(after: Self.day, fixture))
        await fixture.cloud.put(kept)
        let service = try fixture.service(retries: 0)
        let plan = try DeletionPlan(json: try await service.plan(.rule(Self.rule)).json())
        let first = fates(await service.delete(try await service.recheck(plan)))
        #expect(first == [1: "failed", 2: "failed", 3: "kept keepLast", 4: "unmarked keepLast"])
        refuses.withLock { $0 = false }
        let second = fates(await service.delete(try await service.recheck(plan)))
        #expect(second == [1: "marked", 2: "marked", 3: "kept keepLast", 4: "kept changed"])
    }

    @Test("Starts no deletion if the run is stopped while the image is looked up")
    func stopped() async throws {
        let deleter = Locked<ImageDeleter?>(nil)
        let fixture = ServiceFixture(images: Self.images) { request, _ in
            if request.method == "GET", request.url.path.hasSuffix(Sample.id(1)) { await deleter.value?.stop() }
            return nil
        }
        _ = try await run(fixture)
        fixture.clock.advance(by: 8 * Self.day)
        let service = try fixture.service()
        let last = service.deleter(for: try await service.plan(.rule(Self.rule)))
        deleter.withLock { $0 = last }
        #expect(fates(await last.carryOut())[1] == "pending")
        #expect(fixture.transport.requests.allSatisfy { $0.method != "DELETE" })
    }

    @Test("Does not take a mark as due that was copied from an older image")
    func copiedMark() async throws {
        let clock = TestClock()
        var image = Self.images[0]
        image.createdAt = clock.now - 3600
        image.tags.append(Self.mark(after: -Self.day, ServiceFixture(clock: clock)))
        let fixture = ServiceFixture(images: [image], clock: clock)
        var rule = try Self.rule
        rule.keep = [:]
        #expect(try await run(fixture, .rule(rule)) == [1: "marked"])
    }
}
