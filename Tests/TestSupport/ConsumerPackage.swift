public import Foundation

/// A package that depends on this one by path and on nothing else, as a user's does.
public final class ConsumerPackage: Sendable {
    private let folder: TemporaryFolder
    private let tool: Executable

    /// Makes the package. The first run of the plugin builds the tool in it, which takes a while.
    public init() throws {
        folder = try TemporaryFolder()
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder.file("Sources/App"), withIntermediateDirectories: true)
        try Data("print(\"app\")\n".utf8).write(to: folder.file("Sources/App/main.swift"))
        let manifest = """
            // swift-tools-version: 6.0
            import PackageDescription

            let package = Package(
                name: "App",
                dependencies: [.package(name: "swift-delete-image", path: "\(repository.path)")],
                targets: [.executableTarget(name: "App")]
            )
            """
        try Data(manifest.utf8).write(to: folder.file("Package.swift"))
        tool = Executable(url: URL(fileURLWithPath: "/usr/bin/env"))
    }

    public var url: URL { folder.url }

    /// The work directory that SwiftPM gives to the plugin.
    public var workDirectory: URL { folder.file(".build/plugins/DeleteImage/outputs") }

    /// Whether a program that was built in the package is running, the plugin or the tool. Where there is no list of
    /// processes in the file system it seems that none is.
    public var hasProcesses: Bool {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.contains { process in
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
            return program?.hasPrefix(url.resolvingSymlinksInPath().path + "/") ?? false
        }
    }

    /// Runs `swift package` with `arguments` in the package.
    public func swiftPackage(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) async throws -> Executable.Finished {
        try await tool.run(Self.swiftPackage + arguments, environment: environment, currentDirectory: url)
    }

    /// Runs the plugin as somebody without a terminal does, wherever the tests are run.
    public func deleteImage(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) async throws -> Executable.Finished {
        let setsid = "/usr/bin/setsid"
        let session = FileManager.default.isExecutableFile(atPath: setsid) ? [setsid, "--wait"] : []
        return try await tool.run(
            session + Self.verb + arguments,
            environment: environment,
            currentDirectory: url
        )
    }

    /// Starts the plugin, and lets the test decide what comes next.
    public func startDeleteImage(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        try tool.start(Self.verb + arguments, environment: environment, currentDirectory: url)
    }

    /// Starts the plugin at a terminal.
    public func startDeleteImageAtTerminal(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> Running {
        try tool.startAtTerminal(Self.verb + arguments, environment: environment, currentDirectory: url)
    }

    /// Without an index the build takes a fifth less.
    private static let swiftPackage = ["swift", "package"] + (Sampling.isExhaustive ? [] : ["--disable-index-store"])
    private static let verb = swiftPackage + ["--allow-network-connections", "all", "delete-image"]
}
