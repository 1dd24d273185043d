import Foundation

/// What is said when this process crashes.
///
/// One crash is known, and is not ours to keep from happening: on Linux, FoundationNetworking of Swift 6.3 traps when an
/// answer breaks off within its head, before it asks any delegate (swift-corelibs-foundation, issue 5285).
enum Crash {
    static let words: StaticString = """
        error: this program crashed, perhaps over a broken answer. Images that were under way may be gone: look with \
        --dry-run. With --receipt, the same command goes on from there.

        """

    /// From now on, a trap ends the process with these words, and not with a page of addresses.
    static func isTold() {
        // Made now: a handler must not make anything.
        _ = words
        for number in [SIGILL, SIGTRAP] {
            signal(number) { number in
                _ = write(STDERR_FILENO, Crash.words.utf8Start, Crash.words.utf8CodeUnitCount)
                signal(number, SIG_DFL)
            }
        }
    }
}
