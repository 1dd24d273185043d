public import ImageDeletionEssentials

/// What happened, in sentences that can be shown at a terminal.
extension ServiceError: CustomStringConvertible, LocalizedError {
    /// What happened, in sentences.
    public var description: String {
        if kind == .incompleteCredentials { return missingMethod + traces }
        return "\(subject) \(event).\(traces)"
    }

    /// The same as ``description``.
    public var errorDescription: String? { description }

    /// The service, as the beginning of a sentence.
    package var subject: String {
        switch service {
        case .identity: "The identity service"
        case .image: "The image service"
        case .compute: "The compute service"
        case .volume: "The block storage service"
        }
    }

    /// What the service did, as the end of a sentence, without a period.
    package var event: String {
        let own = message.map { ": " + printable($0.trimmingSuffix(while: { $0 == "." }), limit: 300) } ?? ""
        let words =
            switch kind {
            case .unreachable: "cannot be reached"
            case .untrusted: "shows a certificate that this machine does not trust"
            case .invalidRequest: "gets no request, because it cannot be sent"
            case .timedOut: "did not answer in time"
            case .connectionLost: "broke the connection"
            case .oversizedAnswer: "sent more than is ever read"
            case .cancelled: "was not waited for any longer, because the run was interrupted"
            case .invalidToken: "rejects the token"
            case .expiredSignature where clockDifference != nil: "rejects the signature, because \(clock)"
            case .unauthorized where status == nil, .unavailable where status == nil: "was not asked again"
            default: status.map { "answered \($0)" } ?? "gave an answer that makes no sense"
            }
        return words + (kind == .cancelled ? "" : own)
    }

    /// What is wrong with this machine's clock.
    private var clock: String {
        let minutes = Int(((clockDifference ?? 0) / 60).rounded())
        return "this machine's clock is \(abs(minutes)) minutes \(minutes > 0 ? "ahead of" : "behind") the service's"
    }

    /// What the account still needs, for a sign-in that was only accepted in part.
    private var missingMethod: String {
        switch message {
        case "totp": "The password is correct, but the account also requires a passcode. Set OS_PASSCODE."
        case "password": "The passcode is correct, but the account also requires a password. Set OS_PASSWORD."
        case let methods:
            "The credentials are correct, but the account also requires another authentication method"
                + (methods.map { ": " + printable($0, limit: 100) } ?? "")
                + ". Only passwords and passcodes (totp) are supported."
        }
    }

    /// What support needs to find the request, in parentheses and after a space; empty if nothing is known.
    package var traces: String {
        let traces = [
            code.map { "code \(printable($0, limit: 64))" },
            requestID.map { "request \(printable($0, limit: 128))" },
            attempts > 1 ? "\(attempts) tries" : nil,
        ].compactMap { $0 }
        return traces.isEmpty ? "" : " (\(traces.joined(separator: ", ")))"
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        String(self[..<(lastIndex { !predicate($0) }.map(index(after:)) ?? startIndex)])
    }
}
