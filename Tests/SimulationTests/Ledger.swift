import Foundation
import ImageDeletionDemo
import TestSupport

/// What truly happened in a simulated scenario, written down where it happens and not where it is told.
///
/// Touched by one thread only, the scheduler's.
final class Ledger: @unchecked Sendable {
    /// All images as they were from a moment on.
    struct Version {
        var time: TimeInterval
        var images: [String: DemoImage]
    }

    /// What one process did.
    struct ProcessRecord {
        var requests: [SentRequest] = []
        /// The images that went by its requests.
        var taken: Set<String> = []
        /// The images of which it unprotected one, whatever became of that.
        var unprotected: Set<String> = []
        /// The images of which it was told that they are not there, by somebody who did not look.
        var saidGone: Set<String> = []
        /// The images of which it was told that they are protected or public, by somebody who did not look.
        var saidHeld: Set<String> = []
        /// The images whose deletion was done and answered as if it had been refused.
        var saidRefused: Set<String> = []
        /// The images whose deletion was done and answered by somebody else.
        var answeredOtherwise: Set<String> = []
        /// The images whose protection is not what it was told, or may change when nobody waits any more.
        var protectionUnknown: Set<String> = []
        /// The images of which a deletion got no answer, or only a gateway's.
        var unanswered: Set<String> = []
        /// When it was first asked for a change of an image.
        var begun: [String: TimeInterval] = [:]
        /// Whether a list was not the cloud's own.
        var wasShownAnotherList = false
        /// How often a token was refused.
        var tokensRefused = 0
        /// How often that was the cloud's own answer: the token had ended, or was revoked.
        var endedTokens = 0
        /// How often the credentials were.
        var credentialsRefused = 0
        /// How many requests came sooner than a server had asked for.
        var hasty = 0
        /// How many requests came when its report was out.
        var late = 0
        var hasEnded = false
    }

    private(set) var history: [Version]
    private(set) var trace: [String] = []
    /// What came in the scenario, and how often: faults of requests, events of others, outcomes and exit statuses.
    private(set) var tally: [String: Int] = [:]
    private(set) var secrets: Set<String> = []
    private var records: [Int: ProcessRecord] = [:]
    private let time: () -> TimeInterval

    init(_ images: [DemoImage], time: @escaping () -> TimeInterval) {
        self.time = time
        history = [Version(time: 0, images: Self.byID(images))]
    }

    subscript(process: Int) -> ProcessRecord {
        get { records[process, default: ProcessRecord()] }
        set { records[process] = newValue }
    }

    /// A line of the trace, by which two runs are compared and a failure is understood.
    func note(_ line: String) { trace.append(String(format: "%10.3f  ", time()) + line) }

    func count(_ event: String) { tally[event, default: 0] += 1 }

    /// Nobody may ever read this.
    func keepSecret(_ secret: String) { secrets.insert(secret) }

    /// The cloud has changed, or has not.
    func see(_ images: [DemoImage]) {
        let images = Self.byID(images)
        if history.last?.images != images { history.append(Version(time: time(), images: images)) }
    }

    /// The images as they are.
    var now: [String: DemoImage] { history.last?.images ?? [:] }

    /// Everything that an image has been from `start` to `end`.
    func versions(of id: String, from start: TimeInterval, to end: TimeInterval) -> [DemoImage] {
        states(from: start, to: end).compactMap { $0[id] }
    }

    /// Everything that all images have been from `start` to `end`.
    func states(from start: TimeInterval, to end: TimeInterval) -> [[String: DemoImage]] {
        // What is changed in the very moment of the start may be changed after it.
        let first = history.lastIndex { $0.time < start } ?? 0
        return history[first...].filter { $0.time <= max(start, end) }.map(\.images)
    }

    private static func byID(_ images: [DemoImage]) -> [String: DemoImage] {
        Dictionary(images.map { ($0.id, $0) }) { first, _ in first }
    }
}
