import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Receipt")
struct ReceiptTests {
    private let folder: TemporaryFolder
    private let file: URL
    private static let time = Date(timeIntervalSince1970: 1_795_000_000)

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("receipt.jsonl")
    }

    private func id(_ number: Int) throws -> ImageID { try ImageID(Sample.id(number)) }

    /// What becomes of the images with these numbers, deleted by ID.
    private func outcomes(_ numbers: Int..., fixture: ServiceFixture = ServiceFixture()) async throws -> [Outcome] {
        try await fixture.delete(numbers.map(Sample.id), with: fixture.service(retries: 0))
    }

    /// What becomes of the project's images, deleted as they were seen; `nightly-1` is protected.
    private func outcomesByName() async throws -> [Outcome] {
        var images = Sample.images(3)
        images[0].isProtected = true
        let service = try ServiceFixture(images: images).service()
        return await service.delete(try await service.plan(.rule(RetentionRule(olderThan: .date(Self.time)))))
    }

    /// A plan to delete these images by their IDs.
    private func plan(_ images: [Image], liftsProtection: Bool = false) async throws -> DeletionPlan {
        var options = DeletionOptions()
        options.liftsProtection = liftsProtection
        return try await ServiceFixture().service(showing: Locked(images)).plan(
            .images(images.map(\.id)),
            options: options
        )
    }

    private func append(_ outcomes: [Outcome], at session: ImageSession) throws {
        let receipt = try Receipt(file, at: session)
        for outcome in outcomes { #expect(receipt.append(outcome, at: Self.time)) }
        #expect(receipt.problem == nil)
    }

    private func lines() throws -> [[String: Any]] {
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.hasSuffix("\n"))
        return try text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test("Creates an empty receipt that others can read")
    func new() async throws {
        let receipt = try Receipt(file, at: try await ServiceFixture().service().signIn())
        #expect(receipt.deleted == [])
        #expect(receipt.imagesByName == [:])
        #expect(try Data(contentsOf: file).isEmpty)
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int ?? 0
        #expect(mode & 0o600 == 0o600)
        #expect(mode & 0o133 == 0)
    }

    @Test("Keeps the mode of an existing file")
    func mode() async throws {
        #expect(
            FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
        )
        try append(try await outcomes(1), at: try await ServiceFixture().service().signIn())
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
    }

    @Test("Writes an image's outcome and place in a line")
    func line() async throws {
        try append(try await outcomesByName(), at: try await ServiceFixture().service().signIn())
        let lines = try lines()
        #expect(lines.map { $0["outcome"] as? String } == ["kept", "deleted", "deleted"])
        let first = try #require(lines.first)
        #expect(first["reason"] as? String == "protected")
        #expect(first["attempts"] as? Int == 0)
        #expect(first["status"] == nil)
        let second = lines[1]
        #expect(second["schema"] as? String == "delete-image-receipt/2")
        #expect(second["time"] as? String == "2026-11-18T11:06:40Z")
        #expect(second["endpoint"] as? String == "https://ims.demo.example/v2")
        #expect(second["project"] as? String == DemoImage.projectID)
        #expect(second["id"] as? String == Sample.id(2))
        #expect(second["name"] as? String == "nightly-2")
        #expect(second["status"] as? Int == 204)
        #expect(second["attempts"] as? Int == 1)
        #expect(second["reason"] == nil)
    }

    @Test("Records a failure with the service's message")
    func failure() async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "DELETE"
                ? .answer(
                    400,
                    headers: ["X-Openstack-Request-Id": "req-1"],
                    body: #"{"error":{"message":"no\nsuch","code":"IMG.0001"}}"#
                ) : nil
        }
        try append(try await outcomes(1, fixture: fixture), at: try await fixture.service().signIn())
        let line = try #require(try lines().first)
        #expect(line["outcome"] as? String == "failed")
        #expect(line["status"] as? Int == 400)
        #expect(line["code"] as? String == "IMG.0001")
        #expect(line["requestID"] as? String == "req-1")
    }

    @Test("Escapes any name into one line")
    func oddName() async throws {
        let name = "“a\nb”\r\u{2028}\\\"🎉\0"
        let image = try Image.sample(1) { $0.name = name }
        let plan = try await plan([image])
        let fixture = ServiceFixture()
        let session = try await fixture.service().signIn()
        do {
            let receipt = try Receipt(file, at: session)
            for entry in plan.entries { #expect(receipt.begin(entry, at: Self.time)) }
        }
        let written = try Data(contentsOf: file)
        #expect(written.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(try Receipt(file, at: session).imagesByName == [name.exact: image.id])
    }

    @Test("Appends a whole line for each outcome")
    func wholeLines() async throws {
        let session = try await ServiceFixture().service().signIn()
        let receipt = try Receipt(file, at: session)
        var before = Data()
        for outcome in try await outcomes(1, 2, 9) {
            #expect(receipt.append(outcome, at: Self.time))
            let after = try Data(contentsOf: file)
            #expect(after.starts(with: before))
            #expect(after.count > before.count)
            #expect(after.last == UInt8(ascii: "\n"))
            before = after
        }
        #expect(try lines().count == 3)
    }

    @Test("Knows what was deleted when opened again")
    func again() async throws {
        let session = try await ServiceFixture().service().signIn()
        try append(try await outcomesByName(), at: session)
        try append(try await outcomes(5, 4), at: session)
        let receipt = try Receipt(file, at: session)
        #expect(try receipt.deleted == [id(2), id(3), id(4), id(5)])
        #expect(try receipt.imagesByName == ["nightly-2".exact: id(2), "nightly-3".exact: id(3)])
        #expect(try lines().count == 5)
    }

    @Test("Knows what was begun, by which name, and without an outcome")
    func begun() async throws {
        let session = try await ServiceFixture().service().signIn()
        let named = try await plan((1...4).map { try Image.sample($0) })
        let failing = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(409) : nil }
        do {
            let receipt = try Receipt(file, at: session)
            for entry in named.entries { #expect(receipt.begin(entry, at: Self.time)) }
        }
        try append(try await outcomes(1) + outcomes(2, fixture: failing), at: session)
        let receipt = try Receipt(file, at: session)
        #expect(try receipt.deleted == [id(1)])
        #expect(try receipt.begun == [id(3), id(4)])
        #expect(receipt.unprotected == [])
        #expect(
            try receipt.imagesByName == [
                "nightly-1".exact: id(1), "nightly-2".exact: id(2), "nightly-3".exact: id(3), "nightly-4".exact: id(4),
            ]
        )
    }

    @Test("Treats a lost response and a protection that is not restored as begun")
    func lostAnswer() async throws {
        let session = try await ServiceFixture().service().signIn()
        let failing = ServiceFixture { request, _ in request.method == "DELETE" ? .lostAnswer(.connectionLost) : nil }
        let lost = try await outcomes(1, fixture: failing)
        #expect(lost.map(\.mayBeGone) == [true])
        try append(lost, at: session)
        #expect(try lines().map { $0["mayBeGone"] as? Bool } == [true])
        #expect(try Receipt(file, at: session).begun == [id(1)])
        try append(try await outcomes(1), at: session)
        #expect(try Receipt(file, at: session).begun == [])
    }

    @Test("Counts only deleted images as done")
    func onlyDeleted() async throws {
        let session = try await ServiceFixture().service().signIn()
        let failing = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(503) : nil }
        let untried = DeletionPlan(deleting: [try id(4)])
        let protected = try Image.sample(5) { $0.isProtected = true }
        let kept = try await plan([protected])
        let outcomes =
            try await outcomes(1) + outcomes(9) + outcomes(2, fixture: failing) + untried.untried + untried.preview
            + kept.preview
        #expect(outcomes.map(\.result.name) == ["deleted", "missing", "failed", "pending", "wouldDelete", "kept"])
        try append(outcomes, at: session)
        #expect(try Receipt(file, at: session).deleted == [id(1)])
        #expect(try Receipt(file, at: session).imagesByName == [:])
        #expect(try lines().count == 6)
    }

    @Test("Ignores deletions at another service or in another project")
    func elsewhere() async throws {
        let here = try await ServiceFixture().service().signIn()
        let override = "https://other.example/v2"
        let otherService = try await ServiceFixture().service(["OS_IMAGE_ENDPOINT_OVERRIDE": override]).signIn()
        let otherProject = try await ServiceFixture { request, _ in
            request.method == "POST" ? SampleTokenResponse { $0.projectID = "another" }.fault : nil
        }.service().signIn()
        #expect(otherProject.endpoint == here.endpoint)
        for (number, session) in [here, otherService, otherProject].enumerated() {
            try append(try await outcomes(number + 1), at: session)
        }
        #expect(try Receipt(file, at: here).deleted == [id(1)])
        #expect(try Receipt(file, at: otherService).deleted == [id(2)])
        #expect(try Receipt(file, at: otherProject).deleted == [id(3)])
    }

    @Test("Records that protection is to be lifted until there is an outcome")
    func unprotected() async throws {
        let session = try await ServiceFixture().service().signIn()
        let protected = try Image.sample(1) { $0.isProtected = true }
        let plan = try await plan([protected], liftsProtection: true)
        do {
            let receipt = try Receipt(file, at: session)
            #expect(receipt.begin(try #require(plan.entries.first), at: Self.time))
        }
        #expect(try lines().map { $0["unprotecting"] as? Bool } == [true])
        #expect(try Receipt(file, at: session).unprotected == [id(1)])
        try append(try await outcomes(1), at: session)
        #expect(try Receipt(file, at: session).unprotected == [])
    }
}
