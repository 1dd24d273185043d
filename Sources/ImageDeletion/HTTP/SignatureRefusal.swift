import ImageDeletionEssentials

extension ServiceError {
    /// Finds out why a service refused a signed request. A refusal of anything else stays as it is.
    ///
    /// - Parameters:
    ///   - hasSecurityToken: Whether the key is a temporary one.
    ///   - now: This machine's time.
    ///   - serviceTime: The service's time, if its response says.
    mutating func noteRefusedSignature(hasSecurityToken: Bool, now: Date, serviceTime: Date?) {
        let words = (message ?? "").lowercased()
        // Gateways also refuse an expired signature with 403.
        guard kind == .unauthorized || status == 403 && words.contains("signature expired") else { return }
        let difference = serviceTime.map { now.timeIntervalSince($0) }.flatMap { abs($0) > Self.validity ? $0 : nil }
        if difference != nil || words.contains("signature expired") {
            kind = .expiredSignature
            clockDifference = difference
        } else if hasSecurityToken, words.contains("token"), words.contains("expire") {
            kind = .expiredSecurityToken
        } else {
            kind = .invalidSignature
        }
    }

    /// How far the time of a signature may be from the service's, in seconds.
    private static let validity: TimeInterval = 15 * 60
}
