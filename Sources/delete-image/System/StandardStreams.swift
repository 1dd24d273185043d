import ImageDeletion
import ImageDeletionEssentials

/// This process's standard streams.
final class StandardStreams: Sendable {
    /// What standard output can show.
    let output: Display
    /// What standard error can show.
    let errors: Display
    private let state = Locked(State())

    private struct State {
        var outputIsLost = false
        /// The line that is shown until it is replaced.
        var progress: String?
    }

    init(environment: [String: String]) {
        output = Display(STDOUT_FILENO, environment: environment)
        errors = Display(STDERR_FILENO, environment: environment)
    }

    /// Whether something could not be written to standard output, on a full disk, say.
    var outputIsLost: Bool { state.withLock { $0.outputIsLost } }

    @Sendable func print(_ text: String) {
        state.withLock { state in
            guard !write(text + "\n", to: STDOUT_FILENO, above: state.progress), !state.outputIsLost else { return }
            state.outputIsLost = true
            write("error: \(Messages.outputIsLost)\n", to: STDERR_FILENO, above: state.progress)
        }
    }

    @Sendable func printError(_ text: String) {
        state.withLock { _ = write(text + "\n", to: STDERR_FILENO, above: $0.progress) }
    }

    /// Shows `text` as the last line, on standard error, until it is replaced; whatever is printed comes above it.
    @Sendable func show(_ text: String?) {
        state.withLock { state in
            erase(state.progress)
            state.progress = text
            draw(text)
        }
    }

    @discardableResult
    private func write(_ text: String, to stream: Int32, above progress: String?) -> Bool {
        erase(progress)
        defer { draw(progress) }
        return write(text, to: stream)
    }

    @discardableResult
    private func write(_ text: some StringProtocol, to stream: Int32) -> Bool {
        (try? File(descriptor: stream).write(Data(text.utf8))) != nil
    }

    private func erase(_ progress: String?) {
        if progress != nil { write("\r\u{1B}[K", to: STDERR_FILENO) }
    }

    private func draw(_ progress: String?) {
        // A line that is wider than the terminal could not be erased.
        guard let progress else { return }
        write(progress.prefix(max(0, (errors.width ?? 80) - 1)), to: STDERR_FILENO)
    }
}
