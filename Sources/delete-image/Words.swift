import ImageDeletion
import ImageDeletionEssentials

/// The sentences that people read. Every text from outside is made printable here.
enum Words {
    /// What happened and what to do next.
    static func sentence(_ error: ImageDeletionError) -> String {
        switch error {
        case .configuration(let problems): settings(problems)
        case .invalidImageID(let text): "“\(printable(text, limit: 60))” is not an image ID (a UUID)."
        case .service(let error) where error.kind == .incompleteCredentials:
            incompleteCredentials(error) + facts(error)
        case .service(let error): "\(subject(error.service)) \(predicate(error))"
        }
    }

    private static func incompleteCredentials(_ error: ServiceError) -> String {
        switch error.message {
        case "totp": "The password is correct, but the account also requires a passcode. Set OS_PASSCODE."
        case "password": "The passcode is correct, but the account also requires a password. Set OS_PASSWORD."
        case let methods:
            "The credentials are correct, but the account also requires another authentication method"
                + (methods.map { ": " + printable($0, limit: 100) } ?? "")
                + ". This command supports passwords and passcodes (totp)."
        }
    }

    private static func settings(_ problems: [ConfigurationProblem]) -> String {
        let sentences = problems.map(sentence)
        let lines = sentences.count == 1 ? sentences[0] : sentences.map { "\n  " + $0 }.joined()
        let isMissing = problems.contains { if case .missing = $0 { true } else { false } }
        return (sentences.count == 1 ? "" : "the settings do not work:") + lines
            + (isMissing
                ? "\nThe variables are those of the OpenStack client: source your openrc file, or see --help." : "")
    }

    /// Why a variable that is set makes no difference.
    static func notFollowed(_ variable: String) -> String {
        switch variable {
        case "OS_INSECURE": "OS_INSECURE is not followed; certificates are always checked."
        case "OS_CLOUD": "OS_CLOUD is not followed; the other OS_ variables alone say which cloud is meant."
        default: "\(variable) is not followed."
        }
    }

    /// What is said when standard output cannot be written.
    static let outputIsLost = "standard output cannot be written. The report is incomplete; the run goes on."

    /// One of several images of the same name.
    static func candidate(_ image: Image, now: Date) -> String {
        let made = image.createdAt.map { "\(age($0, now: now)) old, created \(time($0))" }
        return [image.id.description, made, image.size.map(size)].compactMap { $0 }.joined(separator: "  ")
    }

    /// A date that every image is older than.
    static func ahead(_ date: Date) -> String {
        "the date \(time(date)) lies ahead, and every image is older than that. Nothing was deleted."
    }

    /// Why a plan cannot be carried out.
    static func sentence(_ fault: SavedPlan.Fault) -> String {
        switch fault {
        case .malformed(let reason):
            "it is no plan: \(printable(reason)). Decide anew with --plan. Nothing was deleted."
        case .otherEndpoint(let endpoint):
            "the plan is for another image service, \(printable(endpoint)). Sign in there, or decide anew with --plan. "
                + "Nothing was deleted."
        case .otherProject(let project):
            "the plan is for another project, \(printable(project.name ?? project.id, limit: 64)). Sign in to that one, or "
                + "decide anew with --plan. Nothing was deleted."
        case .sparedIsGone(let id):
            "image \(id), kept by the plan as one of the newest, is gone or inactive, so the plan is out of date. "
                + "Create a new one. Nothing was deleted."
        case .sparedHasChanged(let id, let fields):
            "image \(id), kept by the plan as one of the newest, has changed (\(fields.joined(separator: ", "))), so the "
                + "plan is out of date. Create a new one. Nothing was deleted."
        case .sparedIsUnseen(let id, let error):
            "image \(id), kept by the plan as one of the newest, cannot be looked up. \(capitalized(sentence(error))) "
                + "Nothing was deleted."
        }
    }

    /// Describes what happened to an image that was to be kept, while the question was open.
    static func sentenceAfterQuestion(_ fault: SavedPlan.Fault) -> String {
        switch fault {
        case .sparedIsGone(let id):
            "image \(id), which was to be kept as one of the newest, was deleted or became unusable before the answer. "
                + "Run the command again. Nothing was deleted."
        case .sparedHasChanged(let id, let fields):
            "image \(id), which was to be kept as one of the newest, changed before the answer "
                + "(\(fields.joined(separator: ", "))). Run the command again. Nothing was deleted."
        default: sentence(fault)
        }
    }

