import Foundation
import ImageDeletion
import TestSupport
import Testing

/// Names, filters, safeguards and plans against what Glance really lists. Its pages have five images here.
extension RealCloudTests {
    /// Makes images with these names and gives their IDs.
    private func makeImages(
        _ names: [String],
        _ properties: [String: any Sendable] = [:],
        data: Data? = nil
    ) async throws -> [String] {
        var ids: [String] = []
        for name in names {
            ids.append(try await cloud.makeImage(properties.merging(["name": name]) { $1 }, data: data))
        }
        return ids
    }

    private func there(_ ids: [String]) async throws -> [String] {
        var there: [String] = []
        for id in ids where try await cloud.has(id) { there.append(id) }
        return there
    }

    @Test("Deletes nothing when a name is unknown or ambiguous")
    func names() async throws {
        let admin = try await RealCloud("admin", project: "admin")
        let published = try await admin.makeImage(["name": "name öne&only", "visibility": "public"])
        let ids = try await makeImages(["name öne&only", "twin", "twin"])
        let sent = try await requests {
            let run = try await run(["--yes", "name öne&only"])
            #expect(run.status == 0)
            #expect(try outcomes(run) == ["deleted"])
        }
        // The hidden images are in a list of their own.
        #expect(sent.count == 4)
        #expect(sent[1].contains("&name=name%20%C3%B6ne%26only "))
        #expect(try await there(ids) == Array(ids.dropFirst()))
        #expect(try await admin.has(published))

        let again = try await run(["--yes", "name öne&only"])
        #expect(again.status == 1)
        let twins = try await run(["--yes", "twin"])
        #expect(twins.status == 64)
        for id in ids.dropFirst() { #expect(twins.errors.contains(id)) }
        #expect(try await there(ids) == Array(ids.dropFirst()))
    }

    @Test(
        "Looks up a name literally",
        arguments: [
            "debian 2016-04-17T22:40:01", "lt:1.0", "in:a,b", "debian 10:00", #"a,b "c" \d = 50% &+;"#, " blanks ",
            "gro\u{308}\u{DF}e", String(repeating: "n", count: 255),
        ]
    )
    func literalNames(name: String) async throws {
        let ids = try await makeImages([name, name + "x".prefix(name.utf8.count < 255 ? 1 : 0), "1.0"])
        if name.utf8.count == 255 { try await cloud.delete(ids[1]) }
        let run = try await run(["--yes", "--", name])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await there(ids).first != ids[0])
        #expect(try await cloud.has(ids[2]))
    }

    @Test("Finds hidden images by name and by filter")
    func hidden() async throws {
        let ids = try await makeImages(["hidden-1", "hidden-2", "hidden-3"], ["os_hidden": true], data: Data("x".utf8))
        let named = try await run(["--yes", "hidden-1"])
        #expect(try outcomes(named) == ["deleted"])
        let run = try await run(["--yes", "--match", "hidden-*"])
        #expect(try outcomes(run) == ["deleted", "deleted"])
        #expect(try await there(ids).isEmpty)
    }

    @Test("Selects all images once by tag and pattern over several pages")
    func filters() async throws {
        let wanted = try await makeImages((1...11).map { "paged-\($0)" }, ["tags": ["ci", "paged"]])
        let others = try await makeImages(["paged-12", "unpaged-1"], ["tags": ["paged"]])
        let shared = try await cloud.makeImage(["name": "paged-s", "tags": ["ci", "paged"], "visibility": "shared"])
        let sent = try await requests {
            let run = try await run(["--yes", "--tag", "ci", "--tag", "paged", "--match", "paged-*"])
            #expect(run.status == 0)
            #expect(try outcomes(run) == Array(repeating: "deleted", count: 12))
        }
        #expect(sent.count { $0.hasPrefix("GET /v2/images?") && $0.hasSuffix(" 200") } == 4)
        #expect(sent.count { $0.hasPrefix("DELETE") } == 12)
        #expect(try await there(wanted + others + [shared]) == others)
    }

