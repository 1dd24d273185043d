import Foundation
import TestSupport
import Testing

/// Machines on which libcurl cannot be used.
@Suite("libcurl")
struct LibcurlTests {
    private func run(library: URL) async throws -> (run: Executable.Finished, asked: Int) {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let run = try await cloud.run([Sample.id(1)], ["LD_LIBRARY_PATH": library.deletingLastPathComponent().path])
        return (run, cloud.requests.count)
    }

    @Test("Sends nothing and names the package to install when libcurl is missing")
    func missing() async throws {
        let folder = try TemporaryFolder()
        try Data().write(to: folder.file("libcurl.so.4"))
        let (run, asked) = try await run(library: folder.file("libcurl.so.4"))
        #expect(run.status == 69)
        #expect(run.errors.hasPrefix("error: libcurl cannot be used: "))
        #expect(run.errors.contains("the package libcurl4 on Debian and Ubuntu"))
        #expect(asked == 0)
    }

    @Test("Sends nothing when libcurl lacks a function", .enabled(if: Executable.clang != nil, "needs clang"))
    func old() async throws {
        let folder = try TemporaryFolder()
        try Data("int curl_version_info(int age) { return age; }".utf8).write(to: folder.file("old.c"))
        let compiler = try #require(Executable.clang)
        let arguments = ["-shared", "-nostdlib", "-o", "libcurl.so.4", "old.c"]
        let compiled = try await compiler.run(arguments, currentDirectory: folder.url)
        #expect(compiled.status == 0, "\(compiled.errors)")
        let (run, asked) = try await run(library: folder.file("libcurl.so.4"))
        #expect(run.status == 69)
        #expect(run.errors.contains("it is older than 7.68"), "\(run.errors)")
        #expect(asked == 0)
    }
}

extension Executable {
    /// The toolchain's C compiler.
    fileprivate static var clang: Executable? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let programs = folders.map { URL(fileURLWithPath: "\($0)/clang") }
        return programs.first { FileManager.default.isExecutableFile(atPath: $0.path) }.map(Executable.init)
    }
}