    /// Why a receipt cannot be used.
    static func sentence(_ fault: Receipt.Fault) -> String {
        switch fault {
        case .malformed(let line): "line \(line) is none of a receipt; name another file."
        case .otherVersion: "another version of delete-image wrote it; name another file."
        case .inUse: "another run writes to it just now; wait for that, or name another file."
        case .system(let words): "\(printable(words))."
        }
    }

    private static func subject(_ service: ServiceError.Service) -> String {
        switch service {
        case .identity: "The identity service"
        case .image: "The image service"
        case .compute: "The compute service"
        case .volume: "The block storage service"
        }
    }

    static func predicate(_ error: ServiceError) -> String {
        // The server's words become a part of a sentence.
        let own = error.message.map { ": " + printable($0.trimmingSuffix(while: { $0 == "." }), limit: 300) } ?? ""
        let variable = error.service == .identity ? "OS_AUTH_URL" : "OS_REGION_NAME"
        var words: String
        switch error.kind {
        case .unreachable: words = "cannot be reached\(own). Check \(variable), the network and the proxy (https_proxy)"
        case .untrusted:
            words =
                "shows a certificate that this machine does not trust\(own). "
                + "Set OS_CACERT to its authority's file, or add that to the system's store"
        case .invalidRequest: words = "gets no request, because it cannot be sent\(own)"
        case .timedOut: words = "did not answer in time\(own). Run again, or raise --timeout"
        case .connectionLost: words = "broke the connection\(own). Run again"
        case .oversizedAnswer: words = "sent more than is ever read\(own). Check \(variable)"
        case .cancelled: words = "was not waited for any longer, because the run was interrupted"
        case .invalidToken:
            words = "rejects the token\(own). It is invalid, expired, or revoked. Set OS_TOKEN to a new one"
        case .unauthorized where error.status == nil, .unavailable where error.status == nil:
            words = "was not asked again\(own)"
        default:
            words = error.status.map { "answered \($0)" } ?? "gave an answer that makes no sense"
            words += own + ". " + advice(error)
        }
        return words + "." + facts(error)
    }

    /// What support needs to find the request, in parentheses.
    private static func facts(_ error: ServiceError) -> String {
        let facts = [
            error.code.map { "code \(printable($0, limit: 64))" },
            error.requestID.map { "request \(printable($0, limit: 128))" },
            error.attempts > 1 ? "\(error.attempts) tries" : nil,
        ].compactMap { $0 }
        return facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
    }

    private static func advice(_ error: ServiceError) -> String {
        let code = error.code?.replacing("APIGW.", with: "APIG.")
        if let code, let advice = Advice.byCode[code] { return advice }
        guard let status = error.status else { return "Run again, or ask its support" }
        if error.kind == .lacksRight, error.service == .image { return Advice.permission }
        return switch error.service {
        case .identity: Advice.identity(status, saysWhy: saysWhy(error))
        case .image: Advice.image(status)
        case .compute, .volume: Advice.compute(status)
        }
    }

    /// Whether the service gave a reason: advice must not deny what was just quoted. Keystone gives this one to
    /// everything that it keeps to itself.
    private static func saysWhy(_ error: ServiceError) -> Bool {
        guard let message = error.message, !message.isEmpty else { return false }
        return !message.lowercased().hasPrefix("the request you have made requires authentication")
    }

