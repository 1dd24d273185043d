package import Foundation

/// A JSON document that somebody wrote or approved, so that nothing in it may be read in two ways.
struct StrictJSON {
    /// The reason for which a document is refused.
    struct Fault: Error {
        /// The place, as `rules.nightly.keepLast`; empty for the whole document.
        var path = ""
        var reason: String
    }

    /// The document in UTF-8, without a byte order mark.
    let data: Data
    /// The document, as Foundation reads it.
    let value: Any

    /// Reads `data`, in UTF-8, with or without a byte order mark. Foundation also reads other encodings, in which the
    /// keys are not what the bytes seem to say.
    init(_ data: Data) throws(Fault) {
        guard let text = String(utf8: data), !text.utf8.contains(0) else { throw Fault(reason: "it is not UTF-8") }
        self.data = Data(text.utf8)
        do {
            value = try JSONSerialization.jsonObject(with: self.data)
        } catch {
            let reason = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            throw Fault(reason: "invalid JSON" + (reason.map { " (\($0))" } ?? ""))
        }
        if let twice = DuplicateKey(in: self.data) { throw Fault(path: twice.path, reason: "duplicate key") }
    }
}

extension String {
    /// Reads UTF-8, with or without a byte order mark; nil for anything else.
    package init?(utf8 data: Data) {
        let mark = Data("\u{FEFF}".utf8)
        guard let text = String(data: data.starts(with: mark) ? data.dropFirst(mark.count) : data, encoding: .utf8)
        else {
            return nil
        }
        self = text
    }
}

/// Finds a key that stands twice in one object of a JSON document: Foundation takes either and says nothing.
private struct DuplicateKey {
    /// Where it is, as `rules.nightlies.keepLast`.
    let path: String

    /// Looks through `json`, which is known to be well-formed; nil where no key stands twice.
    init?(in json: Data) {
        let bytes = [UInt8](json)
        // The objects around the current place: the keys seen in each, the last of them the one whose value comes.
        var objects: [(keys: Set<String>, current: String)] = []
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"): objects.append(([], ""))
            case UInt8(ascii: "}"): _ = objects.popLast()
            case UInt8(ascii: "\""):
                let start = position
                position += 1
                while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                    position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
                }
                let rest = bytes[min(position + 1, bytes.count)...]
                // A string with a colon behind it is a key.
                guard rest.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: ":"),
                    let key = try? JSONDecoder().decode(String.self, from: Data(bytes[start...position])),
                    let last = objects.indices.last
                else { break }
                objects[last].current = key
                // `JSONSerialization` loses byte order marks: then two keys are one.
                let visible = String(String.UnicodeScalarView(key.unicodeScalars.filter { $0 != "\u{FEFF}" }))
                if !objects[last].keys.insert(visible).inserted {
                    path = objects.map(\.current).joined(separator: ".")
                    return
                }
            default: break
            }
            position += 1
        }
        return nil
    }
}
