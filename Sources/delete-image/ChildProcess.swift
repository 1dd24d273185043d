import Dispatch
import Foundation

/// Programs that this process starts. None of them gets a secret, and none outlives this process.
enum ChildProcess {
    /// Runs `command`, whose program is looked up in `PATH`, and returns what it writes to standard output and standard
    /// error.
    ///
    /// Cancellation ends it at once, together with every process that it started.
    ///
    /// - Parameters:
    ///   - command: The program's name and its arguments.
    ///   - variables: Environment variables beside the inherited ones.
    ///   - timeLimit: The time after which the program is killed.
    /// - Throws: ``Failure`` if it does not exit with status 0 in time; `CancellationError` if the task is cancelled.
    static func output(
        of command: [String],
        setting variables: [String: String] = [:],
        timeLimit: DispatchTimeInterval = .seconds(60)
    ) async throws -> (output: Data, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", guardian, "sh"] + command
        process.environment = inheritable(ProcessInfo.processInfo.environment).merging(variables) { $1 }
        let (lifeline, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = lifeline
        process.standardOutput = output
        process.standardError = errors
        do { try process.run() } catch { throw Failure(reason: "it cannot be started") }

        let (results, result) = AsyncThrowingStream<(output: Data, errors: String), any Error>.makeStream()
        result.onTermination = { _ in try? lifeline.fileHandleForWriting.close() }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeLimit) {
            result.finish(throwing: Failure(reason: "it took too long"))
        }
        // A program in an uninterruptible system call survives even SIGKILL, so nobody waits for these threads.
        let isRead = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var words = ""
        Thread.detachNewThread {
            words = String(decoding: (try? errors.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
            isRead.signal()
        }
        Thread.detachNewThread {
            let data = try? output.fileHandleForReading.readToEnd() ?? Data()
            isRead.wait()
            process.waitUntilExit()
            if process.terminationReason == .exit, process.terminationStatus == 0, let data {
                result.yield((data, words))
                result.finish()
            } else {
                result.finish(throwing: Failure(reason: words.isEmpty ? "it failed" : words))
            }
        }
        for try await finished in results { return finished }
        throw CancellationError()
    }

    /// A program that produced no result.
    struct Failure: Error {
        /// What it wrote to standard error, or else what happened to it.
        var reason: String
    }

    /// Runs a command until the other end of standard input is closed, which the kernel does even if this process is
    /// killed. Then it kills the whole process group, whose leader `Process` makes this shell.
    private static let guardian = """
        exec 3<&0 </dev/null
        { read -r line <&3; kill -s KILL -- -$$; } >/dev/null 2>&1 &
        "$@" 3<&-
        status=$?
        kill -s KILL $!
        exit $status
        """

    /// The variables that a program gets: an allowlist, because nobody knows the names of all secrets. Variables that
    /// point Git at a repository or at a program are not among them.
    static func inheritable(_ environment: [String: String]) -> [String: String] {
        var kept = environment.filter { inheritedNames.contains($0.key) || $0.key.hasPrefix("LC_") }
        // A relative entry would run a program out of the current folder, which may be a checkout.
        kept["PATH"] = kept["PATH"]?.split(separator: ":").filter { $0.hasPrefix("/") }.joined(separator: ":")
        return kept
    }

    private static let inheritedNames: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
    ]
}
