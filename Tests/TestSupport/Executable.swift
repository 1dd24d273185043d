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
    public func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil,
        currentDirectory: URL? = nil
    ) throws -> Running {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        // The toolchain's libraries are found through these; nothing else of the machine's may matter.
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "LD_LIBRARY_PATH"].contains($0.key)
        }
        process.environment = inherited.merging(environment) { $1 }
        process.currentDirectoryURL = currentDirectory ?? FileManager.default.temporaryDirectory
        return try Running(process, input: input)
    }
}

/// A program under way.
public final class Running: @unchecked Sendable {
    private let process: Process
    private let output: Task<Data, Never>
    private let errors: Task<Data, Never>
    private let seenErrors = Locked(Data())
    private let errorsArrive: AsyncStream<Void>
    private let ended = DispatchSemaphore(value: 0)

    public var processIdentifier: Int32 { process.processIdentifier }

    init(_ process: Process, input: String?) throws {
        self.process = process
        let (outputPipe, errorPipe, inputPipe) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        process.standardInput = inputPipe
        let ended = ended
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        output = Self.collect(outputPipe.fileHandleForReading) { _ in }
        let (errorsArrive, arrived) = AsyncStream<Void>.makeStream()
        self.errorsArrive = errorsArrive
        let seenErrors = seenErrors
        errors = Self.collect(errorPipe.fileHandleForReading) { data in
            seenErrors.withLock { $0 += data }
            if data.isEmpty { arrived.finish() } else { arrived.yield() }
        }
        if let input { try inputPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try inputPipe.fileHandleForWriting.close()
    }

    /// Waits for the end.
    public func finished() async -> Executable.Finished {
        let (output, errors) = (await output.value, await errors.value)
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

    /// Waits until the program has written `text` to standard error, or can write no more.
    public func errorsContain(_ text: String) async {
        for await _ in errorsArrive where String(decoding: seenErrors.value, as: UTF8.self).contains(text) { return }
    }

    /// Reads to the end; `arrive` is told each piece, and at the end an empty one.
    private static func collect(
        _ handle: FileHandle,
        arrive: @escaping @Sendable (Data) -> Void
    ) -> Task<Data, Never> {
        let (stream, continuation) = AsyncStream<Data>.makeStream()
        Thread.detachNewThread {
            while case let data = handle.availableData, !data.isEmpty {
                arrive(data)
                continuation.yield(data)
            }
            arrive(Data())
            continuation.finish()
        }
        return Task { await stream.reduce(into: Data()) { $0 += $1 } }
    }
}
