import ImageDeletion
import ImageDeletionEssentials

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
        let environment = inheritable(ProcessInfo.processInfo.environment).merging(variables) { $1 }
        let (lifeline, output, errors) = (Pipe(), Pipe(), Pipe())
        let process = spawn(
            ["/bin/sh", "-c", guardian, "sh"] + command,
            environment.map { "\($0)=\($1)" },
            streams: [lifeline.end, output.start, errors.start]
        )
        for descriptor in [lifeline.end, output.start, errors.start] { close(descriptor) }

        let (results, result) = AsyncThrowingStream<(output: Data, errors: String), any Error>.makeStream()
        result.onTermination = { _ in close(lifeline.start) }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeLimit) {
            result.finish(throwing: Failure(reason: "it took too long"))
        }
        // A program in an uninterruptible system call survives even SIGKILL, so nobody waits for these threads.
        let words = DispatchQueue(label: "standard error")
        nonisolated(unsafe) var errorText = ""
        words.async { errorText = String(decoding: errors.content(), as: UTF8.self) }
        DispatchQueue(label: "standard output").async {
            let data = output.content()
            words.sync {}
            guard let process else { return result.finish(throwing: Failure(reason: "it cannot be started")) }
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            if status == 0 {
                result.yield((data, errorText))
                result.finish()
            } else {
                result.finish(throwing: Failure(reason: errorText.isEmpty ? "it failed" : errorText))
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
    /// killed. Then it kills the whole process group, whose leader this shell is.
    private static let guardian = """
        exec 3<&0 </dev/null
        { read -r line <&3; kill -s KILL -- -$$; } >/dev/null 2>&1 &
        "$@" 3<&-
        status=$?
        kill -s KILL $!
        exit $status
        """

    /// A pipe that no other program inherits.
    private struct Pipe {
        /// The descriptor to write to.
        let start: Int32
        /// The descriptor to read from.
        let end: Int32

        init() {
            var descriptors: [Int32] = [-1, -1]
            pipe(&descriptors)
            for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            (end, start) = (descriptors[0], descriptors[1])
        }

        /// Reads all that is written to it, and closes it.
        func content() -> Data {
            defer { close(end) }
            return (try? File(descriptor: end).read()) ?? Data()
        }
    }

    /// Starts a program as the leader of a process group of its own.
    ///
    /// - Parameters:
    ///   - arguments: The program's path and its arguments.
    ///   - environment: All of its variables.
    ///   - streams: What becomes its standard input, output and error. It gets no other file of this process.
    /// - Returns: Its number; nil if it cannot be started.
    private static func spawn(_ arguments: [String], _ environment: [String], streams: [Int32]) -> pid_t? {
        #if os(macOS)
            var (actions, attributes) = (posix_spawn_file_actions_t?.none, posix_spawnattr_t?.none)
        #else
            var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (index, stream) in streams.enumerated() { posix_spawn_file_actions_adddup2(&actions, stream, Int32(index)) }
        // What this process ignores and blocks is no concern of the program's.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        #if os(macOS)
            flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
            let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
            for file in files.compactMap({ Int32($0) }) where file > 2 {
                posix_spawn_file_actions_addclose(&actions, file)
            }
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let (words, variables) = (arguments.map { strdup($0) }, environment.map { strdup($0) })
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, arguments[0], &actions, &attributes, words + [nil], variables + [nil])
        return failure == 0 ? process : nil
    }

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
