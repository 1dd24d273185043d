import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

/// What a dry run shows is what the run does, in combinations chosen at random.
@Suite("Dry run, then run")
struct DryRunTests {
    @Test("Every image has the same action", arguments: Sampling.of(Array(0..<200), 15))
    func sameFate(seed: Int) async throws {
        var dice = Dice(seed: seed)
        let images = (1...8).map { Self.image($0, &dice) }
        let cloud = DemoCloud(images: images)
        let transport = FaultyTransport(cloud)
        let files = Locked<[String: Data]>([:])
        var arguments = Self.selection(images, files, &dice)
        if dice.once(in: 3) {
            // Saved, and carried out when some images have changed or are gone.
            _ = await CommandRun(json: arguments + ["--plan", "plan"], on: transport, of: cloud, files: files)
            guard files.value["plan"] != nil else { return }
            for image in dice.some(images) where dice.once(in: 2) {
                if dice.once(in: 2) {
                    await cloud.remove(image.id)
                } else {
                    await cloud.put(Self.changed(image, &dice))
                }
            }
            arguments = ["--apply", "plan"] + dice.some(["--unless-in-use", "--unless-shared", "--ignore-missing"])
        }
        let folder = try TemporaryFolder()
        if dice.once(in: 2) {
            let receipt = folder.file("receipt")
            // An earlier run was killed, and some of its images may exist again.
            let own = images.filter { $0.owner == DemoImage.projectID }
            let lines = dice.some(own).map { Self.line($0, &dice).text(of: cloud) }
            if dice.once(in: 2) { try Data(lines.joined().utf8).write(to: receipt) }
            arguments += ["--receipt", receipt.path]
        }
        let there = Dictionary(await cloud.currentImages.map { ($0.id, $0) }) { $1 }
        let receiptBefore = try? Data(contentsOf: folder.file("receipt"))

        let dryRun = await CommandRun(json: arguments + ["--dry-run"], on: transport, of: cloud, files: files)
        #expect(transport.count("DELETE") == 0 && transport.count("PATCH") == 0)
        #expect((try? Data(contentsOf: folder.file("receipt"))) == receiptBefore)
        let run = await CommandRun(json: arguments + ["--yes"], on: transport, of: cloud, files: files)

        let (expected, fates) = (try dryRun.fates, try run.fates)
        let line = Comment(rawValue: arguments.joined(separator: " "))
        #expect(Set(expected.keys) == Set(fates.keys), line)
        for (id, action) in expected {
            let isOwn = there[id].map { $0.owner == DemoImage.projectID } ?? true
            switch action {
            // The service refuses this account other projects' images; an administrator's it might not.
            case "wouldDelete": #expect(fates[id] == (isOwn ? "deleted" : "failed"), line)
            case "kept protected" where !isOwn: #expect(["kept protected", "failed"].contains(fates[id]), line)
            default: #expect(fates[id] == action, line)
            }
        }
        if try run.report.summary["failed"] == 0 { #expect(dryRun.status == run.status, line) }
        let remaining = Set(await cloud.currentImages.map(\.id))
        let deleted = fates.filter { $0.value == "deleted" }.keys
        #expect(remaining == Set(there.keys).subtracting(deleted), line)
    }

    private static func image(_ number: Int, _ dice: inout Dice) -> DemoImage {
        var image = DemoImage.old(number, dice.once(in: 9) ? "nightly-1" : "nightly-\(number)", day: dice.number(0...9))
        image.visibility = dice.pick(["private", "private", "shared", "shared", "community", "public"])
        image.isProtected = dice.once(in: 4)
        image.isHidden = dice.once(in: 6)
        image.status = dice.pick(["active", "active", "active", "deactivated"])
        image.tags = dice.some(["ci"])
        if dice.once(in: 4) { image.usedBy = "web-\(number)" }
        if dice.once(in: 3) {
            (image.owner, image.members) = ("other", dice.some([DemoImage.projectID]))
        } else if image.visibility == "shared" {
            image.members = dice.some(["other"])
        }
        return image
    }

    private static func line(_ image: DemoImage, _ dice: inout Dice) -> ReceiptLine {
        ReceiptLine(
            id: image.id,
            name: dice.once(in: 2) ? image.name : nil,
            outcome: dice.pick(["begun", "begun", "deleted", "failed"]),
            isUnprotecting: dice.once(in: 3)
        )
    }

    private static func changed(_ image: DemoImage, _ dice: inout Dice) -> DemoImage {
        var image = image
        switch dice.number(0...4) {
        case 0: image.name += "-new"
        case 1: image.isProtected.toggle()
        case 2: image.visibility = "community"
        case 3: image.usedBy = "web"
        default: (image.owner, image.members) = ("other", [DemoImage.projectID])
        }
        return image
    }

    /// Keep rules and their counts; often none.
    private static func keeps(_ dice: inout Dice) -> [(rule: String, count: Int)] {
        dice.pick([[], ["last"], dice.some(["last", "daily", "weekly", "monthly", "yearly"])]).map {
            ($0, dice.number(1...3))
        }
    }

    private static func selection(
        _ images: [DemoImage],
        _ files: Locked<[String: Data]>,
        _ dice: inout Dice
    ) -> [String] {
        var options = dice.some(["--unless-in-use", "--unless-shared", "--ignore-missing"])
        let ids = dice.some(images.map(\.id) + [Sample.id(99)]) + [images[0].id]
        let names = dice.some(images.prefix(3).map(\.name)) + (dice.once(in: 8) ? ["nosuch"] : [])
        let unprotects = dice.once(in: 3)
        switch dice.number(0...4) {
        case 0: options += ids
        case 1: options += names + ids
        case 2:
            files.withLock { $0["list"] = Data((ids + names).joined(separator: "\n").utf8) }
            options += ["--from", "list"]
        case 3:
            options +=
                ["--match", "nightly-*"] + dice.pick([[], ["--tag", "ci"], ["--older-than", "2020-01-06"]])
                + keeps(&dice).flatMap { ["--keep-\($0)", "\($1)"] } + dice.pick([[], ["--exclude", "*-[1-3]"]])
        default:
            let keep = keeps(&dice).map { #","keep\#($0.capitalized)":\#($1)"# }.joined()
            let rule = #"{"tag":"ci","unprotect":\#(unprotects)\#(keep)}"#
            files.withLock { $0["policy"] = Data(#"{"rules":{"ci":\#(rule)}}"#.utf8) }
            return options + ["--policy=policy"]
        }
        return options + (unprotects ? ["--unprotect"] : [])
    }
}