    @Test("Lists all other images once when one is deleted while the list is read")
    func vanishing() async throws {
        let ids = try await makeImages((1...13).map { "vanishing-\($0)" }, ["tags": ["vanishing"]])
        let cloud = cloud
        let gone = Locked<[String]>([])
        let transport = FaultyTransport(try CurlTransport()) { request, _ in
            // The image after which the second page begins, and the four before it, go just then.
            let items = URLComponents(url: request.url, resolvingAgainstBaseURL: false)?.queryItems ?? []
            guard let marker = items.first(where: { $0.name == "marker" })?.value, gone.value.isEmpty else {
                return nil
            }
            let page = Array(ids.reversed().prefix { $0 != marker }) + [marker]
            gone.withLock { $0 = page }
            for id in page { try? await cloud.delete(id) }
            return nil
        }
        let service = try ImageService(
            environment: RealCloud.environment(),
            connection: ServiceConnection(transport: transport)
        )
        let images = try await service.images(
            ImageQuery(owner: try await service.project().id, tags: ["vanishing"], pageSize: 5)
        )
        #expect(gone.value.count == 5)
        #expect(Set(images.map(\.id.description)).isSuperset(of: Set(ids).subtracting(gone.value)))
        #expect(images.count == Set(images).count)
    }

    @Test("Runs the README's clean-up")
    func cleanUp() async throws {
        let ids = try await makeImages((1...8).map { "nightly-\($0)" }, ["tags": ["ci"]], data: Data("x".utf8))
        for (index, id) in ids.enumerated() { try await RealCloud.backdate([id], days: 19 - 2 * index) }
        let arguments = ["--match", "nightly-*", "--older-than", "14d", "--keep-last", "1", "--unless-in-use"]

        let blind = try await run(["--yes", "--retries", "0"] + arguments)
        #expect(blind.status == 69)
        #expect(try outcomes(blind) == ["kept inUse", "kept inUse", "kept inUse", "kept keepLast"])
        #expect(blind.output.contains("The compute service cannot be reached"))

        let compute = try RealCloud.compute(servers: [["id": "1", "name": "web-1", "image": ["id": ids[1]]]])
        defer { compute.stop() }
        let run = try await run(["--yes"] + arguments)
        #expect(run.status == 0)
        #expect(try outcomes(run) == ["deleted", "kept inUse", "deleted", "kept keepLast"])
        #expect(try await there(ids) == [ids[1]] + ids[3...])
    }

    @Test("Keeps images that volumes and shelved servers use")
    func indirectUse() async throws {
        let ids = try await makeImages(["disk-1", "disk-2", "disk-3"])
        let snapshots = try await makeImages(
            ["disk-4"],
            ["image_type": "snapshot", "instance_uuid": "shelved", "base_image_ref": ids[0]]
        )
        let mapping = #"[{"snapshot_id": "snapshot-of-data", "boot_index": 0}]"#
        let consistent = try await makeImages(["disk-5"], ["block_device_mapping": mapping, "bdm_v2": "True"])
        let attached = [["id": "root"], ["id": "data"]]
        let compute = try RealCloud.compute(
            servers: [
                [
                    "id": "booted", "name": "web-1", "status": "ACTIVE", "image": "",
                    "os-extended-volumes:volumes_attached": attached,
                ],
                ["id": "shelved", "name": "web-2", "status": "SHELVED_OFFLOADED", "image": ["id": ids[2]]],
            ],
            volumes: [
                ["id": "root", "volume_image_metadata": ["image_id": ids[1]]],
                ["id": "data", "snapshot_id": "snapshot-of-data"],
            ]
        )
        defer { compute.stop() }
        let run = try await run(["--yes", "--unless-in-use", "--match", "disk-*"])
        #expect(run.status == 0)
        #expect(try await there(ids + snapshots + consistent) == Array(ids.dropFirst()) + snapshots + consistent)
    }

    @Test("Lifts protection only of selected images with --unprotect")
    func unprotect() async throws {
        let ids = try await makeImages(["protected-1", "protected-2"], ["protected": true])
        let kept = try await run(["--yes", "protected-1"])
        #expect(try outcomes(kept) == ["kept protected"])
        let run = try await run(["--yes", "--unprotect", "protected-1"])
        #expect(run.status == 0)
        #expect(try outcomes(run) == ["deleted"])
        #expect(try await there(ids) == [ids[1]])
        let reader = try await self.run(["--yes", "--unprotect", "protected-2"], RealCloud.environment("reader"))
        #expect(try outcomes(reader) == ["failed"])
        #expect(try outcomes(try await self.run(["--dry-run", "protected-2"])) == ["kept protected"])
    }

