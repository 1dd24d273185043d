import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// One run of the command in memory.
struct CommandRun {
    let status: ExitStatus
    let output: String
    let errors: String

    init(_ arguments: [String], in context: CommandContext) async {
        let (output, errors) = (Locked(""), Locked(""))
        var recorded = context
        recorded.print = { line in
            output.withLock { $0 += line + "\n" }
            context.print(line)
        }
        recorded.printError = { line in
            errors.withLock { $0 += line + "\n" }
            context.printError(line)
        }
        status = await DeleteCommand.run(arguments, in: recorded)
        (self.output, self.errors) = (output.value, errors.value)
    }

    /// Runs the command with `--json` and `arguments` against a demo cloud.
    ///
    /// - Parameters:
    ///   - files: The contents of files by path. A plan that the run writes is added.
    ///   - referenced: The IDs that a file of the package names.
    ///   - answer: The answer to the question.
    ///   - asked: Runs before the question is answered.
    init(
        json arguments: [String],
        on transport: FaultyTransport,
        of cloud: DemoCloud,
        files: Locked<[String: Data]> = Locked([:]),
        referenced: Locked<Set<String>> = Locked([]),
        answer: Terminal.Answer = .unavailable,
        asked: @escaping @Sendable () async -> Void = {}
    ) async {
        var context = CommandContext.inMemory(cloud.environment, transport, files: files)
        context.references = { ids, _, _ in .references(to: ids) { referenced.value.contains($0) } }
        context.ask = { _ in
            await asked()
            return answer
        }
        await self.init(["--json", "--no-token-cache", "--retries", "0"] + arguments, in: context)
    }

    /// The JSON document on standard output; fails if it is anything else.
    var report: Report {
        get throws { try JSONDecoder().decode(Report.self, from: Data(output.utf8)) }
    }

    /// Each image's outcome and reason, by ID.
    var fates: [String: String] {
        get throws {
            Dictionary(
                try report.images.map { ($0.id, [$0.outcome, $0.reason].compactMap { $0 }.joined(separator: " ")) }
            ) { $1 }
        }
    }
}

extension CommandContext {
    /// CommandContext without a terminal, in a package whose files are `files` by their paths. A plan is added to them.
    static func inMemory(
        _ environment: [String: String],
        _ transport: any HTTPTransport,
        clock: WallClock = .system,
        files: Locked<[String: Data]> = Locked([:])
    ) -> CommandContext {
        CommandContext(
            environment: environment,
            currentDirectory: URL(fileURLWithPath: "/package", isDirectory: true),
            configuration: ConfigurationFiles(currentDirectory: "/package") { path in
                files.value[path].map { ConfigurationFiles.Content($0) }
            },
            transport: { _ in transport },
            clock: clock,
            random: { 0.5 },
            read: { path, _ in
                guard let content = files.value[path] else { throw UserFile.Fault(POSIXError(.ENOENT)) }
                return content
            },
            write: { path, data, _ in files.withLock { $0[path] = data } },
            references: { _, _, _ in [:] },
            ask: { _ in .unavailable },
            print: { _ in },
            printError: { _ in },
            interruptions: AsyncStream { _ in }
        )
    }
}

extension [ImageID: KeepReason.Reference] {
    /// References to those of `ids` whose text is in a file.
    static func references(to ids: Set<ImageID>, isInFile: (String) -> Bool) -> Self {
        let place = KeepReason.Reference(file: "main.tf", line: 1)
        return Dictionary(uniqueKeysWithValues: ids.filter { isInFile($0.description) }.map { ($0, place) })
    }
}
