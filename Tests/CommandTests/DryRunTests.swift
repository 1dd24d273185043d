import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

/// What a dry run shows is what the run does, in combinations chosen at random.
@Suite("Dry run, then run")
struct DryRunTests {
    @Test("Does to each image what the dry run shows", arguments: Sampling.of(Array(0..<200), 15))
    func sameFate(seed: Int) async throws {
        var generator = SeededGenerator(seed: seed)
        let images = (1...8).map { Self.image($0, &generator) }
        let cloud = DemoCloud(images: images)
        let transport = FaultyTransport(cloud)
        let files = Locked<[String: Data]>([:])
        var arguments = Self.selection(images, files, &generator)
        if generator.once(in: 3) {
            // Saved, and carried out when some images have changed or are gone.
            _ = await CommandRun(json: arguments + ["--plan", "plan"], on: transport, of: cloud, files: files)
            guard files.value["plan"] != nil else { return }
            for image in generator.subset(of: images) where generator.once(in: 2) {
                if generator.once(in: 2) {
                    await cloud.remove(image.id)
                } else {
                    await cloud.put(Self.changed(image, &generator))
                }
            }
            arguments =
                ["--apply", "plan"] + generator.subset(of: ["--unless-in-use", "--unless-shared", "--ignore-missing"])
        }
        let folder = try TemporaryFolder()
        if generator.once(in: 2) {
            let receipt = folder.file("receipt")
            // An earlier run was killed, and some of its images may exist again.
            let own = images.filter { $0.owner == DemoImage.projectID }
            let lines = generator.subset(of: own).map { Self.line($0, &generator).text(of: cloud) }
            if generator.once(in: 2) { try Data(lines.joined().utf8).write(to: receipt) }
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

    private static func image(_ number: Int, _ generator: inout SeededGenerator) -> DemoImage {
        var image = DemoImage.old(
            number,
            generator.once(in: 9) ? "nightly-1" : "nightly-\(number)",
            day: generator.number(0...9)
        )
        image.visibility = generator.pick(["private", "private", "shared", "shared", "community", "public"])
        image.isProtected = generator.once(in: 4)
        image.isHidden = generator.once(in: 6)
        image.status = generator.pick(["active", "active", "active", "deactivated"])
        image.tags = generator.subset(of: ["ci"])
        if generator.once(in: 4) { image.usedBy = "web-\(number)" }
        if generator.once(in: 3) {
            (image.owner, image.members) = ("other", generator.subset(of: [DemoImage.projectID]))
        } else if image.visibility == "shared" {
            image.members = generator.subset(of: ["other"])
        }
        return image
    }

    private static func line(_ image: DemoImage, _ generator: inout SeededGenerator) -> ReceiptLine {
        ReceiptLine(
            id: image.id,
            name: generator.once(in: 2) ? image.name : nil,
            outcome: generator.pick(["begun", "begun", "deleted", "failed"]),
            isUnprotecting: generator.once(in: 3)
        )
    }

    private static func changed(_ image: DemoImage, _ generator: inout SeededGenerator) -> DemoImage {
        var image = image
        switch generator.number(0...4) {
        case 0: image.name += "-new"
        case 1: image.isProtected.toggle()
        case 2: image.visibility = "community"
        case 3: image.usedBy = "web"
        default: (image.owner, image.members) = ("other", [DemoImage.projectID])
        }
        return image
    }

    /// Keep rules and their counts; often none.
    private static func keeps(_ generator: inout SeededGenerator) -> [(rule: String, count: Int)] {
        let some = generator.subset(of: ["last", "daily", "weekly", "monthly", "yearly"])
        return generator.pick([[], ["last"], some]).map { ($0, generator.number(1...3)) }
    }

    private static func selection(
        _ images: [DemoImage],
        _ files: Locked<[String: Data]>,
        _ generator: inout SeededGenerator
    ) -> [String] {
        var options = generator.subset(of: ["--unless-in-use", "--unless-shared", "--ignore-missing"])
        let ids = generator.subset(of: images.map(\.id) + [Sample.id(99)]) + [images[0].id]
        let names = generator.subset(of: images.prefix(3).map(\.name)) + (generator.once(in: 8) ? ["nosuch"] : [])
        let unprotects = generator.once(in: 3)
        switch generator.number(0...4) {
        case 0: options += ids
        case 1: options += names + ids
        case 2:
            files.withLock { $0["list"] = Data((ids + names).joined(separator: "\n").utf8) }
            options += ["--from", "list"]
        case 3:
            options += ["--match", "nightly-*"]
            options += generator.pick([[], ["--tag", "ci"], ["--older-than", "2020-01-06"]])
            options += keeps(&generator).flatMap { ["--keep-\($0)", "\($1)"] }
            options += generator.pick([[], ["--exclude", "*-[1-3]"]])
        default:
            let keep = keeps(&generator).map { #","keep\#($0.capitalized)":\#($1)"# }.joined()
            let rule = #"{"tag":"ci","unprotect":\#(unprotects)\#(keep)}"#
            files.withLock { $0["policy"] = Data(#"{"rules":{"ci":\#(rule)}}"#.utf8) }
            return options + ["--policy=policy"]
        }
        return options + (unprotects ? ["--unprotect"] : [])
    }
}
