import ImageDeletionEssentials

/// Keeps the secrets of a request out of everything that is reported about it: servers do echo what they were sent.
///
/// A text that may contain a secret, or a part of one, is withheld as a whole. Its other words would show where the
/// secret begins and ends.
struct Redaction: Sendable {
    private let secrets: [Secret]

    init(_ secrets: [Secret]) {
        self.secrets = secrets.filter { !$0.value.isEmpty }
    }

    /// Returns `text`, or "(redacted)" if it may contain a secret in any spelling.
    func callAsFunction(_ text: String) -> String {
        guard !text.isEmpty, !secrets.isEmpty else { return text }
        let bytes = Array(text.utf8)
        let spellings = ([bytes] + Self.base64Contents(of: bytes)).flatMap(Unescaping.decodings)
        return secrets.contains { $0.traces.contains { $0.isIn(spellings) } } ? "(redacted)" : text
    }

    /// Returns the JSON document `body` with each secret of 24 bytes or more replaced by "(redacted)". A shorter secret
    /// may be a word that belongs there.
    func callAsFunction(body: Data) -> Data {
        secrets.map { Array($0.value.utf8) }.filter { $0.count >= 24 }.reduce(body.withoutNeedlessEscapes) {
            $0.redacting($1)
        }
    }

    /// What the words of `text` may hold in base64. A group of four may begin at any of their letters.
    private static func base64Contents(of text: [UInt8]) -> [[UInt8]] {
        text.split { !$0.isLetterOrDigit && !"+/-_".utf8.contains($0) }.filter { $0.count >= 12 }.flatMap { word in
            // The variant for addresses has other letters for the last two values.
            let standard = String(decoding: word, as: UTF8.self).replacing("-", with: "+").replacing("_", with: "/")
                .utf8
            return (0..<4).compactMap { start in
                let groups = standard.dropFirst(start)
                return Data(base64Encoded: Data(groups.dropLast(groups.count % 4))).map(Array.init)
            }
        }
    }
}

extension Data {
    /// The same JSON with its printable ASCII characters, quotes and backslashes aside, written as they are: a server
    /// may escape any character of a text.
    fileprivate var withoutNeedlessEscapes: Data {
        // Plain bytes: a page may hold hundreds of thousands of escapes.
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return self }
            var result = Data(capacity: bytes.count)
            var (position, copied) = (0, 0)
            while let next = memchr(base + position, Int32(UInt8(ascii: "\\")), bytes.count - position) {
                let escape = base.distance(to: UnsafeRawPointer(next))
                if let (character, length) = bytes.needlessEscape(at: escape) {
                    result.append(contentsOf: bytes[copied..<escape])
                    result.append(character)
                    position = escape + length
                    copied = position
                } else {
                    // The second byte of an escape begins no other.
                    position = Swift.min(escape + 2, bytes.count)
                }
            }
            result.append(contentsOf: bytes[copied...])
            return result
        }
    }
}

extension Data {
    /// The same bytes with `secret` replaced by "(redacted)". Foundation's search takes as long as decoding does.
    fileprivate func redacting(_ secret: [UInt8]) -> Data {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return self }
            var result = Data()
            var (position, copied) = (0, 0)
            while let next = memchr(base + position, Int32(secret[0]), bytes.count - position) {
                let place = base.distance(to: UnsafeRawPointer(next))
                guard place + secret.count <= bytes.count else { break }
                guard memcmp(next, secret, secret.count) == 0 else {
                    position = place + 1
                    continue
                }
                result += bytes[copied..<place] + Array("(redacted)".utf8)
                position = place + secret.count
                copied = position
            }
            return copied == 0 ? self : result + bytes[copied...]
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func needlessEscape(at place: Int) -> (character: UInt8, length: Int)? {
        let left = count - place
        if left >= 2, self[place + 1] == UInt8(ascii: "/") { return (UInt8(ascii: "/"), 2) }
        guard left >= 6, self[place + 1] == UInt8(ascii: "u"), self[place + 2] == UInt8(ascii: "0"),
            self[place + 3] == UInt8(ascii: "0"), let high = self[place + 4].hexDigit, (2...7).contains(high),
            let low = self[place + 5].hexDigit
        else { return nil }
        let code = UInt8(high << 4 | low)
        return [UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x7F].contains(code) ? nil : (code, 6)
    }
}

extension UInt8 {
    private var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    private var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }

    /// The value of a hexadecimal digit; nil for any other character.
    var hexDigit: UInt32? {
        if isDigit { return UInt32(self & 0x0F) }
        return isLetter && self | 0x20 <= UInt8(ascii: "f") ? UInt32(self & 0x0F) + 9 : nil
    }

    /// Whether it is an ASCII letter or digit, or a part of any other character. All else may be spelled, wrapped or
    /// left out in too many ways to be compared.
    var isLetterOrDigit: Bool {
        isDigit || isLetter || self >= 0x80
    }
}
