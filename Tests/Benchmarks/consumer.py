"""A package that uses the plugin, as a user's does, and has a plugin of its own that does nothing."""

import pathlib

MANIFEST = """// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "App",
    dependencies: [.package(name: "swift-delete-image", path: "REPOSITORY")],
    targets: [
        .executableTarget(name: "App"),
        .executableTarget(name: "nothing"),
        .plugin(
            name: "Nothing",
            capability: .command(intent: .custom(verb: "nothing", description: "Does nothing")),
            dependencies: ["nothing"]
        ),
    ]
)
"""

PLUGIN = """import Foundation
import PackagePlugin

@main
struct Nothing: CommandPlugin {
    func performCommand(context: PluginContext, arguments: [String]) async throws {
        let tool = try Process.run(try context.tool(named: "nothing").url, arguments: [])
        tool.waitUntilExit()
    }
}
"""

FILES = {
    "Package.swift": MANIFEST,
    "Plugins/Nothing/Nothing.swift": PLUGIN,
    "Sources/App/main.swift": "",
    "Sources/nothing/main.swift": "",
}


def make(repository, folder):
    """Makes the package in `folder`."""
    for path, text in FILES.items():
        file = pathlib.Path(folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("REPOSITORY", str(repository)))
