public import ImageDeletionEssentials

/// What became of one image.
public struct Outcome: Sendable, Hashable {
    /// What became of it.
    public enum Result: Sendable, Hashable {
        /// It is gone, by this run.
        case deleted
        /// It would be deleted, were this no dry run.
        case wouldDelete
        /// It is marked. A later run deletes it after this time, if it is still selected.
        case marked(until: Date)
        /// It would be marked with this time, were this no dry run.
        case wouldMark(until: Date)
        /// Its mark is removed. The reason is nil if that was asked for.
        case unmarked(KeepReason?)
        /// Its mark would be removed, were this no dry run.
        case wouldUnmark(KeepReason?)
        /// It was kept, by the plan or by the service, for this reason.
        case kept(KeepReason)
        /// It is not there: it never was, is gone already, or is another project's.
        case missing
        /// It could not be deleted, or nobody knows whether it was.
        case failed
        /// It was not tried: the run was stopped before.
        case pending

        /// A result without its reason. The raw values are the names in reports and receipts.
        package enum Kind: String, Sendable, Hashable, CaseIterable {
            case deleted, wouldDelete, marked, wouldMark, unmarked, wouldUnmark, kept, missing, failed, pending
        }

        /// The kind of result.
        package var kind: Kind {
            switch self {
            case .deleted: .deleted
            case .wouldDelete: .wouldDelete
            case .marked: .marked
            case .wouldMark: .wouldMark
            case .unmarked: .unmarked
            case .wouldUnmark: .wouldUnmark
            case .kept: .kept
            case .missing: .missing
            case .failed: .failed
            case .pending: .pending
            }
        }

        /// The name in reports and receipts, like `wouldDelete`.
        public var name: String { kind.rawValue }
    }

    /// The image's ID.
    public let id: ImageID
    /// The image as it was seen before; nil where nobody looked.
    public let image: Image?
    /// The names of the rules that selected it, of those that have one.
    public let rules: [String]
    /// Whether the image was seen to be public, a community image, or another project's.
    public let affectsOthers: Bool
    /// What became of it.
    public let result: Result
    /// What was met where the service did not say 204. A ``Result/deleted`` image has one where the answer to its
    /// deletion was lost and a later one told that it is gone.
    public let error: ImageDeletionError?
    /// The ID under which the provider's support finds the request that decided (`X-Openstack-Request-Id`).
    public let requestID: String?
    /// How many times the deletion was sent; 0 for a deletion that an earlier run did.
    public let attempts: Int
    /// Whether it may be gone although it is ``Result/failed``: the deletion was sent, and nothing tells what came of it.
    public let mayBeGone: Bool
    /// What went wrong with its protection, which was to be lifted; nil where nothing did.
    public let protectionFault: ProtectionFault?

    /// What can go wrong when a protection is to be lifted.
    public enum ProtectionFault: Sendable, Hashable {
        /// It could not be lifted, so no deletion was tried.
        case notLifted
        /// It was lifted, or may have been, and could not be put back: the image is not protected any more.
        case notPutBack
    }

    /// Why it was kept; nil if it was not, or if that was asked for.
    public var keepReason: KeepReason? {
        switch result {
        case .kept(let reason): reason
        case .unmarked(let reason), .wouldUnmark(let reason): reason
        case .deleted, .wouldDelete, .marked, .wouldMark, .missing, .failed, .pending: nil
        }
    }

    /// When its grace period ends; nil if it is in none.
    public var dueAt: Date? {
        switch result {
        case .marked(let dueAt), .wouldMark(let dueAt), .kept(.inGrace(let dueAt)): dueAt
        case .deleted, .wouldDelete, .unmarked, .wouldUnmark, .kept, .missing, .failed, .pending: nil
        }
    }

    /// The service's own code, like `IMG.0028`, for what it said where it did not say 204.
    public var code: String? {
        error?.serviceError?.code
    }

    /// The HTTP status that decided; nil where no answer did.
    public var status: Int? {
        // An image that is marked may have an error, because it could not be hidden.
        if case .marked = result { return nil }
        if let failure = error?.serviceError { return failure.status }
        return result == .deleted && attempts > 0 ? 204 : nil
    }