    private static func sentence(_ problem: ConfigurationProblem) -> String {
        switch problem {
        case .missing(let names): "\(names.joined(separator: " or ")) is not set."
        case .contradictory(let names): "\(names.joined(separator: " and ")) contradict each other; unset one of them."
        case .unsupported(let variable, let value):
            "\(variable)=\(printable(value, limit: 60)) cannot be followed here; unset it, or use another client."
        case .file(let variable, let path, let fault):
            "the file in \(variable), \(printable(path, limit: 200)), \(sentence(fault))"
        case .libcurl(let reason):
            "libcurl cannot be used: \(printable(reason, limit: 200)). Install version 7.68 or later: the package libcurl4 on "
                + "Debian and Ubuntu, libcurl on Fedora, Red Hat and Amazon Linux."
        case .cloudsFile:
            "OS_CLOUD names an entry of clouds.yaml, which is not read here; set OS_AUTH_URL and the other variables "
                + "instead (an openrc file does)."
        case .address(let source, let value, let fault):
            "the address in \(source), \(printable(value, limit: 200)), \(sentence(fault))"
        case .noImageService(let types):
            "the project's catalog has no image service; it has: "
                + "\(types.isEmpty ? "nothing" : types.map { printable($0, limit: 40) }.joined(separator: ", ")). "
                + "Set OS_IMAGE_ENDPOINT_OVERRIDE."
        case .noEndpoint(let region, let interface, let available):
            "the image service has no \(interface) endpoint\(region.map { " in region \(printable($0, limit: 60))" } ?? ""); "
                + "it has: \(available.map { printable($0, limit: 60) }.joined(separator: ", ")). "
                + "Set OS_REGION_NAME or OS_INTERFACE."
        case .noComputeService:
            "the project's catalog has no compute service that could be asked about servers."
        case .noVolumeService:
            "a server boots from a volume, and the project's catalog has no block storage service (volumev3) that could "
                + "be asked which image it was created from."
        case .regionNeeded(let regions):
            "the image service is in several regions; set OS_REGION_NAME to the one that is meant: "
                + "\(regions.map { printable($0, limit: 60) }.joined(separator: ", "))."
        case .tokenWithoutProject:
            "the token is not for a project, so no image can be seen with it. Use a token for the project."
        case .tokenOfUnknownProject:
            "the image service answered 404, which says nothing about an image unless the token is for a project. Set "
                + "OS_AUTH_URL, so that the identity service can be asked about the token."
        case .noImageServiceAt(let address, let source):
            "there is no image service v2 at \(printable(address.absoluteString, limit: 200)), the address in "
                + "\(source). Correct it: it must end in the service's own path, with or without /v2."
        case .otherProject(let wanted, let token):
            "the token is for project \(printable(token.name ?? token.id, limit: 60)), but the settings name "
                + "\(printable(wanted, limit: 60)). Make OS_PROJECT_NAME, OS_PROJECT_ID, and the credentials agree."
        case .otherProjectDomain(let wanted, let token):
            "the token is for project \(printable(token.name ?? token.id, limit: 60)), which is not in domain "
                + "\(printable(wanted, limit: 60)). Make OS_PROJECT_DOMAIN_NAME or OS_PROJECT_DOMAIN_ID and the "
                + "credentials agree."
        case .tokenEnded(let expiresAt, let now, let serverTime):
            "the new token ended at \(time(expiresAt)), but it is \(time(now)) here"
                + (serverTime.map { " and \(time($0)) at the identity service" } ?? "")
                + "; set this machine's clock."
        }
    }

    private static func sentence(_ fault: CertificateFault) -> String {
        switch fault {
        case .unreadable(let reason): "cannot be read: \(reason)."
        case .noCertificate: "contains no certificate in PEM."
        case .noPrivateKey: "contains no private key in PEM."
        case .encryptedKey: "contains a private key with a passphrase. Use a key without one."
        }
    }

    private static func sentence(_ fault: AddressFault) -> String {
        switch fault {
        case .malformed: "is no URL."
        case .scheme: "is no https URL."
        case .unencrypted: "is not encrypted: use https, or --allow-http if the way there is safe."
        case .extraParts: "must have no user, password, query or fragment."
        case .identityV2: "is of identity API v2.0, which is not spoken; use /v3."
        }
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
        }
    }

    /// Why no image can be selected by its age.
    static func wrongClock(_ seconds: TimeInterval) -> String {
        "this machine's clock is \(clockDifference(seconds)) the image service's, so the age of an image is not known. Set "
            + "it, or use a date with --older-than. Nothing was deleted."
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

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        String(self[..<(lastIndex { !predicate($0) }.map(index(after:)) ?? startIndex)])
    }
}
