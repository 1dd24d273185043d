import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport
@testable import delete_image

/// The exit status for each outcome and reason, for images that are named and selected, in a dry run and in a run.
@Suite("Exit statuses: table")
struct StatusTableTests {
    typealias Status = delete_image.ExitStatus

    struct Row: Sendable, CustomTestStringConvertible {
        var situation: String
        var arguments: [String]
        var dryRun: Status
        var run: Status
        var change: @Sendable (inout DemoImage) -> Void = { _ in }
        /// The response to DELETE, if the cloud does not give its own.
        var response: (Int, String)?

        var testDescription: String { "\(situation): \(arguments.joined(separator: " "))" }
    }

    private static let id = Sample.id(1)
    private static let named = [[id], ["nightly-1"], ["--from", "list"], ["--from", "names"]]
    private static let selected = [["--match", "nightly-1"], ["--policy=policy"]]
    private static let missing = Sample.id(99)

    private static func rows(
        _ situation: String,
        _ arguments: [[String]],
        and options: [String] = [],
        _ dryRun: Status,
        _ run: Status,
        response: (Int, String)? = nil,
        _ change: @escaping @Sendable (inout DemoImage) -> Void = { _ in }
    ) -> [Row] {
        arguments.map {
            Row(
                situation: situation,
                arguments: $0 + options,
                dryRun: dryRun,
                run: run,
                change: change,
                response: response
            )
        }
    }

