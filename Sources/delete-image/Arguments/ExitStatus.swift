import ImageDeletion

/// The statuses that a script may rely on. Through `swift package` every one but `done` is 1.
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case incomplete = 1
    case usage = 64
    case input = 65
    case unavailable = 69
    case denied = 77
    case configuration = 78
    case interrupted = 130

    /// The cases in which a run ends with it, for `--help`.
    var meaning: String {
        switch self {
        case .done: "every image is as asked for: deleted, marked, or kept by a rule or a safeguard"
        case .incomplete: "an image failed or was missing, or an image that was named was kept"
        case .usage: "usage: an unknown option, a bad value, no selection; or no --yes and no terminal"
        case .input: "a plan, policy, receipt, list or clouds.yaml is malformed, out of date or unreadable"
        case .unavailable: "a service cannot be reached or keeps failing, or a safeguard could not be checked"
        case .denied: "the credentials are refused, or the account lacks permission"
        case .configuration: "settings (OS_ variables, clouds.yaml) are missing, contradictory, or do not fit the cloud"
        case .interrupted: "interrupted, or not confirmed"
        }
    }
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
        self.init(ExitStatus(error), Messages.sentence(error))
    }

    /// Returns the same failure with the keys in `clouds.yaml` for the variables that its message names.
    func explained(by source: CredentialSource?) -> Failure {
        guard let source, case .cloud(let name, let files) = source else { return self }
        var keys: [String] = []
        for match in message.matches(of: /OS_[A-Z_]+/) {
            guard let key = source.key(of: String(match.0)) else { continue }
            let words = "\(match.0) is the key \(key)"
            if !keys.contains(words) { keys.append(words) }
        }
        guard !keys.isEmpty else { return self }
        let place = "In cloud \(quoted(name)) of \(printable(files.first ?? "clouds.yaml")), "
        return Failure(status, "\(message) \(place)\(keys.joined(separator: ", and ")).")
    }

    /// Ctrl-C before anything was done.
    static let interruptedBefore = Failure(.interrupted, "interrupted. Nothing was deleted.")

    /// The `kind` in the JSON document.
    var kind: String { "\(status)" }
}

extension ExitStatus {
    init(_ error: ImageDeletionError) {
        switch error.reason {
        case .configuration([.tokenWithoutProject]), .configuration([.tokenOfUnknownProject]): self = .denied
        case .configuration(let problems) where problems.contains(where: \.isRefusal): self = .denied
        case .configuration(let problems):
            // A program that is missing, and no setting.
            let isMissingLibrary = problems.contains { if case .libcurl = $0 { true } else { false } }
            let isMalformed = problems.contains { if case .cloudsFile = $0 { true } else { false } }
            self = isMissingLibrary ? .unavailable : isMalformed ? .input : .configuration
        case .invalidImageID, .rule: self = .usage
        case .names(let problems):
            self = problems.contains { if case .ambiguous = $0 { true } else { false } } ? .usage : .incomplete
        case .keptIsUnseen(_, let cause), .protection(_, let cause): self = ExitStatus(cause)
        case .plan, .policy, .receipt: self = .input
        case .clock: self = .unavailable
        case .cancelled: self = .interrupted
        case .service(let error):
            switch (error.service, error.kind) {
            case (_, .cancelled): self = .interrupted
            case (_, .invalidRequest): self = .configuration
            case (_, .unauthorized), (_, .incompleteCredentials), (_, .invalidToken), (_, .lacksPermission),
                (_, .forbidden), (_, .invalidSignature), (_, .expiredSignature), (_, .expiredSecurityToken):
                self = .denied
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
            case .deleted, .marked, .unmarked, .kept, .missing: true
            case .failed: outcome.status != nil && outcome.error?.isTransient == false
            case .wouldDelete, .wouldMark, .wouldUnmark, .pending: false
            }
        }
        let isIncomplete = outcomes.contains(where: options.isIncomplete)
        switch failure?.status {
        // Once an image was answered for, the run as such worked.
        case .unavailable where hasAnswers && !outcomes.contains { $0.uncheckedSafeguard != nil }: self = .incomplete
        case let status?: self = status
        case nil: self = isIncomplete ? .incomplete : .done
        }
    }
}

