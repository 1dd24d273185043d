import ImageDeletion

/// The statuses that a script may rely on. Through `swift package` every one but `done` is 1.
enum ExitStatus: Int32 {
    /// Every image is as asked for.
    case done = 0
    /// At least one image failed or was missing.
    case incomplete = 1
    /// The command line cannot be meant.
    case usage = 64
    /// An input file is malformed.
    case input = 65
    /// A service cannot be reached, or keeps failing, before any image was tried.
    case unavailable = 69
    /// The credentials are refused, or the account lacks the right.
    case denied = 77
    /// Variables are missing or contradictory, or do not fit the cloud.
    case configuration = 78
    /// Interrupted in an orderly way.
    case interrupted = 130
}

/// Why the whole run failed, before or beside the images.
struct Failure: Error, Equatable {
    var status: ExitStatus
    /// What happened and what to do next, fit to be printed.
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    init(_ error: ImageDeletionError) {
        self.init(ExitStatus(error), Words.sentence(error))
    }

    /// Ctrl-C before anything was done.
    static let interruptedBefore = Failure(.interrupted, "interrupted. Nothing was deleted.")

    /// The `kind` in the JSON document.
    var kind: String { "\(status)" }
}

extension ExitStatus {
    init(_ error: ImageDeletionError) {
        switch error {
        case .configuration: self = .configuration
        case .invalidImageID: self = .usage
        case .service(let error):
            switch (error.service, error.kind) {
            case (_, .cancelled): self = .interrupted
            case (_, .unauthorized), (_, .lacksRight), (_, .forbidden): self = .denied
            // IAM understood the address or the values in another way than they were meant.
            case (.identity, .rejected), (.identity, .redirected): self = .configuration
            default: self = .unavailable
            }
        }
    }

    /// The status of a finished run.
    init(_ outcomes: [Outcome], failure: Failure?, options: Options) {
        let hasAnswers = outcomes.contains { outcome in
            switch outcome.result {
            case .deleted, .kept, .missing: true
            case .failed: outcome.status != nil
            case .wouldDelete, .pending: false
            }
        }
        let isIncomplete = outcomes.contains { outcome in
            switch outcome.result {
            case .failed: true
            case .missing: !options.ignoresMissing && !options.onlyShows
            case .pending: true
            case .deleted, .wouldDelete, .kept: false
            }
        }
        switch failure?.status {
        // Once an image was answered for, the run as such worked.
        case .unavailable where hasAnswers: self = .incomplete
        case let status?: self = status
        case nil: self = isIncomplete ? .incomplete : .done
        }
    }
}

extension Outcome {
    /// The error of the service, where the outcome has one.
    var serviceError: ServiceError? {
        if case .service(let error) = error { error } else { nil }
    }

    /// Whether an earlier run did it, and this one only passes it over.
    var isOld: Bool { result == .deleted && attempts == 0 }

    /// Whether an interruption kept it from being done, or from being known.
    var isUnfinished: Bool { result == .pending || serviceError?.kind == .cancelled }
}
