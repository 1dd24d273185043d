/// What a text becomes when a server decodes it.
enum Unescaping {
    /// `text` as it is, and after each round of decoding what JSON, HTML and addresses escape.
    static func decodings(of text: [UInt8]) -> [[UInt8]] {
        var decodings = [text]
        // Nobody escapes a text more often by mistake.
        while decodings.count <= 4, let last = decodings.last {
            let next = decoded(last)
            if next == last { break }
            decodings.append(next)
        }
        return decodings
    }

    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.first {
            if let (character, length) = escaped(rest) {
                result += character
                rest = rest.dropFirst(length)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// The character that an escape at the beginning of `text` stands for, and the length of the escape.
    private static func escaped(_ text: ArraySlice<UInt8>) -> (character: [UInt8], length: Int)? {
        switch text.first {
        case UInt8(ascii: "%"):
            return text.hexNumber(at: 1, digits: 2).map { ([UInt8($0)], 3) }
        case UInt8(ascii: "\\"):
            if text.dropFirst().first == UInt8(ascii: "u") {
                return text.hexNumber(at: 2, digits: 4).map { (utf8(of: $0), 6) }
            }
            let next = text.dropFirst().first
            return next.flatMap { "\"\\/".utf8.contains($0) ? ([$0], 2) : "bfnrt".utf8.contains($0) ? ([], 2) : nil }
        case UInt8(ascii: "&"): return PlainText.entity(text)
        default: return nil
        }
    }

    private static func utf8(of code: UInt32) -> [UInt8] {
        Unicode.Scalar(code).map { Array(String($0).utf8) } ?? []
    }
}

extension Collection<UInt8> {
    /// The number that `digits` hexadecimal digits after the first `offset` bytes write; nil if there are none.
    fileprivate func hexNumber(at offset: Int, digits: Int) -> UInt32? {
        var number: UInt32 = 0
        var missing = digits
        for byte in dropFirst(offset).prefix(digits) {
            guard let digit = byte.hexDigit else { return nil }
            number = number << 4 | digit
            missing -= 1
        }
        return missing == 0 ? number : nil
    }
}
