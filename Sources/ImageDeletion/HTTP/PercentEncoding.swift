import ImageDeletionEssentials

extension URL {
    /// This address with a query. `URLComponents` leaves `+` as it is, which servers read as a blank.
    func with(_ query: [(name: String, value: String)]) -> URL {
        guard !query.isEmpty, var parts = URLComponents(url: self, resolvingAgainstBaseURL: false) else { return self }
        parts.percentEncodedQuery = query.map { "\($0.name)=\(Array($0.value.utf8).percentEncoded)" }.joined(
            separator: "&"
        )
        return parts.url ?? self
    }
}

extension [UInt8] {
    /// The bytes with everything escaped that has or may get a meaning in an address (RFC 3986, 2.3).
    var percentEncoded: String {
        reduce(into: "") { text, byte in
            if byte < 0x80 && byte.isLetterOrDigit || "-._~".utf8.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%" + String(0x100 + Int(byte), radix: 16, uppercase: true).dropFirst()
            }
        }
    }

    /// The bytes that `text`, a part of an address, stands for.
    init(percentEncoded text: some StringProtocol) {
        self = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(\.hexDigit)
            guard byte == UInt8(ascii: "%"), digits.count == 2 else {
                append(byte)
                continue
            }
            append(UInt8(digits[0] << 4 | digits[1]))
            rest = rest.dropFirst(2)
        }
    }
}
