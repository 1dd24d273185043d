/// The head of a response, read line by line.
struct ResponseHead {
    /// The header fields of the latest head. Interim responses (1xx) have heads of their own, which the next one replaces.
    private(set) var fields: [HTTPHeaders.Field] = []
    /// Whether its last line has come. libcurl does not mind a connection that closes before.
    private(set) var isOver = false

    /// Reads a line, with its line break.
    mutating func add(line: UnsafeRawBufferPointer) {
        let text = line.drop { _ in false }.trimmed
        if text.starts(with: "HTTP/".utf8) {
            (fields, isOver) = ([], false)
        } else if text.isEmpty {
            isOver = true
        } else if isOver {
            // A trailer: what it says comes too late to be trusted.
            return
        } else if line.first == 0x20 || line.first == 0x09, let last = fields.indices.last {
            // A line that continues the one before (RFC 9112, 5.2).
            fields[last].value += " " + String(decoding: text, as: UTF8.self)
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            fields.append(
                HTTPHeaders.Field(
                    name: String(decoding: text[..<colon], as: UTF8.self),
                    value: String(decoding: text[(colon + 1)...].trimmed, as: UTF8.self)
                )
            )
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// The same without white space and line breaks at its ends.
    fileprivate var trimmed: Self {
        var rest = self
        while let byte = rest.first, byte.isBlank { rest.removeFirst() }
        while let byte = rest.last, byte.isBlank { rest.removeLast() }
        return rest
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { [0x20, 0x09, 0x0D, 0x0A].contains(self) }
}