    @Test("Keeps exactly the shared images with --unless-shared")
    func members() async throws {
        let other = try await RealCloud("other", project: "other")
        let shared = try await makeImages(["lent", "lendable"], ["visibility": "shared"])
        let hidden = try await makeImages(["hidden"])
        try await cloud.share(shared[0], with: try await other.projectID())
        let run = try await run(["--unless-shared"] + shared + hidden)
        #expect(run.status == 0)
        #expect(try outcomes(run) == ["kept shared", "deleted", "deleted"])
        #expect(try await there(shared + hidden) == [shared[0]])
    }

    @Test("Applies a plan to unchanged images of its own project, also twice")
    func plan() async throws {
        let ids = try await makeImages((1...5).map { "planned-\($0)" })
        let file = folder.file("plan.json").path
        let plan = try await run(["--match", "planned-*", "--plan", file])
        #expect(plan.status == 0)
        #expect(try outcomes(plan) == Array(repeating: "wouldDelete", count: 5))
        #expect(try await there(ids) == ids)

        let elsewhere = try await run(["--apply", file], RealCloud.environment("other", project: "other"))
        #expect(elsewhere.status == 65)
        try await cloud.rename(ids[1], to: "release")
        try await cloud.delete(ids[3])
        let younger = try await makeImages(["planned-1"])
        let run = try await run(["--apply", file])
        #expect(run.status == 1)
        // Made within a second or two of each other, they are in no order that could be told.
        #expect(try outcomes(run).sorted() == ["deleted", "deleted", "deleted", "kept changed", "missing"])
        #expect(try await there(ids + younger) == [ids[1]] + younger)
        let again = try await self.run(["--ignore-missing", "--apply", file])
        #expect(again.status == 0)
        #expect(try await there(ids + younger) == [ids[1]] + younger)
    }

    @Test("Keeps images per value of a property, and filters by it")
    func groups() async throws {
        var ids: [String] = []
        for (index, distro) in ["debian", "debian", "fedora", nil].enumerated() {
            let property: [String: any Sendable] = distro.map { ["os_distro": $0] } ?? [:]
            ids += try await makeImages(["grouped-\(index)"], property, data: Data("x".utf8))
            try await RealCloud.backdate([ids[index]], days: 10 - index)
        }
        let dryRun = try await run(
            ["--dry-run", "--match", "grouped-*", "--keep-last", "1", "--group-by", "property:os_distro"]
        )
        #expect(try outcomes(dryRun) == ["wouldDelete", "kept keepLast", "kept keepLast", "kept ungrouped"])
        let run = try await run(["--yes", "--match", "grouped-*", "--property", "os_distro=debian"])
        #expect(try outcomes(run) == ["deleted", "deleted"])
        #expect(try await there(ids) == Array(ids.dropFirst(2)))
    }

    @Test("Marks, hides, restores and deletes images with a grace period")
    func grace() async throws {
        let ids = try await makeImages(["graced-1", "graced-2", "graced-3"], data: Data("x".utf8))
        try await RealCloud.backdate(ids, days: 30)
        let grace = ["--yes", "--match", "graced-*", "--grace", "7d"]
        #expect(try outcomes(try await run(grace)) == ["marked", "marked", "marked"])
        for id in ids { #expect(try await cloud.isHidden(id)) }
        #expect(try outcomes(try await run(grace)) == ["kept inGrace", "kept inGrace", "kept inGrace"])

        #expect(try outcomes(try await run(["--restore", "graced-1"])) == ["unmarked"])
        #expect(try await cloud.tags(ids[0]) == [])
        #expect(try await !cloud.isHidden(ids[0]))

        // A mark of last week, of which a week is over.
        try await cloud.addTag("delete-after-\(Self.date(daysAgo: 1))", to: ids[0])
        try await cloud.addTag("delete-after-\(Self.date(daysAgo: 1))", to: ids[1])
        let run = try await run(grace + ["--exclude", "graced-3"])
        #expect(try outcomes(run) == ["deleted", "kept inGrace", "unmarked excluded"])
        #expect(try await there(ids) == Array(ids.dropFirst()))
    }

    /// A date in the form that a mark has.
    private static func date(daysAgo days: Int) -> String {
        let format = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
        return (Date() - Double(days) * 86_400).formatted(format)
    }
}
