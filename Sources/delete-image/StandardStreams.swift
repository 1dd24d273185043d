import Foundation

/// This process's standard streams.
final class StandardStreams: @unchecked Sendable {
    /// What standard output can show.
    let output: Display
    /// What standard error can show.
    let errors: Display
    private let lock = NSLock()
    private var isLost = false
    private var progress: String?

    init(environment: [String: String]) {
        output = Display(STDOUT_FILENO, environment: environment)
        errors = Display(STDERR_FILENO, environment: environment)
    }

    /// Whether something could not be written to standard output, on a full disk, say.
    var outputIsLost: Bool { lock.withLock { isLost } }

    @Sendable func print(_ text: String) {
        lock.withLock {
            guard !write(text + "\n", to: .standardOutput), !isLost else { return }
            isLost = true
            _ = write("error: \(Words.outputIsLost)\n", to: .standardError)
        }
    }

    @Sendable func printError(_ text: String) {
        lock.withLock { _ = write(text + "\n", to: .standardError) }
    }

    /// Shows `text` as the last line, on standard error, until it is replaced; whatever is printed comes above it.
    @Sendable func show(_ text: String?) {
        lock.withLock {
            erase()
            progress = text
            draw()
        }
    }

    private func write(_ text: String, to stream: FileHandle) -> Bool {
        erase()
        defer { draw() }
        return (try? stream.write(contentsOf: Data(text.utf8))) != nil
    }

    private func erase() {
        if progress != nil { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8)) }
    }

    private func draw() {
        // A line that is wider than the terminal could not be erased.
        guard let progress else { return }
        let line = progress.prefix(max(0, (errors.width ?? 80) - 1))
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }
}
