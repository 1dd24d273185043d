import Foundation

/// Finds a key that stands twice in one object of a JSON document: Foundation takes either and says nothing.
struct DuplicateKey {
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
