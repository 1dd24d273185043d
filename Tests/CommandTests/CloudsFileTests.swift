import Foundation
import TestSupport
import Testing

/// `clouds.yaml`, through the executable and the real file system.
@Suite("clouds.yaml on the command line")
struct CloudsFileTests {
    private static func content(of cloud: LoopbackCloud, _ more: String = "") -> String {
        let keys = [
            "auth_url": "OS_AUTH_URL", "username": "OS_USERNAME", "password": "OS_PASSWORD",
            "user_domain_name": "OS_USER_DOMAIN_NAME", "project_name": "OS_PROJECT_NAME",
        ]
        let auth = keys.map { "      \($0): \"\(cloud.environment[$1] ?? "")\"\n" }.sorted().joined()
        return "clouds:\n  mine:\n    auth:\n\(auth)\(more)"
    }

    private func run(
        _ arguments: [String],
        in folder: TemporaryFolder,
        _ variables: [String: String] = ["OS_CLOUD": "mine"]
    ) async throws -> Executable.Finished {
        let environment = ["HOME": folder.url.path, "OS_CLIENT_CONFIG_FILE": ""].merging(variables) { $1 }
        return try await Executable.deleteImage.run(
            arguments + ["--no-token-cache"],
            environment: environment,
            currentDirectory: folder.url
        )
    }

    private func write(_ text: String, to file: URL, mode: Int = 0o600) throws {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }

    @Test("0: the user's file; --verbose names it, and never a secret")
    func user() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        let file = folder.file(".config/openstack/clouds.yaml")
        try write(Self.content(of: cloud), to: file)
        let run = try await run([Sample.id(1), "--verbose"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("credentials: cloud “mine” in \(file.path)\n"))
        #expect(!run.errors.contains("warning"))
        #expect(!(run.output + run.errors).contains(cloud.environment["OS_PASSWORD"] ?? ""))
        let variables = try await cloud.run([Sample.id(1), "--verbose"])
        #expect(variables.errors.contains("credentials: the OS_ variables\n"))
    }

    @Test("Warnings: a password that others can read, and variables that are ignored")
    func warnings() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        try write(Self.content(of: cloud), to: folder.file("clouds.yaml"), mode: 0o644)
        let run = try await run([Sample.id(1)], in: folder, ["OS_CLOUD": "mine", "OS_PASSWORD": "other-secret"])
        #expect(run.status == 0)
        #expect(run.errors.contains("clouds.yaml, which contains a secret"))
        #expect(run.errors.contains("OS_PASSWORD is ignored, because OS_CLOUD is “mine”."))
        #expect(!run.errors.contains("other-secret"))
    }

    @Test("65: a malformed file; nothing is sent")
    func malformed() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        try write(Self.content(of: cloud, "    region_name: &x eu\n"), to: folder.file("clouds.yaml"))
        let run = try await run([Sample.id(1)], in: folder)
        #expect(run.status == 65)
        #expect(run.errors.contains("clouds.yaml, line 9: anchors and aliases are not supported."))
        #expect(cloud.requestLines.isEmpty)
    }

    @Test("78: a setting that cannot be followed; nothing is sent")
    func configuration() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        try write(Self.content(of: cloud, "    verify: false\n"), to: folder.file("clouds.yaml"))
        #expect(try await run([Sample.id(1)], in: folder).status == 78)
        #expect(try await run([Sample.id(1)], in: folder, ["OS_CLOUD": "other"]).status == 78)
        #expect(cloud.requestLines.isEmpty)
    }

    @Test("An error after signing in names the keys of the file")
    func laterError() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let folder = try TemporaryFolder()
        try write(Self.content(of: cloud, "    region_name: mars\n"), to: folder.file("clouds.yaml"))
        let run = try await run([Sample.id(1)], in: folder)
        #expect(run.status == 78)
        #expect(run.errors.contains("OS_REGION_NAME is the key region_name, and OS_INTERFACE is the key interface."))
    }

    @Test("65: what is not a file, or is too large, does not stop the program")
    func notAFile() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("clouds.yaml")
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
        var run = try await run([Sample.id(1)], in: folder)
        #expect(run.status == 65)
        #expect(run.errors.contains("clouds.yaml: it is not a regular file."))
        try FileManager.default.removeItem(at: file)
        #expect(mkfifo(file.path, 0o600) == 0)
        run = try await self.run([Sample.id(1)], in: folder)
        #expect(run.status == 65)
        try FileManager.default.removeItem(at: file)
        try write(String(repeating: "# comment\n", count: 1 << 20), to: file)
        run = try await self.run([Sample.id(1)], in: folder)
        #expect(run.status == 65)
        #expect(run.errors.contains("clouds.yaml: it is larger than 1 MiB."))
    }
}
