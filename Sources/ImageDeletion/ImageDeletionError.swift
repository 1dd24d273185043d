public import ImageDeletionEssentials

/// An error of this library. What became of an image is an ``Outcome`` instead.
///
/// ``code`` says what kind of error it is. Later versions may have more codes, so a `switch` over it needs a `default`.
/// The description is one or more sentences with the facts, on one line for each problem. It never contains a token or a
/// password, nor control characters.
public struct ImageDeletionError: Error, Sendable, Hashable {
    /// A kind of error.
    public struct Code: Sendable, Hashable {
        private let name: String

        /// Settings are missing, contradict each other, or do not fit the cloud that answered.
        public static let configuration = Code(name: "configuration")
        /// A service refused, failed or could not be reached: see ``ImageDeletionError/serviceError``.
        public static let service = Code(name: "service")
        /// A text is not an image ID (a UUID). Nothing was sent.
        public static let invalidImageID = Code(name: "invalidImageID")
        /// A name does not say which image is meant: no image has it, or several have it.
        public static let imageName = Code(name: "imageName")
        /// A plan is malformed, or out of date, or was made for another cloud or project.
        public static let plan = Code(name: "plan")
        /// A policy file is malformed.
        public static let policy = Code(name: "policy")
        /// A rule, or a part of one, cannot be meant.
        public static let rule = Code(name: "rule")
        /// A receipt cannot be read or written.
        public static let receipt = Code(name: "receipt")
        /// This machine's clock is wrong, so ages and grace periods are not known.
        public static let clock = Code(name: "clock")
        /// An image that an interrupted run left unprotected could not be protected again.
        public static let protection = Code(name: "protection")
        /// The task was cancelled before anything was deleted.
        public static let cancelled = Code(name: "cancelled")
    }

    /// The facts of an error, by its kind.
    package indirect enum Reason: Sendable, Hashable {
        case configuration([ConfigurationProblem])
        case service(ServiceError)
        case invalidImageID(String)
        case names([NameProblem])
        case plan(PlanProblem)
        case policy(key: String, reason: String)
        case rule(RuleProblem)
        case receipt(ReceiptProblem)
        /// How many seconds this machine's clock is ahead of the image service's.
        case clock(ahead: TimeInterval)
        case protection(id: String, cause: ImageDeletionError)
        /// An image that is kept as one of the newest could not be looked up, so that others may be the newest.
        case keptIsUnseen(id: String, cause: ImageDeletionError)
        case cancelled
    }

    package let reason: Reason

    /// The kind of error.
    public var code: Code {
        switch reason {
        case .configuration: .configuration
        case .service: .service
        case .invalidImageID: .invalidImageID
        case .names: .imageName
        case .plan, .keptIsUnseen: .plan
        case .policy: .policy
        case .rule: .rule
        case .receipt: .receipt
        case .clock: .clock
        case .protection: .protection
        case .cancelled: .cancelled
        }
    }

    /// The failure of a request, if ``code`` is ``Code/service``.
    public var serviceError: ServiceError? {
        if case .service(let error) = reason { error } else { nil }
    }

    package static func configuration(_ problems: [ConfigurationProblem]) -> Self {
        Self(reason: .configuration(problems))
    }
    package static func service(_ error: ServiceError) -> Self { Self(reason: .service(error)) }
    package static func invalidImageID(_ text: String) -> Self { Self(reason: .invalidImageID(text)) }
    static func names(_ problems: [NameProblem]) -> Self { Self(reason: .names(problems)) }
    package static func plan(_ problem: PlanProblem) -> Self { Self(reason: .plan(problem)) }
    static func policy(key: String, reason: String) -> Self { Self(reason: .policy(key: key, reason: reason)) }
    package static func rule(_ problem: RuleProblem) -> Self { Self(reason: .rule(problem)) }
    package static func receipt(_ problem: ReceiptProblem) -> Self { Self(reason: .receipt(problem)) }
    static func clock(ahead seconds: TimeInterval) -> Self { Self(reason: .clock(ahead: seconds)) }
    static func protection(_ id: String, cause: Self) -> Self { Self(reason: .protection(id: id, cause: cause)) }
    static func keptIsUnseen(_ id: String, cause: Self) -> Self { Self(reason: .keptIsUnseen(id: id, cause: cause)) }
    static let cancelled = Self(reason: .cancelled)

    private init(reason: Reason) { self.reason = reason }
}

extension ImageDeletionError: CustomStringConvertible, LocalizedError {
    /// What happened, in sentences.
    public var description: String {
        switch reason {
        case .protection(_, let cause), .keptIsUnseen(_, let cause): "\(withoutCause) \(cause)"
        default: withoutCause
        }
    }

    /// The description without that of the error that caused this one.
    package var withoutCause: String {
        switch reason {
        case .configuration(let problems): problems.map(\.description).joined(separator: "\n")
        case .service(let error): error.description
        case .invalidImageID(let text): "\(quoted(text)) is not an image ID (a UUID)."
        case .names(let problems): problems.map(\.description).joined(separator: "\n")
        case .plan(let problem): problem.description
        case .policy(let key, let reason):
            "the policy is not valid: \(key.isEmpty ? "" : printable(key, limit: 200) + ": ")\(printable(reason))."
        case .rule(let problem): "\(problem)."
        case .receipt(let problem): "the receipt cannot be used: \(problem)."
        case .clock(let seconds):
            "this machine's clock is \(Int(abs(seconds))) s \(seconds > 0 ? "ahead of" : "behind") the image service's, so "
                + "ages and grace periods are not known."
        case .protection(let id, _):
            "image \(id) was left unprotected by an interrupted run and could not be protected again."
        case .keptIsUnseen(let id, _):
            "image \(id), kept by the plan as one of the newest, cannot be looked up."
        case .cancelled: "the task was cancelled before anything was deleted."
        }
    }

    /// The description without the period at its end, for a longer sentence.
    package var withoutPeriod: String { description.hasSuffix(".") ? String(description.dropLast()) : description }

    /// The same as ``description``.
    public var errorDescription: String? { description }
}
