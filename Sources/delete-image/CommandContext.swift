import ImageDeletion
import ImageDeletionEssentials

/// The world around a run, as values: whoever makes them decides what is real.
struct CommandContext: Sendable {
    var environment: [String: String]
    var currentDirectory: URL
    /// Where `clouds.yaml` is looked for.
    var configuration: ConfigurationFiles
    /// Creates what sends requests, which uses these certificates.
    var transport: @Sendable (CertificateFiles) throws(ImageDeletionError) -> any HTTPTransport
    var clock: WallClock
    var random: @Sendable () -> Double
    /// The content of a file, which somebody named or not; of standard input for `-`.
    var read: @Sendable (_ path: String, _ isNamed: Bool) async throws -> Data
    /// Replaces a file by this data, all of it or nothing, where what is there already may go.
    var write: @Sendable (String, Data, (Data) -> Bool) throws -> Void
    /// Where these IDs are written in the files of a folder, those at these paths excepted.
    var references: @Sendable (Set<ImageID>, URL, [String]) async throws -> [ImageID: KeepReason.Reference]
    /// Asks the person at the terminal, in the words that fit what it can show.
    var ask: @Sendable (@escaping @Sendable (Display) -> String) async -> Terminal.Answer
    /// Writes to standard output.
    var print: @Sendable (String) -> Void
    /// What standard output can show.
    var output = Display.log
    /// Writes to standard error.
    var printError: @Sendable (String) -> Void
    /// What standard error can show.
    var errors = Display.log
    /// Shows how far the run is, in the place of what it showed before, or nothing any more; nil where there is no such
    /// place.
    var progress: (@Sendable (String?) -> Void)?
    /// An element for each Ctrl-C, SIGTERM or SIGHUP.
    var interruptions: AsyncStream<Void>
}
