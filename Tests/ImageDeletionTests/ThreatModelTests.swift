import Foundation
import Testing

/// What the threat model claims to be shown is shown by something.
@Suite("Threat model")
struct ThreatModelTests {
    @Test("Names only existing suites")
    func suites() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let page = tests.deletingLastPathComponent()
            .appendingPathComponent("Sources/ImageDeletion/ImageDeletion.docc/ThreatModel.md")
        let named = Set(
            try String(contentsOf: page, encoding: .utf8).matches(of: #/`(\w+Tests)`/#).map { String($0.output.1) }
        )
        let files =
            FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)?.allObjects as? [URL] ?? []
        let there = Set(
            files.filter { $0.pathExtension == "swift" }.map { $0.deletingPathExtension().lastPathComponent }
        )
        #expect(named.count > 20)
        #expect(named.subtracting(there).isEmpty)
    }
}
