import Foundation

/// Takes the secrets of a request out of whatever is said about it: servers do echo what they were sent.
struct Redaction: Sendable {
    private let secrets: [(value: String, trace: Data)]

    init(_ secrets: [Secret]) {
        self.secrets = secrets.map(\.value).filter { !$0.isEmpty }.map { ($0, Self.trace(of: $0)) }
    }

    func callAsFunction(_ text: String) -> String {
        // Literally: what is one character with the mark that follows it would hide the end of a secret.
        spellings(in: Data(text.utf8)).reduce(text) {
            $0.replacingOccurrences(of: $1, with: "(redacted)", options: .literal)
        }
    }

    /// A body that is still to be understood, without them. A short secret may be a word that has its place there.
    func callAsFunction(_ json: Data) -> Data {
        let body = Self.withoutNeedlessEscapes(json)
        return spellings(in: body).filter { $0.utf8.count >= 24 }.reduce(body) { body, spelling in
            let secret = Data(spelling.utf8)
            var result = Data()
            var rest = body[...]
            while let place = rest.range(of: secret) {
                result += rest[..<place.lowerBound] + Data("(redacted)".utf8)
                rest = rest[place.upperBound...]
            }
            return result.isEmpty ? body : result + rest
        }
    }

    /// The spellings that may stand in `body`. The longest goes first, so that no part of it stays when another secret is a
    /// part of it.
    private func spellings(in body: Data) -> [String] {
        let echoed = secrets.filter { $0.trace.isEmpty || body.range(of: $0.trace) != nil }.map(\.value)
        return Set(echoed.flatMap(Self.spellings)).sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    }

    /// What every spelling of a secret has in common: its longest run of letters and digits. Long lists of images, which
    /// hold none, are looked through but once.
    private static func trace(of secret: String) -> Data {
        let runs = secret.utf8.split { byte in
            !(0x30...0x39).contains(byte) && !(0x41...0x5A).contains(byte) && !(0x61...0x7A).contains(byte)
        }
        return Data(runs.max { $0.count < $1.count } ?? Substring().utf8)
    }

    /// A secret as it may stand in an answer: as it is, inside JSON (slashes escaped or not, all in ASCII or not), inside
    /// an address or a form, inside HTML (quotes escaped or not), and with each run of blanks as one, which is all that is
    /// left of them in plain text.
    private static func spellings(of secret: String) -> [String] {
        let json = jsonEscaped(secret)
        let bare = json.replacing("\\/", with: "/")
        let percent = percentEncoded(secret, sparing: "-._~")
        let path = percentEncoded(secret, sparing: "-._~/")
        let html = htmlEscaped(secret)
        let oneLine = secret.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let spellings =
            [secret, oneLine, json, bare, ascii(json), ascii(bare), html, html.replacing("\"", with: "&quot;")]
            + [percent, path, percent.replacing("%20", with: "+")].flatMap { [$0, lowerCaseHex($0)] }
        return spellings.filter { !$0.isEmpty }
    }

    /// The same JSON, its letters, digits and marks written as they are: a text may be spelled in escapes, each its own way.
    private static func withoutNeedlessEscapes(_ json: Data) -> Data {
        guard json.range(of: Data(#"\u00"#.utf8)) != nil else { return json }
        var result = Data(capacity: json.count)
        var rest = json[...]
        while let byte = rest.first {
            let escape = String(decoding: rest.prefix(6), as: UTF8.self)
            if byte == UInt8(ascii: "\\"), escape.hasPrefix(#"\u00"#), let code = UInt8(escape.dropFirst(4), radix: 16),
                (0x20...0x7E).contains(code), code != UInt8(ascii: "\""), code != UInt8(ascii: "\\")
            {
                result.append(code)
                rest = rest.dropFirst(6)
            } else {
                // Whatever an escape is for, its second byte begins no other.
                let length = byte == UInt8(ascii: "\\") ? 2 : 1
                result += rest.prefix(length)
                rest = rest.dropFirst(length)
            }
        }
        return result
    }

    private static func jsonEscaped(_ text: String) -> String {
        guard let json = try? JSONEncoder().encode(text) else { return text }
        return String(decoding: json.dropFirst().dropLast(), as: UTF8.self)
    }

    private static func ascii(_ json: String) -> String {
        json.utf16.map { $0 < 0x80 ? String(UnicodeScalar(UInt8($0))) : "\\u" + String(format: "%04x", $0) }.joined()
    }

    private static func htmlEscaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")].reduce(text) { $0.replacing($1.0, with: $1.1) }
    }

    private static func percentEncoded(_ text: String, sparing marks: String) -> String {
        let spared = CharacterSet(charactersIn: "A"..."Z").union(CharacterSet(charactersIn: "a"..."z"))
            .union(CharacterSet(charactersIn: "0"..."9")).union(CharacterSet(charactersIn: marks))
        return text.addingPercentEncoding(withAllowedCharacters: spared) ?? text
    }

    private static func lowerCaseHex(_ text: String) -> String {
        text.replacing(#/%[0-9A-F]{2}/#) { $0.output.lowercased() }
    }
}
