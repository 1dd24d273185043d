public import Foundation

/// A program that a test runs, with an environment that is all the test's own.
public struct Executable: Sendable {
    /// How a run ended.
    public struct Finished: Sendable {
        public var status: Int32
        public var output: String
        public var errors: String
        public var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    public var url: URL
    /// What starts it.
    private var prefix: [String] = []

    public init(url: URL) { self.url = url }

    /// The executable of this package, beside the tests that were built with it.
    public static var deleteImage: Executable {
        #if os(macOS)
            let products = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }!.bundleURL
        #else
            let products = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).absoluteURL
        #endif
        return Executable(url: products.deletingLastPathComponent().appendingPathComponent("delete-image"))
    }

    /// Whether what programs use can be limited here.
    public static let canLimit = FileManager.default.isExecutableFile(atPath: prlimit)

    private static let prlimit = "/usr/bin/prlimit"

    /// This program, which the kernel gives no more memory than `megabytes`: it crashes when it asks for more.
    public func bounded(megabytes: Int) -> Executable { limited("--data=\(megabytes << 20)") }

    /// This program under a limit, an option of prlimit(1).
    public func limited(_ limit: String) -> Executable { started(by: [Self.prlimit, limit]) }

    /// This program, which `words` start.
    public func started(by words: [String]) -> Executable {
        var copy = self
        copy.prefix = words
        return copy
    }

    /// Runs to the end.
    public func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil,
        currentDirectory: URL? = nil
    ) async throws -> Finished {
        try await start(arguments, environment: environment, input: input, currentDirectory: currentDirectory)
            .finished()
    }

    /// Starts, and lets the test decide what comes next.
    ///
    /// - Parameter isInteractive: Whether standard input stays open, for what the test types later.
    public func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil,
        isInteractive: Bool = false,
        currentDirectory: URL? = nil
    ) throws -> Running {
        let process = Process()
        let command = prefix + [url.path] + arguments
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        // The toolchain's libraries are found through these; nothing else of the machine's may matter.
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "LD_LIBRARY_PATH"].contains($0.key)
        }
        // Nor may a clouds.yaml of this machine: tests would delete images in somebody's cloud.
        let isolated = inherited.merging(["OS_CLIENT_CONFIG_FILE": "/dev/null"]) { $1 }
        process.environment = isolated.merging(environment) { $1 }
        // A process that ignores a signal hands that down: `nohup` and a script's `&` would decide what the tests see.
        for number in [SIGINT, SIGTERM, SIGHUP] { Foundation.signal(number, SIG_DFL) }
        process.currentDirectoryURL = currentDirectory ?? FileManager.default.temporaryDirectory
        return try Running(process, input: input, isInteractive: isInteractive)
    }

    /// Whether programs can be run at a terminal here.
    public static let hasTerminals = FileManager.default.isExecutableFile(atPath: script)

    private static let script = "/usr/bin/script"

    /// Starts at a terminal of its own: what the test types comes from its keyboard, and all that is written to it is
    /// the output. Linux's `script` makes the terminal; macOS has one with other options.
    ///
    /// - Parameters:
    ///   - type: What `TERM` says; nil for a terminal of which nothing is known.
    ///   - columns: How wide it is; nil for one that does not say.
    public func startAtTerminal(
        _ arguments: [String],
        type: String? = nil,
        columns: Int? = nil,
        environment: [String: String] = [:],
        currentDirectory: URL? = nil
    ) throws -> Running {
        let size = columns.map { ["stty", "columns", "\($0)", ";"] } ?? []
        let set = type.map { ["export", "TERM=\($0)", ";"] } ?? ["unset", "TERM", ";"]
        let words = size + set + ([url.path] + arguments).map { "'" + $0.replacing("'", with: "'\\''") + "'" }
        return try Executable(url: URL(fileURLWithPath: Self.script)).start(
            ["--quiet", "--return", "--command", words.joined(separator: " "), "/dev/null"],
            environment: environment.merging(["SHELL": "/bin/sh"]) { $1 },
            isInteractive: true,
            currentDirectory: currentDirectory
        )
    }
}

/// A program under way.
public final class Running: @unchecked Sendable {
    private let process: Process
    private let input: FileHandle
    private let output: Stream
    private let errors: Stream
    private let ended = DispatchSemaphore(value: 0)

    public var processIdentifier: Int32 { process.processIdentifier }

    init(_ process: Process, input: String?, isInteractive: Bool) throws {
        self.process = process
        let (outputPipe, errorPipe, inputPipe) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        process.standardInput = inputPipe
        let ended = ended
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        output = Stream(outputPipe.fileHandleForReading)
        errors = Stream(errorPipe.fileHandleForReading)
        self.input = inputPipe.fileHandleForWriting
        if let input { try type(input) }
        if !isInteractive { try self.input.close() }
    }

    /// Waits for the end.
    public func finished() async -> Executable.Finished {
        let (output, errors) = (await output.whole.value, await errors.whole.value)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.ended.wait()
                self.ended.signal()
                continuation.resume()
            }
        }
        return Executable.Finished(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self)
        )
    }

    /// Sends a signal to the program.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Writes to the program's standard input.
    public func type(_ text: String) throws { try input.write(contentsOf: Data(text.utf8)) }

    /// Waits until the program has read all that was typed.
    public func inputIsRead() async throws {
        var unread: Int32 = 1
        while unread > 0 {
            guard ioctl(input.fileDescriptor, UInt(FIONREAD), &unread) == 0 else { throw POSIXError(.ENOTTY) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits until the program has written `text` to standard output, or can write no more.
    public func outputContains(_ text: String) async { await output.contains(text) }

    /// Waits until the program has written `text` to standard error, or can write no more.
    public func errorsContain(_ text: String) async { await errors.contains(text) }

    /// What comes out of a program, piece by piece.
    private final class Stream: Sendable {
        let whole: Task<Data, Never>
        private let seen: Locked<Data>
        private let arrivals: AsyncStream<Void>

        init(_ handle: FileHandle) {
            let seen = Locked(Data())
            let (arrivals, arrived) = AsyncStream<Void>.makeStream()
            let (end, ended) = AsyncStream<Void>.makeStream()
            Thread.detachNewThread {
                while case let data = handle.availableData, !data.isEmpty {
                    seen.withLock { $0 += data }
                    arrived.yield()
                }
                // Foundation's Process, which lives longer than its program, would keep it open.
                try? handle.close()
                arrived.finish()
                ended.finish()
            }
            self.seen = seen
            self.arrivals = arrivals
            whole = Task {
                for await _ in end {}
                return seen.value
            }
        }

        func contains(_ text: String) async {
            func isThere() -> Bool { String(decoding: seen.value, as: UTF8.self).contains(text) }
            if isThere() { return }
            for await _ in arrivals where isThere() { return }
        }
    }
}
