import ImageDeletion
import ImageDeletionEssentials

/// The only place that touches the real world: it makes the context of a run out of this process's.
@main
struct DeleteImage {
    static func main() async {
        // A reader that went away (`… | head`) must not kill a run between two outcomes.
        signal(SIGPIPE, SIG_IGN)
        // Nor a file that reaches the limit for its size (`ulimit -f`): the write fails, and that is told.
        signal(SIGXFSZ, SIG_IGN)
        CoreFile.disable()
        CurlTransport.load()
        let environment = ProcessInfo.processInfo.environment
        let streams = StandardStreams(environment: environment)
        let status = await DeleteCommand.run(
            Array(CommandLine.arguments.dropFirst()),
            in: CommandContext(
                environment: environment,
                currentDirectory: URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true),
                configuration: .system,
                transport: { certificates throws(ImageDeletionError) in try CurlTransport(certificates: certificates) },
                clock: .system,
                random: { Double.random(in: 0..<1) },
                read: UserFile.content,
                write: UserFile.replace,
                references: References.find,
                ask: { await Terminal.ask($0, environment) },
                print: streams.print,
                output: streams.output,
                printError: streams.printError,
                errors: streams.errors,
                progress: streams.errors.mayBeLive(beside: STDOUT_FILENO) ? streams.show : nil,
                interruptions: Signals.terminationRequests()
            )
        )
        // Nothing is left to be done at the exit, and libcurl may still be at work in its thread.
        _exit(streams.outputIsLost && status == .done ? ExitStatus.incomplete.rawValue : status.rawValue)
    }
}
