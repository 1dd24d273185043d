import ImageDeletion
import ImageDeletionEssentials

/// The sentences that people read. Every text from outside is made printable here.
enum Messages {
    /// What happened and what to do next.
    static func sentence(_ error: ImageDeletionError) -> String {
        switch error.reason {
        case .configuration(let problems): settings(problems)
        case .service(let error) where error.kind != .incompleteCredentials: "\(error.subject) \(predicate(error))"
        case .names(let problems): sentence(problems)
        case .plan(let problem): sentence(problem)
        case .clock(let seconds): wrongClock(seconds)
        case .protection(_, let cause):
            "\(error.withoutCause) \(sentence(cause)) Protect it yourself, or name a new receipt. Nothing was deleted."
        case .keptIsUnseen(_, let cause):
            "\(error.withoutCause) \(capitalized(sentence(cause))) Nothing was deleted."
        case .cancelled: "interrupted. Nothing was deleted."
        case .receipt(let problem): sentence(problem)
        case .policy(let key, let reason):
            "\(key.isEmpty ? "" : printable(key, limit: 200) + ": ")\(printable(reason))."
        case .service, .invalidImageID, .rule: error.description
        }
    }

    private static func settings(_ problems: [ConfigurationProblem]) -> String {
        let sentences = problems.map { problem in
            guard case .address(_, _, .unencrypted) = problem.innermost else { return problem.description }
            return problem.description + " If the network is trusted, add --allow-http."
        }
        let lines = sentences.count == 1 ? sentences[0] : sentences.map { "\n  " + $0 }.joined()
        let isMissing = problems.contains { if case .missing = $0 { true } else { false } }
        return (sentences.count == 1 ? "" : "the settings do not work:") + lines
            + (isMissing
                ? "\nSource your openrc file, or set OS_CLOUD to a cloud in clouds.yaml. See --help." : "")
    }

    /// Something about the settings that people should know.
    static func warning(_ warning: SettingsWarning) -> String {
        switch warning {
        case .ignoredVariable("OS_INSECURE"): "OS_INSECURE is ignored; certificates are always checked."
        case .ignoredVariable(let variable): "\(variable) is ignored."
        case .ignoredVariables(let variables, let cloud):
            "\(variables.joined(separator: ", ")) \(variables.count == 1 ? "is" : "are") ignored, because OS_CLOUD is "
                + "\(quoted(cloud))."
        case .secretReadableByOthers(let path):
            "other users have access to \(printable(path)), which contains a secret. Run: chmod 600 \(printable(path))"
        case .unreadableFile(let path, let reason):
            "\(printable(path)) is skipped, because it cannot be read: \(printable(reason))."
        }
    }

    /// The source of the credentials, for `--verbose`.
    static func line(_ source: CredentialSource) -> String {
        switch source {
        case .variables: "credentials: the OS_ variables"
        case .cloud(let name, let files):
            "credentials: cloud \(quoted(name)) in \(files.map { printable($0) }.joined(separator: " and "))"
        }
    }

    /// What is said when standard output cannot be written.
    static let outputIsLost = "standard output cannot be written. The report is incomplete; the run goes on."

    /// One of several images of the same name.
    private static func candidate(_ image: NameProblem.Candidate) -> String {
        let made = image.createdAt.map { "created \(time($0))" }
        return [image.id, made, image.size.map(size)].compactMap { $0 }.joined(separator: "  ")
    }

    /// A date that every image is older than.
    static func ahead(_ date: Date) -> String {
        "the date \(time(date)) lies ahead, and every image is older than that. Nothing was deleted."
    }

    private static func sentence(_ problem: PlanProblem) -> String {
        switch problem {
        case .malformed: "\(problem) Decide anew with --plan. Nothing was deleted."
        case .otherEndpoint: "\(problem) Sign in there, or decide anew with --plan. Nothing was deleted."
        case .otherProject: "\(problem) Sign in to that one, or decide anew with --plan. Nothing was deleted."
        case .keptIsGone, .keptHasChanged: "\(problem) Create a new one. Nothing was deleted."
        }
    }

    /// Says what happened, while the question was open, to an image that was to be kept; nil if that is not the problem.
    static func changeBeforeAnswer(_ problem: PlanProblem) -> String? {
        switch problem {
        case .keptIsGone(let id):
            "image \(id), which was to be kept as one of the newest, was deleted or became unusable before the answer. "
                + "Run the command again. Nothing was deleted."
        case .keptHasChanged(let id, let fields):
            "image \(id), which was to be kept as one of the newest, changed before the answer "
                + "(\(fields.joined(separator: ", "))). Run the command again. Nothing was deleted."
        case .malformed, .otherEndpoint, .otherProject: nil
        }
    }

    /// Says why names do not tell which images are meant.
    private static func sentence(_ problems: [NameProblem]) -> String {
        problems.map { problem in
            switch problem {
            case .unknown(let name, let project): unknown(name, project: project)
            case .ambiguous(let name, let images):
                "\(images.count) images are named \(quoted(name)); say which by ID:\n"
                    + images.map { "  " + candidate($0) }.joined(separator: "\n")
            case .renamed: problem.description + " Say which is meant by ID."
            }
        }.joined(separator: "\n") + "\nNothing was deleted."
    }