    static let table: [Row] = {
        var table: [Row] = []
        table += rows("deleted", named + selected, .done, .done)
        table += rows("protected", named, .incomplete, .incomplete) { $0.isProtected = true }
        table += rows("protected", selected, .done, .done) { $0.isProtected = true }
        table += rows("unprotected", named, and: ["--unprotect"], .done, .done) { $0.isProtected = true }
        table += rows("in use", named + selected, and: ["--unless-in-use"], .done, .done) { $0.usedBy = "web-1" }
        table += rows("shared", named + selected, and: ["--unless-shared"], .done, .done) {
            ($0.visibility, $0.members) = ("shared", ["other"])
        }
        table += rows("keepLast", [["--match", "*", "--keep-last", "1"]], .done, .done)
        table += rows("public, deleted by ID", [[id]], .done, .done) { $0.visibility = "public" }
        table += rows("public, deleted by ID", [[id]], and: ["--unless-in-use"], .done, .done) {
            $0.visibility = "public"
        }
        table += rows("public, not selected", selected, .done, .done) { $0.visibility = "public" }
        table += rows("public, no such name", [["nightly-1"]], .incomplete, .incomplete) { $0.visibility = "public" }
        table += rows("missing", [[missing], [id, missing], ["nosuch"]], .incomplete, .incomplete)
        table += rows("missing", [[missing], [id, missing], ["nosuch"]], and: ["--ignore-missing"], .done, .done)
        table += rows("nothing selected", [["--match", "nosuch"], ["--from", "empty"]], .done, .done)
        table += rows(
            "not private",
            named,
            .done,
            .incomplete,
            response: (400, #"{"error":{"code":"IMG.0083","message":"x"}}"#)
        )
        table += rows(
            "not private",
            selected,
            .done,
            .done,
            response: (400, #"{"error":{"code":"IMG.0083","message":"x"}}"#)
        )
        table += rows("failed", named + selected, .done, .incomplete, response: (409, "in use"))
        table += rows(
            "refused",
            named + selected,
            .done,
            .denied,
            response: (403, "You are not authorized to do that.")
        )
        table += rows(
            "refused, another missing",
            [[id, missing]],
            .incomplete,
            .incomplete,
            response: (403, "not authorized")
        )
        return table
    }()

    private static let files = [
        "list": "\(id)\n", "names": "nightly-1\n", "empty": "# none\n",
        "policy": #"{"rules":{"nightly":{"match":"nightly-1"}}}"#,
    ]

    @Test("Returns the exit status of each outcome", arguments: table)
    func status(row: Row) async throws {
        var image = Sample.images(1)[0]
        row.change(&image)
        let cloud = DemoCloud(images: [image])
        let transport = FaultyTransport(cloud) { request, _ in
            guard request.method == "DELETE", request.url.path.hasSuffix(Self.id) else { return nil }
            return row.response.map { .answer($0.0, body: $0.1) }
        }
        let files = Locked(Self.files.mapValues { Data($0.utf8) })
        for option in [["--dry-run"], ["--plan", "plan"]] {
            let dryRun = await CommandRun(json: option + row.arguments, on: transport, of: cloud, files: files)
            #expect(dryRun.status == row.dryRun, "\(option[0])")
        }
        let run = await CommandRun(json: ["--yes"] + row.arguments, on: transport, of: cloud, files: files)
        #expect(run.status == row.run)
        #expect(try run.status != .denied || run.report.error?.kind == "denied")
    }

    @Test("Succeeds when a reference keeps an image", arguments: named)
    func referenced(arguments: [String]) async throws {
        let cloud = DemoCloud(images: Sample.images(1))
        for option in ["--dry-run", "--yes"] {
            let run = await CommandRun(
                json: arguments + [option, "--unless-referenced"],
                on: FaultyTransport(cloud),
                of: cloud,
                files: Locked(Self.files.mapValues { Data($0.utf8) }),
                referenced: Locked([Self.id])
            )
            #expect(try run.fates == [Self.id: "kept referenced"])
            #expect(run.status == .done)
        }
    }

    @Test("Returns 77 for a dry run of an account without permission")
    func cannotSee() async throws {
        let cloud = DemoCloud(images: Sample.images(2))
        let transport = FaultyTransport(cloud) { request, _ in
            request.method == "GET" ? .answer(403, body: "You are not authorized to do that.") : nil
        }
        let run = await CommandRun(json: ["--dry-run", Sample.id(1), Sample.id(2)], on: transport, of: cloud)
        #expect(run.status == .denied)
    }

    @Test("Returns 1 when one image is refused and another is deleted", arguments: [1, 2])
    func oneRefusal(refused: Int) async throws {
        let cloud = DemoCloud(images: Sample.images(2))
        let transport = FaultyTransport(cloud) { request, _ in
            guard request.method == "DELETE", request.url.path.hasSuffix(Sample.id(refused)) else { return nil }
            return .answer(403, body: "You are not authorized to do that.")
        }
        let run = await CommandRun(json: [Sample.id(1), Sample.id(2)], on: transport, of: cloud)
        #expect(run.status == .incomplete)
        #expect(try run.report.error == nil)
    }

    @Test("Returns 1 when a named image changes during the confirmation, and 0 for one that a rule selects")
    func changed() async throws {
        for (arguments, status) in [(["nightly-1"], Status.incomplete), (["--match", "nightly-1"], .done)] {
            let cloud = DemoCloud(images: Sample.images(1))
            let run = await CommandRun(json: arguments, on: FaultyTransport(cloud), of: cloud, answer: .yes) {
                var image = Sample.images(1)[0]
                image.size += 1
                await cloud.put(image)
            }
            #expect(try run.fates == [Self.id: "kept changed"])
            #expect(run.status == status)
        }
    }

    @Test("Fails when one of the newest images is renamed during the confirmation")
    func promoted() async throws {
        let cloud = DemoCloud(images: [.old(1, "nightly-1", day: 1), .old(2, "nightly-2", day: 2)])
        let transport = FaultyTransport(cloud)
        let arguments = ["--match", "nightly-*", "--keep-last", "1"]
        let run = await CommandRun(json: arguments, on: transport, of: cloud, answer: .yes) {
            await cloud.put(.old(2, "release", day: 2))
        }
        #expect(run.status == .incomplete)
        #expect(
            run.errors == "error: image \(Sample.id(2)), which was to be kept as one of the newest, changed before the "
                + "answer (name). Run the command again. Nothing was deleted.\n"
        )
        #expect(transport.count("DELETE") == 0)
    }
}
