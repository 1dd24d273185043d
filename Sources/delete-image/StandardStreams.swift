import Foundation

/// This process's standard streams.
final class StandardStreams: Sendable {
    /// Whether something could not be written to standard output, on a full disk, say.
    var outputIsLost: Bool { lost.isSet }
    private let lost = Flag()

    @Sendable func print(_ text: String) {
        if !write(text, to: .standardOutput), !lost.isSet {
            lost.set()
            printError("error: standard output cannot be written. The report is incomplete; the run goes on.")
        }
    }

    @Sendable func printError(_ text: String) {
        _ = write(text, to: .standardError)
    }

    private func write(_ text: String, to stream: FileHandle) -> Bool {
        // One call a line, so that lines of several tasks do not mix.
        (try? stream.write(contentsOf: Data((text + "\n").utf8))) != nil
    }
}
