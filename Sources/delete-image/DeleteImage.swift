import Foundation
import ImageDeletion

/// The only place that touches the real world: it makes the surroundings of a run out of this process's.
@main
struct DeleteImage {
    static func main() async {
        // A reader that went away (`… | head`) must not kill a run between two outcomes.
        signal(SIGPIPE, SIG_IGN)
        let streams = StandardStreams()
        let status = await Command.run(
            Array(CommandLine.arguments.dropFirst()),
            in: Surroundings(
                environment: ProcessInfo.processInfo.environment,
                currentDirectory: URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true),
                transport: { URLSessionTransport() },
                clock: .system,
                random: { Double.random(in: 0..<1) },
                read: { try $0 == "-" ? streams.readInput() : Data(contentsOf: URL(fileURLWithPath: $0)) },
                print: streams.print,
                printError: streams.printError,
                interruptions: Signals.stops()
            )
        )
        // `exit` and not `return`: URLSession's threads are not waited for.
        exit(streams.outputIsLost && status == .done ? ExitStatus.incomplete.rawValue : status.rawValue)
    }
}
