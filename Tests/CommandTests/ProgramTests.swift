import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import CommandSupport

/// A program that uses the library, beside the command.
@Suite("Programs")
struct ProgramTests {
    private static let arguments: [String] = Safeguard.allCases.map { safeguard in
        switch safeguard {
        case .inUse: #""unlessInUse": true"#
        case .shared: #""unlessShared": true"#
        case .referenced: #""unlessReferenced": true"#
        }
    }

    /// Six images: one that only the age spares, one of the newest, and one for each safeguard.
    private static let images: [DemoImage] = {
        var images = (1...6).map { DemoImage.old($0, "nightly-\($0)", day: $0) }
        images[1].usedBy = "web-1"
        (images[2].visibility, images[2].members) = ("shared", ["another"])
        images[4].isProtected = true
        return images
    }()
    /// A file names the fourth.
    private static let referenced = Sample.id(4)

    @Test(
        "Selects the same images in a program as the command does",
        arguments: arguments + [arguments.joined(separator: ", ")]
    )
    func policy(safeguards: String) async throws {
        let json = #"{"rules": {"nightlies": {"match": "nightly-*", "keepLast": 1, \#(safeguards)}}}"#
        let (clouds, path) = ((0..<2).map { _ in DemoCloud(images: Self.images) }, "/policy.json")
        let run = await CommandRun(
            json: ["--policy", path, "--yes"],
            on: FaultyTransport(clouds[0]),
            of: clouds[0],
            files: Locked([path: Data(json.utf8)]),
            referenced: Locked([Self.referenced])
        )

        let service = try ImageService(
            environment: clouds[1].environment,
            connection: ServiceConnection(transport: clouds[1])
        )
        let options = DeletionOptions { ids in
            let named = ids.filter { $0.description == Self.referenced }
            let place = KeepReason.Reference(file: "main.tf", line: 1)
            return Dictionary(uniqueKeysWithValues: named.map { ($0, .referenced(place)) })
        }
        let plan = try await service.plan(.policy(RetentionPolicy(json: Data(json.utf8))), options: options)
        let outcomes = await service.delete(plan, options: options)
        #expect(
            try outcomes.map { [$0.id.description, $0.result.name, $0.keepReason?.name ?? ""] }
                == run.report.images.map { [$0.id, $0.outcome, $0.reason ?? ""] }
        )
        #expect(await clouds[1].currentImages.map(\.id).sorted() == clouds[0].currentImages.map(\.id).sorted())
        #expect(outcomes.count == 6)
        #expect(outcomes.contains { $0.result == .deleted })
    }

    @Test("Keeps images guarded against references when the program has no search")
    func noSearch() async throws {
        let json = #"{"rules": {"nightlies": {"match": "nightly-*", "unlessReferenced": true}}}"#
        let fixture = ServiceFixture(images: Self.images)
        let service = try fixture.service()
        let outcomes = await service.delete(try await service.plan(.policy(RetentionPolicy(json: Data(json.utf8)))))
        #expect(
            outcomes.compactMap(\.keepReason?.kind) == [
                .referenced, .referenced, .referenced, .referenced, .protected, .referenced,
            ]
        )
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Keeps an image whose decision was not checked")
    func unchecked() async throws {
        let fixture = ServiceFixture(images: Self.images)
        let service = try fixture.service()
        let decided = DeletionPlan(
            DeletionPlan.Entry.selected(
                from: try await service.images(ImageQuery(owner: DemoImage.projectID)),
                by: [RetentionRule(namePatterns: [try Glob("*")])],
                of: DemoImage.projectID,
                now: Date()
            ),
            at: try await service.signIn(),
            createdAt: Date()
        )
        #expect(decided.entries.count == 6)
        #expect(
            await service.delete(decided).allSatisfy {
                $0.keepReason == ($0.image?.isProtected == true ? .protected : .unchecked)
            }
        )
        #expect(fixture.transport.count("DELETE") == 0)
    }

    @Test("Prints an error as a sentence, also as its localized description")
    func errors() async throws {
        do {
            _ = try ImageService(environment: ["OS_USERNAME": "me", "OS_PASSWORD": "pa55w0rd"])
            Issue.record("no error")
        } catch {
            #expect("\(error)".hasPrefix("OS_AUTH_URL is not set."))
            #expect(error.localizedDescription == "\(error)")
            #expect(error.code == .configuration)
        }
        let fixture = ServiceFixture { request, _ in
            request.method == "DELETE" ? .answer(409, body: "in\u{1B}[31m use") : nil
        }
        do {
            try await fixture.service(retries: 0).delete(imageWithID: Sample.id(1))
            Issue.record("no error")
        } catch {
            #expect("\(error)".hasPrefix("The image service answered 409: in"))
            #expect(!"\(error)".contains("\u{1B}"))
            #expect((error as any Error).localizedDescription == "\(error)")
            #expect(error.serviceError?.status == 409)
        }
    }
}
