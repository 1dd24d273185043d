import ImageDeletion
import ImageDeletionEssentials

/// The terminal of the person who started this, also where the standard streams are pipes, as in the plugin.
enum Terminal {
    /// What became of a question.
    enum Answer {
        case yes, no
        /// There was none for as long as is waited.
        case timedOut
        /// There is no terminal to ask at.
        case unavailable
    }

    /// Shows `question`, as fits what the terminal can show, and waits for a line, for five minutes at most.
    ///
    /// SwiftPM runs its plugins' tools in the background of the terminal, where only the foreground may read; started by
    /// the plugin, we go there for the question, and back. Any other background job was put there by somebody who is not
    /// waiting to be asked.
    static func ask(
        _ question: @escaping @Sendable (Display) -> String,
        _ environment: [String: String]
    ) async -> Answer {
        let isGivenUp = Locked(false)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A thread of its own: waiting for a person must not hold up one of the few that tasks run on.
                DispatchQueue(label: "terminal").async {
                    continuation.resume(returning: wait(question, environment, isGivenUp))
                }
            }
        } onCancel: {
            isGivenUp.withLock { $0 = true }
        }
    }

    private static func wait(
        _ question: (Display) -> String,
        _ environment: [String: String],
        _ isGivenUp: Locked<Bool>
    ) -> Answer {
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return .unavailable }
        defer { close(terminal) }
        let foreground = tcgetpgrp(terminal)
        if foreground != getpgrp() {
            let isPlugin = environment["DELETE_IMAGE_PLUGIN_PROCESS"] != nil
            guard isPlugin, foreground > 0, takeForeground(terminal, getpgrp()) else { return .unavailable }
        }
        defer { if foreground != getpgrp() { _ = takeForeground(terminal, foreground) } }

        // What was typed before the question was there does not answer it.
        tcflush(terminal, TCIFLUSH)
        guard write(question(Display(terminal, environment: environment)), to: terminal) else { return .unavailable }
        let wait = 200
        for _ in 0..<(5 * 60 * 1000 / wait) {
            if isGivenUp.value {
                endLine(terminal)
                return .no
            }
            var request = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, Int32(wait)) > 0 else { continue }
            var line = [UInt8](repeating: 0, count: 256)
            let count = read(terminal, &line, line.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { endLine(terminal) }
            // What is left of a long line would go to the shell.
            tcflush(terminal, TCIFLUSH)
            let answer = String(decoding: line.prefix(max(0, count)), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
            return ["y", "yes"].contains(answer) ? .yes : .no
        }
        endLine(terminal)
        return .timedOut
    }

    /// Whoever is in the background and takes the terminal is stopped by SIGTTOU, unless that is blocked.
    private static func takeForeground(_ terminal: Int32, _ group: pid_t) -> Bool {
        var stops = sigset_t()
        var before = sigset_t()
        sigemptyset(&stops)
        sigaddset(&stops, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &stops, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return tcsetpgrp(terminal, group) == 0
    }

    /// What follows begins on a line of its own, also where nobody pressed the return key.
    private static func endLine(_ terminal: Int32) { _ = write("\n", to: terminal) }

    private static func write(_ text: String, to terminal: Int32) -> Bool {
        (try? File(descriptor: terminal).write(Data(text.utf8))) != nil
    }
}
