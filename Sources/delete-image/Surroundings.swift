import Foundation
import ImageDeletion

/// The world around a run, as values: whoever makes them decides what is real.
struct Surroundings: Sendable {
    var environment: [String: String]
    var currentDirectory: URL
    /// What sends requests. Made only when something is to be sent: it is most of what starting up costs.
    var transport: @Sendable () -> any HTTPTransport
    var clock: WallClock
    var random: @Sendable () -> Double
    /// The content of a file; of standard input for `-`.
    var read: @Sendable (String) async throws -> Data
    /// Replaces a file by this data, all of it or nothing, where what is there already may go.
    var write: @Sendable (String, Data, (Data) -> Bool) throws -> Void
    /// Where these IDs are written in the files of a folder, those at these paths excepted.
    var references: @Sendable (Set<ImageID>, URL, [String]) async throws -> [ImageID: KeepReason.Reference]
    /// Asks the person at the terminal.
    var ask: @Sendable (String) async -> Terminal.Answer
    /// Writes to standard output.
    var print: @Sendable (String) -> Void
    /// Writes to standard error.
    var printError: @Sendable (String) -> Void
    /// An element for each Ctrl-C, SIGTERM or SIGHUP.
    var interruptions: AsyncStream<Void>
}
