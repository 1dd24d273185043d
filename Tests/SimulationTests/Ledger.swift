import Foundation
import ImageDeletionDemo
import TestSupport

/// A record of what truly happened in a scenario, independent of what the command reports.
///
/// Only the scheduler's thread uses it.
final class Ledger: @unchecked Sendable {
    /// All images as they were from a moment on.
    struct Version {
        var time: TimeInterval
        var images: [String: DemoImage]
    }

    /// What one process did, as the cloud and the network saw it.
    struct ProcessRecord {
        var requests: [SentRequest] = []
        /// The images that its requests deleted.
        var taken: Set<String> = []
        /// The images as the cloud last showed them to it, one by one.
        var shown: [String: DemoImage] = [:]
        /// The images for which a response to a change was not the cloud's own, or came late.
        var changeUnknown: Set<String> = []
        /// The images whose protection it lifted, even if something protected them again.
        var unprotected: Set<String> = []
        /// The images that an injected response reported as missing.
        var saidGone: Set<String> = []
        /// The images that an injected response reported as protected or public.
        var saidHeld: Set<String> = []
        /// The images that were deleted while an injected response reported a refusal.
        var saidRefused: Set<String> = []
        /// The images that were deleted while an injected response replaced the cloud's.
        var answeredOtherwise: Set<String> = []
        /// The images whose protection may differ from what the process knows.
        var protectionUnknown: Set<String> = []
        /// The images whose deletion got no response, or only a gateway's.
        var unanswered: Set<String> = []
        /// The time of the first request to change each image.
        var begun: [String: TimeInterval] = [:]
        /// Whether a list of images was changed by a fault.
        var wasShownAnotherList = false
        /// The number of refused tokens.
        var tokensRefused = 0
        /// The number of tokens that the cloud itself refused, as expired or revoked.
        var endedTokens = 0
        /// The number of refusals of the credentials.
        var credentialsRefused = 0
        /// The number of requests before the time that `Retry-After` allows.
        var hasty = 0
        /// The number of requests after its report.
        var late = 0
        var hasEnded = false
    }

    private(set) var history: [Version]
    private(set) var trace: [String] = []
    /// The number of each kind of fault, external event, outcome and exit status.
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

    /// Registers a text that must never be printed or saved.
    func keepSecret(_ secret: String) { secrets.insert(secret) }

    /// Records the images if they have changed.
    func see(_ images: [DemoImage]) {
        let images = Self.byID(images)
        if history.last?.images != images { history.append(Version(time: time(), images: images)) }
    }

    /// The current images.
    var now: [String: DemoImage] { history.last?.images ?? [:] }

    /// Returns all versions of an image from `start` to `end`.
    func versions(of id: String, from start: TimeInterval, to end: TimeInterval) -> [DemoImage] {
        states(from: start, to: end).compactMap { $0[id] }
    }

    /// Returns all versions of the list of images from `start` to `end`.
    func states(from start: TimeInterval, to end: TimeInterval) -> [[String: DemoImage]] {
        // What is changed in the very moment of the start may be changed after it.
        let first = history.lastIndex { $0.time < start } ?? 0
        return history[first...].filter { $0.time <= max(start, end) }.map(\.images)
    }

    private static func byID(_ images: [DemoImage]) -> [String: DemoImage] {
        Dictionary(images.map { ($0.id, $0) }) { first, _ in first }
    }
}