    /// Whether an earlier run did it, and this one only passes it over.
    package var isOld: Bool { result == .deleted && attempts == 0 }

    init(
        _ entry: DeletionPlan.Entry,
        _ result: Result,
        error: ImageDeletionError? = nil,
        requestID: String? = nil,
        attempts: Int = 0,
        mayBeGone: Bool = false,
        protectionFault: ProtectionFault? = nil
    ) {
        id = entry.id
        image = entry.image
        rules = entry.conditions.rules
        affectsOthers = entry.affectsOthers
        self.result = result
        self.error = error
        self.requestID = error?.serviceError.map(\.requestID) ?? requestID
        self.attempts = attempts
        self.mayBeGone = mayBeGone
        self.protectionFault = protectionFault
    }

    /// What the plan already says of an image; nil if something is to be done.
    init?(decidedBy entry: DeletionPlan.Entry) {
        switch entry.action {
        case .delete, .mark, .unmark: return nil
        case .unchecked: self.init(entry, .kept(.unchecked))
        case .keep(let reason): self.init(entry, .kept(reason))
        case .alreadyDeleted: self.init(entry, .deleted)
        case .unseen(let error) where error.isNotFound: self.init(entry, .missing, error: error)
        case .unseen(let error): self.init(entry, .failed, error: error)
        }
    }

    /// What a failure to mark an image, or to remove its mark, means. Whatever was done, the image is not deleted by it.
    init(_ entry: DeletionPlan.Entry, unchanged failure: RequestFailure) {
        let isMissing = failure.cause.isNotFound
        self.init(entry, isMissing ? .missing : .failed, error: failure.cause, attempts: failure.attempts)
    }

    /// What a deletion that did not answer 204 means.
    init(_ entry: DeletionPlan.Entry, after failure: RequestFailure, protectionFault: ProtectionFault? = nil) {
        let reading = Result(after: failure.cause)
        // An earlier run did it, and was killed before it could write that down.
        let result = reading == .missing && entry.wasBegun ? .deleted : reading
        self.init(
            entry,
            result,
            error: failure.cause,
            attempts: failure.attempts,
            mayBeGone: result == .failed && failure.mayHaveActed,
            protectionFault: protectionFault
        )
    }
}

extension Outcome.Result {
    fileprivate init(after error: ImageDeletionError) {
        guard let failure = error.serviceError, failure.service == .image else {
            self = .failed
            return
        }
        self =
            switch failure.kind {
            // An earlier try did it, and only the answer got lost.
            case .notFound where failure.followsLostAnswer: .deleted
            case .notFound: .missing
            case .protected: .kept(.protected)
            case .notPrivate: .kept(.notPrivate)
            default: .failed
            }
    }
}

extension DeletionPlan {
    /// The outcomes of a run that ends before anything of the plan is begun.
    package var untried: [Outcome] { entries.map { Outcome(decidedBy: $0) ?? Outcome($0, .pending) } }

    /// What a dry run tells: each entry's outcome, in the plan's order, were the plan carried out and nothing else to
    /// happen. Nothing is sent.
    public var preview: [Outcome] {
        entries.map { entry in
            if let outcome = Outcome(decidedBy: entry) { return outcome }
            return switch entry.action {
            case .mark(let dueAt): Outcome(entry, .wouldMark(until: dueAt))
            case .unmark(let reason): Outcome(entry, .wouldUnmark(reason))
            case .delete, .unchecked, .keep, .unseen, .alreadyDeleted: Outcome(entry, .wouldDelete)
            }
        }
    }
}

extension Outcome {
    /// The outcome of a run that ends before anything is known about the image.
    package init(pending id: ImageID) {
        self.init(DeletionPlan.Entry(unseen: id), .pending)
    }
}

extension ImageDeletionError {
    /// Whether there is no such image.
    package var isNotFound: Bool {
        serviceError?.kind == .notFound
    }

    /// Whether every other image would meet the same, so that a loop over images had better stop.
    public var affectsEveryImage: Bool {
        switch reason {
        case .configuration: true
        case .service(let error): error.affectsEveryImage
        case .invalidImageID, .names, .plan, .policy, .rule, .receipt, .clock, .protection, .keptIsUnseen, .cancelled:
            false
        }
    }
}