extension ConfigurationProblem {
    /// Whether the identity service refused something, so that no setting may be wrong.
    fileprivate var isRefusal: Bool {
        switch self {
        case .projectLookupDenied, .agencyRefused: true
        default: false
        }
    }
}

extension Failure {
    /// What went wrong beside the images, or with all of them; nil if nothing did.
    init?(_ outcomes: [Outcome], isInterrupted: Bool, _ receipt: Receipt?) {
        let errors = outcomes.filter { $0.result.kind != .marked }.compactMap(\.error)
        if let problem = receipt?.problem {
            let words = Messages.sentence(problem)
            self =
                outcomes.allSatisfy { $0.attempts == 0 }
                ? Failure(.input, "the receipt cannot be written: \(words) Nothing was deleted.")
                : Failure(
                    .incomplete,
                    "stopped, because the receipt could not be written: \(words) The report here is complete."
                )
        } else if isInterrupted, outcomes.contains(where: \.isUnfinished) {
            self.init(.interrupted, "interrupted. Run the same command again to go on.")
        } else if let error = errors.first(where: \.affectsEveryImage) ?? Outcome.refusal(of: outcomes) {
            self.init(error)
        } else if outcomes.contains(where: { $0.result == .pending || $0.serviceError?.attempts == 0 }),
            let error = errors.last(where: \.isTransient)
        {
            // Not all were attempted: the service failed so often that it was not asked any more.
            self.init(ExitStatus(error), "stopped, because image after image failed. \(Messages.sentence(error))")
        } else {
            self.init(unchecked: outcomes)
        }
    }

    /// The failure of a run in which a safeguard could not be checked at all, so that it kept everything that it guards; nil
    /// if there was none. A job that ends well while it does nothing every night would go unnoticed.
    private init?(unchecked outcomes: [Outcome]) {
        let unchecked = outcomes.compactMap(\.uncheckedSafeguard)
        guard let first = unchecked.first else { return nil }
        let isDenied = first.error.map { ExitStatus($0) == .denied } ?? false
        let number = unchecked.count { $0.safeguard == first.safeguard }
        self.init(
            isDenied ? .denied : .unavailable,
            "\(count(number, "image")) \(number == 1 ? "was" : "were") kept only because "
                + "\(Messages.unchecked(first.safeguard))."
        )
    }
}

extension Options {
    /// Returns whether `outcome` is not what these options ask for.
    func isIncomplete(_ outcome: Outcome) -> Bool {
        switch outcome.result {
        case .failed, .pending: true
        case .missing: !ignoresMissing
        case .kept(.protected), .kept(.notPrivate), .kept(.changed): namesImages
        case .unmarked(.protected), .wouldUnmark(.protected): namesImages
        case .deleted, .wouldDelete, .marked, .wouldMark, .unmarked, .wouldUnmark, .kept: false
        }
    }
}

extension Outcome {
    /// Whether the service was asked about the image, or had to be.
    private var isAttempted: Bool {
        error != nil || result == .deleted && !isOld || [.wouldDelete, .marked, .unmarked].contains(result.kind)
    }

    /// Returns the first error if the service refused every image that was attempted for lack of permission.
    static func refusal(of outcomes: [Outcome]) -> ImageDeletionError? {
        let attempted = outcomes.filter(\.isAttempted)
        let isRefused = attempted.allSatisfy { outcome in
            guard outcome.result == .failed, let error = outcome.serviceError else { return false }
            return error.kind == .forbidden || error.kind == .lacksPermission
        }
        return isRefused ? attempted.first?.error : nil
    }

    /// The error of the service, where the outcome has one.
    var serviceError: ServiceError? {
        error?.serviceError
    }

    /// The safeguard that keeps the image because it could not be checked at all, and the reason. Nil if only this image
    /// could not be checked.
    var uncheckedSafeguard: (safeguard: Safeguard, error: ImageDeletionError?)? {
        switch keepReason {
        case .unknown(.shared, let error): error.affectsEveryImage ? (.shared, error) : nil
        case .unknown(_, let error) where error.serviceError?.service == .image: nil
        case .unknown(let safeguard, let error): (safeguard, error)
        case .unreadable: (.referenced, nil)
        default: nil
        }
    }

    /// Whether an interruption kept it from being done, or from being known. A request that was cancelled before it was
    /// sent did not reach the service.
    var isUnfinished: Bool { result == .pending || [.cancelled, .unreachable].contains(serviceError?.kind) }
}