    /// Says that no image has this name, and what may be wrong with it.
    static func unknown(_ name: String, project: String) -> String {
        let isPattern = name.contains { "*?[".contains($0) }
        return "\(NameProblem.unknown(name, project: project))" + (isPattern ? " Patterns go with --match." : "")
    }

    /// What is wrong with a receipt, and what to do next.
    static func sentence(_ problem: ReceiptProblem) -> String {
        switch problem {
        case .malformed, .otherVersion: "\(problem); name another file."
        case .inUse: "\(problem); wait for that, or name another file."
        case .system: "\(problem)."
        }
    }

    static func predicate(_ error: ServiceError) -> String {
        let advice = advice(error)
        return error.event + (advice.isEmpty ? "" : ". " + advice) + "." + error.traces
    }

    /// What to do next; empty if there is nothing to say.
    private static func advice(_ error: ServiceError) -> String {
        let variable = error.service == .identity ? "OS_AUTH_URL" : "OS_REGION_NAME"
        switch error.kind {
        case .unreachable: return "Check \(variable), the network and the proxy (https_proxy)"
        case .untrusted: return "Set OS_CACERT to its authority's file, or add that to the system's store"
        case .timedOut: return "Run again, or raise --timeout"
        case .connectionLost: return "Run again"
        case .oversizedAnswer: return "Check \(variable)"
        case .invalidToken: return "It is invalid, expired, or revoked. Set OS_TOKEN to a new one"
        case .invalidSignature: return Hints.invalidSignature
        case .expiredSignature where error.clockDifference != nil: return "Set this machine's clock, and run again"
        case .expiredSignature: return "Check this machine's clock. A signature is valid for 15 minutes"
        case .expiredSecurityToken:
            return "Get a new temporary key, and set OS_ACCESS_KEY, OS_SECRET_KEY and OS_SECURITY_TOKEN to it"
        case .invalidRequest, .cancelled: return ""
        case .unauthorized where error.status == nil, .unavailable where error.status == nil: return ""
        default: break
        }
        let code = error.code?.replacing("APIGW.", with: "APIG.")
        if let code, let advice = Hints.byCode[code] { return advice }
        guard let status = error.status else { return "Run again, or ask its support" }
        if error.kind == .lacksPermission, error.service == .image { return Hints.permission }
        return switch error.service {
        case .identity: Hints.identity(status, saysWhy: saysWhy(error))
        case .image: Hints.image(status)
        case .compute, .volume: Hints.compute(status)
        }
    }

    /// Whether the service gave a reason: advice must not deny what was just quoted. Keystone gives this one to
    /// everything that it keeps to itself.
    private static func saysWhy(_ error: ServiceError) -> Bool {
        guard let message = error.message, !message.isEmpty else { return false }
        return !message.lowercased().hasPrefix("the request you have made requires authentication")
    }

    /// What is worth a warning; nil for what only `--verbose` shows.
    static func warning(_ event: ServiceEvent) -> String? {
        switch event {
        case .request: nil
        case .tokenCacheNotWritten(let path, let reason):
            "the token cache \(printable(path)) cannot be written: \(printable(reason)). The next run signs in again."
        case .tokenCacheNotTrusted(let path, let reason):
            "the token cache \(printable(path)) is not trusted: \(printable(reason))."
        case .clockDiffers(let seconds):
            "this machine's clock is \(clockDifference(seconds)) the identity service's. Set it, or ages and token "
                + "lifetimes are wrong."
        case .waitingForTokenCache(let path):
            "waiting for another process that uses the token cache \(printable(path))."
        case .protectionRestored(let id):
            "image \(id) was left unprotected by an interrupted run. It is protected again."
        case .protectionMissing(let id):
            "an interrupted run may have left image \(id) unprotected. A run protects it again first."
        }
    }

    /// Why no image can be selected by its age.
    private static func wrongClock(_ seconds: TimeInterval) -> String {
        "this machine's clock is \(clockDifference(seconds)) the image service's, so ages and grace periods are not "
            + "known. Set it, or use a date with --older-than and no --grace. Nothing was deleted."
    }

    private static func clockDifference(_ seconds: TimeInterval) -> String {
        let minutes = Int((abs(seconds) / 60).rounded())
        return (minutes < 120 ? count(minutes, "minute") : count(Int((Double(minutes) / 60).rounded()), "hour"))
            + (seconds > 0 ? " ahead of" : " behind")
    }

    /// One request, for `--verbose`.
    static func line(_ record: RequestRecord) -> String {
        let facts = [
            record.attempt > 1 ? "try \(record.attempt)" : nil,
            "\(Int(record.duration * 1000)) ms",
            record.requestID.map { "request \(printable($0, limit: 128))" },
        ].compactMap { $0 }.joined(separator: ", ")
        let answer = record.status.map(String.init) ?? printable(record.failure?.message ?? "no answer", limit: 200)
        return "\(record.method) \(printable(record.url.absoluteString)): \(answer) (\(facts))"
    }

    static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
