import Foundation
import PackagePlugin

/// `swift package delete-image`: finds the tool, hands over the arguments and the work directory, forwards signals,
/// and passes failure on. Everything else is the tool's.
@main
struct DeleteImagePlugin: CommandPlugin {
    func performCommand(context: PluginContext, arguments: [String]) async throws {
        Self.closeCompilationRecords(beside: context.pluginWorkDirectoryURL)
        let process = Process()
        process.executableURL = try context.tool(named: "delete-image").url
        process.arguments = Self.withoutPackageManagerOptions(arguments)
        process.environment = ProcessInfo.processInfo.environment.merging([
            "DELETE_IMAGE_WORK_DIRECTORY": context.pluginWorkDirectoryURL.path,
            // The tool stops when this process is gone, even killed.
            "DELETE_IMAGE_PLUGIN_PROCESS": "\(getpid())",
        ]) { $1 }
        // Without this the tool would inherit the plugin's line to SwiftPM as its standard input.
        process.standardInput = FileHandle.nullDevice
        // SwiftPM merges both streams of a plugin into its standard output, where with --json only the document may be.
        let errors = arguments.contains("--json") ? Pipe() : nil
        if let errors { process.standardError = errors }

        try process.run()
        let watchers = Self.stop(process)
        defer { for watcher in watchers { watcher.cancel() } }
        if let errors { Self.relay(errors.fileHandleForReading) }
        process.waitUntilExit()

        // SwiftPM takes a plugin that just returns for a success, whatever the tool's status.
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let how = process.terminationReason == .exit ? "exit status" : "signal"
            throw ToolFailure(description: "delete-image ended with \(how) \(process.terminationStatus)")
        }
    }

    /// SwiftPM compiles a plugin in the environment of the call, and writes all of it, passwords among it, into a file that
    /// everybody may read: for `swift package` below the plugin's folder, for a `swift build` of this package beside it.
    /// They are there before this plugin runs; from here on they are for their owner only.
    private static func closeCompilationRecords(beside workDirectory: URL) {
        let plugin = workDirectory.deletingLastPathComponent()
        for folder in [plugin, plugin.deletingLastPathComponent()] {
            let record = folder.appendingPathComponent("cache/DeleteImage-state.json").path
            chmod(record, 0o600)
            var info = stat()
            // A sandbox may not let us.
            guard stat(record, &info) == 0, info.st_mode & 0o077 != 0 else { continue }
            Diagnostics.warning(
                "SwiftPM keeps the variables of a call, passwords among them, in \(record), which other users may read; "
                    + "close it with chmod 600, or use the executable"
            )
        }
    }

    /// Makes the tool stop when this process is asked to, and when SwiftPM is gone: SwiftPM ends its plugins by SIGINT
    /// and dies of SIGTERM without a word to them, and the tool is in a process group of its own.
    private static func stop(_ process: Process) -> [any DispatchSourceProtocol] {
        let tool = process.processIdentifier
        let packageManager = getppid()
        var watchers: [any DispatchSourceProtocol] = [SIGINT, SIGTERM, SIGHUP].map { number in
            // First ignored, then watched: the other way round, libdispatch's own handler is lost on Linux.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { kill(tool, number) }
            return source
        }
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now(), repeating: .milliseconds(250))
        timer.setEventHandler {
            if getppid() != packageManager {
                kill(tool, SIGTERM)
                timer.cancel()
            }
        }
        watchers.append(timer)
        for watcher in watchers { watcher.resume() }
        return watchers
    }

    /// Hands the tool's standard error to SwiftPM line by line, until the tool closes it.
    private static func relay(_ errors: FileHandle) {
        var rest = Data()
        func hand(on line: String) {
            if line.hasPrefix("error: ") {
                Diagnostics.error(String(line.dropFirst("error: ".count)))
            } else if line.hasPrefix("warning: ") {
                Diagnostics.warning(String(line.dropFirst("warning: ".count)))
            } else {
                Diagnostics.progress(line)
            }
        }
        while case let data = errors.availableData, !data.isEmpty {
            rest += data
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeSubrange(...end)
                hand(on: line)
            }
        }
        // A program that is killed may not end its last line.
        if !rest.isEmpty { hand(on: String(decoding: rest, as: UTF8.self)) }
    }

    /// `arguments` without what is only SwiftPM's: it obeys its own options after the verb too, and then hands them on.
    private static func withoutPackageManagerOptions(_ arguments: [String]) -> [String] {
        var kept: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return kept + [argument] + rest }
            let name = String(argument.prefix { $0 != "=" })
            if packageManagerValues.contains(name) {
                if name == argument { _ = rest.popFirst() }
            } else if !packageManagerFlags.contains(name), !name.hasPrefix("--disable-"), !name.hasPrefix("--enable-") {
                kept.append(argument)
            }
        }
        return kept
    }

    private static let packageManagerValues: Set<String> = [
        "--allow-network-connections", "--allow-writing-to-directory", "--arch", "--build-path", "--build-system",
        "--cache-path", "--config-path", "--configuration", "-c", "--jobs", "-j", "--netrc-file", "--package",
        "--package-path", "--sanitize", "--scratch-path", "--sdk", "--security-path", "--swift-sdk",
        "--swift-sdks-path", "--toolchain", "--toolset", "--traits", "--triple", "-Xcc", "-Xcxx", "-Xlinker",
        "-Xswiftc",
    ]

    private static let packageManagerFlags: Set<String> = [
        "--allow-writing-to-package-directory", "--force-resolved-versions", "--ignore-lock", "--netrc",
        "--only-use-versions-from-resolved-file", "--skip-update", "--use-integrated-swift-driver", "--very-verbose",
        "--vv",
    ]
}

/// The tool has said what went wrong; this says so to SwiftPM.
private struct ToolFailure: Error, CustomStringConvertible {
    let description: String
}
