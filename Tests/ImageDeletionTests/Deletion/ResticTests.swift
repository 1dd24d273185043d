import Foundation
import ImageDeletion
import ImageDeletionDemo
import Testing

/// Keep rules keep the snapshots that `restic forget` keeps. `Tests/Retention/restic.py` writes the cases.
@Suite("restic")
struct ResticTests {
    private static let file = ProcessInfo.processInfo.environment["DELETE_IMAGE_RESTIC_CASES"]

    private struct Cases: Decodable {
        var cases: [Case]
    }

    private struct Case: Decodable {
        struct Image: Decodable {
            var id: String
            var createdAt: String
        }

        var keep: [String: Int]
        var images: [Image]
        /// The rules that keep an image, by its ID.
        var kept: [String: [String]]
    }

    @Test(
        "Keeps what restic keeps, by the same rules",
        .enabled(if: file != nil, "DELETE_IMAGE_RESTIC_CASES is not set")
    )
    func agreesWithRestic() throws {
        let file = try #require(Self.file)
        let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: URL(fileURLWithPath: file))).cases
        #expect(!cases.isEmpty)
        var failures = 0
        for (number, example) in cases.enumerated() {
            let kept = try kept(example)
            let expected = example.kept.mapValues(Set.init)
            guard kept != expected else { continue }
            failures += 1
            // The first few say enough.
            if failures <= 5 { #expect(kept == expected, "case \(number): keep \(example.keep)") }
        }
        #expect(failures == 0, "\(failures) of \(cases.count) cases differ")
    }

    /// Returns the rules that keep each image that is kept.
    private func kept(_ example: Case) throws -> [String: Set<String>] {
        let rules = try example.keep.map { (try #require(KeepRule(rawValue: $0)), $1) }
        let rule = RetentionRule(namePatterns: [try Glob("*")], keep: Dictionary(uniqueKeysWithValues: rules))
        let images = try example.images.map { written in
            var image = Image(id: try ImageID(written.id))
            (image.owner, image.visibility, image.status) = (DemoImage.projectID, "private", "active")
            image.createdAt = try Date(written.createdAt, strategy: .iso8601)
            return image
        }
        let entries = DeletionPlan.Entry.selected(
            from: images,
            by: [rule],
            of: DemoImage.projectID,
            now: Date(timeIntervalSince1970: 1_795_000_000)
        )
        #expect(entries.count == images.count)
        var kept: [String: Set<String>] = [:]
        for entry in entries {
            guard case .keep(let reason) = entry.action else { continue }
            guard case .place(let places) = reason else {
                Issue.record("\(entry.id) is kept, and not for its place: \(reason.name)")
                continue
            }
            kept[entry.id.description] = Set(places.map(\.rule.rawValue))
        }
        return kept
    }
}
