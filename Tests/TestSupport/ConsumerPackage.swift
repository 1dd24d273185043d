public import Foundation

/// A package that depends on this one by path and on nothing else, as a user's does.
public final class ConsumerPackage: Sendable {
    private let folder: TemporaryFolder
    private let swift: Executable

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
        swift = Executable(url: URL(fileURLWithPath: "/usr/bin/env"))
    }

    public var url: URL { folder.url }

    /// The work directory that SwiftPM gives to the plugin.
    public var workDirectory: URL { folder.file(".build/plugins/DeleteImage/outputs") }

    /// Runs `swift` with `arguments` in the package.
    public func swift(_ arguments: [String], environment: [String: String] = [:]) async throws -> Executable.Finished {
        try await startSwift(arguments, environment: environment).finished()
    }

    /// Runs the plugin as somebody without a terminal does.
    public func deleteImage(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) async throws -> Executable.Finished {
        try await startDeleteImage(arguments, environment: environment).finished()
    }

    /// Starts the plugin, and lets the test decide what comes next.
    public func startDeleteImage(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        try startSwift(
            ["package", "--allow-network-connections", "all", "delete-image"] + arguments,
            environment: environment
        )
    }

    private func startSwift(_ arguments: [String], environment: [String: String]) throws -> Running {
        try swift.start(["swift"] + arguments, environment: environment, currentDirectory: folder.url)
    }
}
