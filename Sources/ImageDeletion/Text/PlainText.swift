/// Text out of HTML and XML: enough for error pages, which is all that is ever read so.
///
/// Each byte is looked at a few times at most, whatever the page: a regular expression would take hours over one that is
/// made for it.
enum PlainText {
    static func element(_ name: String, in text: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>"),
            let end = text[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
    }

    static func strippingMarkup(_ markup: String) -> String {
        // What is said twice (title and heading of an error page) goes when something else is said as well.
        let short = words(in: markup, without: ["head", "style", "script", "h1"])
        return short.isEmpty ? words(in: markup, without: []) : short
    }

    private static func words(in markup: String, without elements: [String]) -> String {
        var rest = Array(markup.utf8)[...]
        var text: [UInt8] = []
        // The elements whose end does not come any more.
        var endless: Set<String> = []
        var isTagEndAhead = true
        while let byte = rest.first {
            if byte == UInt8(ascii: "&"), let (character, length) = entity(rest) {
                text += character
                rest = rest.dropFirst(length)
            } else if byte == UInt8(ascii: "<"), isTagEndAhead, rest.dropFirst().first?.beginsTag ?? false {
                let element = elements.first { rest.begins(with: "<" + $0) && !endless.contains($0) }
                if let element, let end = rest.end(of: "</\(element)>") {
                    rest = rest[end...]
                    text.append(UInt8(ascii: " "))
                } else if let element {
                    endless.insert(element)
                } else if let end = rest.firstIndex(of: UInt8(ascii: ">")) {
                    rest = rest[(end + 1)...]
                    text.append(UInt8(ascii: " "))
                } else {
                    isTagEndAhead = false
                }
            } else {
                text.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The character that an entity at the beginning of `text` stands for, and the length of the entity.
    static func entity(_ text: ArraySlice<UInt8>) -> (character: [UInt8], length: Int)? {
        guard text.first == UInt8(ascii: "&"), let end = text.prefix(10).firstIndex(of: UInt8(ascii: ";")) else {
            return nil
        }
        let name = String(decoding: text[text.startIndex..<end].dropFirst(), as: UTF8.self)
        let length = end - text.startIndex + 1
        if let character = entities[name] { return (Array(character.utf8), length) }
        let number = name.hasPrefix("#") ? name.dropFirst().lowercased() : ""
        let code = number.hasPrefix("x") ? UInt32(number.dropFirst(), radix: 16) : UInt32(number)
        return code.flatMap(Unicode.Scalar.init).map { (Array(String($0).utf8), length) }
    }

    private static let entities = ["lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "amp": "&"]
}

extension ArraySlice<UInt8> {
    /// Whether it begins with `text`, which is in lower case, in whatever case.
    fileprivate func begins(with text: String) -> Bool {
        let text = text.utf8
        return count >= text.count && zip(self, text).allSatisfy { $0 == $1 || ($0.isUpperCase && $0 | 0x20 == $1) }
    }

    /// Where the first `tag` ends.
    fileprivate func end(of tag: String) -> Index? {
        indices.first { self[$0] == UInt8(ascii: "<") && self[$0...].begins(with: tag) }.map { $0 + tag.utf8.count }
    }
}

extension UInt8 {
    fileprivate var isUpperCase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }

    /// What may follow the `<` of a tag.
    fileprivate var beginsTag: Bool {
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
        return isLetter || [UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: "?")].contains(self)
    }
}
