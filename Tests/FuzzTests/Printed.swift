import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// What the command prints in memory.
struct Printed {
    var output: [String]
    var errors: [String]
    var status: ExitStatus

    static func run(_ arguments: [String], _ cloud: Impostor) async -> Printed {
        let (output, errors) = (Locked<[String]>([]), Locked<[String]>([]))
        let status = await DeleteCommand.run(
            arguments,
            in: CommandContext(
                environment: cloud.cloud.environment,
                currentDirectory: URL(fileURLWithPath: "/nowhere", isDirectory: true),
                transport: { _ in cloud },
                clock: cloud.clock.clock,
                random: { 0.5 },
                read: { _, _ in Data() },
                write: { _, _, _ in },
                references: { _, _, _ in [:] },
                ask: { _ in .unavailable },
                print: { line in output.withLock { $0.append(line) } },
                printError: { line in errors.withLock { $0.append(line) } },
                interruptions: AsyncStream { _ in }
            )
        )
        return Printed(output: output.value, errors: errors.value, status: status)
    }
}
