import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// One run of the command in memory, against a demo cloud.
struct MemoryRun {
    let status: ExitStatus
    let report: Report
    let errors: String

    /// Runs the command with `--json` and `arguments`.
    ///
    /// - Parameters:
    ///   - files: The contents of files by path. A plan that the run writes is added.
    ///   - referenced: The IDs that a file of the package names.
    ///   - answer: The answer to the question.
    ///   - asked: Runs before the question is answered.
    init(
        _ arguments: [String],
        on transport: FaultyTransport,
        of cloud: DemoCloud,
        files: Locked<[String: Data]> = Locked([:]),
        referenced: Locked<Set<String>> = Locked([]),
        answer: Terminal.Answer = .unavailable,
        asked: @escaping @Sendable () async -> Void = {}
    ) async throws {
        let (output, errors) = (Locked(""), Locked(""))
        status = await DeleteCommand.run(
            ["--json", "--no-token-cache", "--retries", "0"] + arguments,
            in: CommandContext(
                environment: cloud.environment,
                currentDirectory: URL(fileURLWithPath: "/package", isDirectory: true),
                transport: { _ in transport },
                clock: .system,
                random: { 0.5 },
                read: { path, _ in
                    guard let content = files.value[path] else { throw UserFile.Fault(POSIXError(.ENOENT)) }
                    return content
                },
                write: { path, data, _ in files.withLock { $0[path] = data } },
                references: { ids, _, _ in
                    Dictionary(
                        uniqueKeysWithValues: ids.filter { referenced.value.contains($0.description) }.map {
                            ($0, KeepReason.Reference(file: "main.tf", line: 1))
                        }
                    )
                },
                ask: { _ in
                    await asked()
                    return answer
                },
                print: { line in output.withLock { $0 += line } },
                printError: { line in errors.withLock { $0 += line + "\n" } },
                interruptions: AsyncStream { _ in }
            )
        )
        report = try JSONDecoder().decode(Report.self, from: Data(output.value.utf8))
        self.errors = errors.value
    }

    /// Each image's outcome and reason, by ID.
    var fates: [String: String] {
        Dictionary(
            report.images.map { ($0.id, [$0.outcome, $0.reason].compactMap { $0 }.joined(separator: " ")) }
        ) { $1 }
    }
}
