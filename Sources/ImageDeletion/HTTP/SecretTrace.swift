/// A part of a secret, or all of it, that gives it away in a text.
///
/// A secret of fewer than eight characters may be a part of any word, so it counts only as a word of its own. Of a longer
/// one, a part counts as well: nearly all of a password, so that a common word within it does not withhold every text with
/// that word, and any 16 letters of a token.
enum SecretTrace: Sendable {
    /// The whole secret, in these bytes.
    case whole([UInt8], asWord: Bool)
    /// Any run of `length` letters and digits with one of these fingerprints.
    case parts(Set<UInt64>, length: Int)

    /// Returns the traces of `secret`: of the secret itself, and of what it becomes when a server decodes it.
    static func all(of secret: String) -> [SecretTrace] {
        Unescaping.decodings(of: Array(secret.utf8)).map { bytes in
            let letters = bytes.filter(\.isLetterOrDigit)
            let isShort = secret.count < 8
            if isShort || letters.count < 8 { return .whole(bytes, asWord: isShort) }
            let length = min(16, max(8, letters.count * 3 / 4))
            return .parts(Set(fingerprints(of: letters, length)), length: length)
        }
    }

    /// Returns whether one of `texts` contains it.
    func isIn(_ texts: [[UInt8]]) -> Bool {
        texts.contains { text in
            switch self {
            case .whole(let secret, let asWord): Self.contains(secret, asWord: asWord, in: text)
            case .parts(let parts, let length):
                Self.fingerprints(of: text.filter(\.isLetterOrDigit), length).contains(where: parts.contains)
            }
        }
    }

    private static func contains(_ secret: [UInt8], asWord: Bool, in text: [UInt8]) -> Bool {
        text.indices.contains { start in
            let rest = text[start...]
            guard rest.starts(with: secret) else { return false }
            let neighbors = [text[..<start].last, rest.dropFirst(secret.count).first].compactMap { $0 }
            return !asWord || !neighbors.contains(where: \.isLetterOrDigit)
        }
    }

    /// Returns a number for each run of `length` bytes. Equal runs have equal numbers. That different ones do as well
    /// is next to impossible, and would only withhold a text.
    private static func fingerprints(of bytes: [UInt8], _ length: Int) -> [UInt64] {
        let factor: UInt64 = 0x100_0000_01B3
        let outgoing = (0..<length).reduce(1) { power, _ in power &* factor }
        var fingerprint: UInt64 = 0
        return bytes.indices.compactMap { index in
            fingerprint = fingerprint &* factor &+ UInt64(bytes[index])
            if index >= length { fingerprint &-= UInt64(bytes[index - length]) &* outgoing }
            return index >= length - 1 ? fingerprint : nil
        }
    }
}
