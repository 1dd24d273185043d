import Foundation

/// The commands that repeat what runs now, in a file: a test process that crashes or hangs prints nothing.
public enum RunningSeeds {
    /// `delete-image-running-seeds` in the folder for temporary files.
    private static let file = FileManager.default.temporaryDirectory.appending(path: "delete-image-running-seeds")
    private static let commands = Locked<[String]>([])

    /// Runs `body`, with `command` in the file.
    public static func note<Result>(_ command: String, _ body: () async throws -> Result) async rethrows -> Result {
        change { $0.append(command) }
        defer { change { commands in commands.firstIndex(of: command).map { _ = commands.remove(at: $0) } } }
        return try await body()
    }

    private static func change(_ body: (inout [String]) -> Void) {
        commands.withLock { commands in
            body(&commands)
            try? Data(commands.map { $0 + "\n" }.joined().utf8).write(to: file)
        }
    }
}
