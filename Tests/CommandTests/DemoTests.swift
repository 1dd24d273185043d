import Foundation
import TestSupport
import Testing

@Suite("Demo", .serialized)
struct DemoTests {
    @Test("Lists the images and deletes nothing when none is named")
    func listing() async throws {
        let run = try await Executable.deleteImage.run(["--demo"])
        #expect(run.status == 0)
        #expect(run.lines[0] == "The demo cloud has these images (in memory; nothing real):")
        for trait in ["nightly-", "protected", "shared", "public", "in use by server"] {
            #expect(run.output.contains(trait))
        }
        #expect(run.lines.count > 20)
    }

    @Test("Runs without credentials and reports that it is a demo")
    func deleting() async throws {
        let images = try await Executable.deleteImage.run(["--demo"]).lines.filter { $0.hasPrefix("    ") }.dropFirst()
            .map {
                String($0.split(separator: " ")[0])
            }
        let run = try await Executable.deleteImage.run(["--demo"] + images)
        #expect(run.lines[0].hasSuffix("at the demo cloud (in memory; nothing real)"))
        #expect(run.lines.last == "28 images: 26 deleted, 1 kept, 1 failed.")
        #expect(run.status == 1)
        let report = try await Executable.deleteImage.run(["--demo", "--dry-run", "--json"] + images).report()
        #expect(report.summary["wouldDelete"] == 27, "the public one as well, which the service refuses")
        #expect(report.summary["kept"] == 1)
    }

    @Test("Leaves no token behind")
    func noCache() async throws {
        let folder = try TemporaryFolder()
        _ = try await Executable.deleteImage.run(["--demo", "--work-directory", folder.url.path, Sample.id(1)])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
}
