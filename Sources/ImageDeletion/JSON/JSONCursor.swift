/// A place in a JSON text, which moves over values without decoding them.
///
/// A long list consists of entries that nobody wants. To decode them takes several times as long as to read past them.
struct JSONCursor {
    /// The text is cut off, or something else stands where JSON has a value, a colon or a closing bracket.
    struct Fault: Error {}

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// Starts at the beginning of `bytes`, which must stay valid.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The number of the current line; the first is 1.
    var line: Int { 1 + bytes.prefix(position).count { $0 == UInt8(ascii: "\n") } }

    /// The bytes in `range`.
    func text(in range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

    /// The first byte of what comes next; nil at the end.
    mutating func next() -> UInt8? {
        while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    /// Moves past an object. `visit` gets each key, as it is written, and must move past its value.
    mutating func members(_ visit: (UnsafeRawBufferPointer, inout JSONCursor) throws -> Void) throws {
        try list(from: UInt8(ascii: "{"), to: UInt8(ascii: "}")) { cursor in
            let key = try cursor.string()
            guard cursor.take(UInt8(ascii: ":")) else { throw Fault() }
            try visit(key, &cursor)
        }
    }

    /// Moves past an array. `visit` must move past each element.
    mutating func elements(_ visit: (inout JSONCursor) throws -> Void) throws {
        try list(from: UInt8(ascii: "["), to: UInt8(ascii: "]"), visit)
    }

    /// Moves past a string, and returns what is between its quotes, as it is written.
    mutating func string() throws -> UnsafeRawBufferPointer {
        guard take(UInt8(ascii: "\"")) else { throw Fault() }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else { throw Fault() }
        position += 1
        return text(in: start..<position - 1)
    }

    /// Moves past any value, and returns where it is.
    @discardableResult
    mutating func value() throws -> Range<Int> {
        guard next() != nil else { throw Fault() }
        let start = position
        var depth = 0
        repeat {
            guard let byte = next() else { throw Fault() }
            switch byte {
            case UInt8(ascii: "\""):
                _ = try string()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): if depth == 0 { throw Fault() }
            default:
                while position < bytes.count, !Self.ends(bytes[position]) { position += 1 }
                continue
            }
            position += 1
        } while depth > 0
        guard depth == 0 else { throw Fault() }
        return start..<position
    }

    private mutating func list(
        from start: UInt8,
        to end: UInt8,
        _ visit: (inout JSONCursor) throws -> Void
    ) throws {
        guard take(start) else { throw Fault() }
        if take(end) { return }
        repeat { try visit(&self) } while take(UInt8(ascii: ","))
        guard take(end) else { throw Fault() }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next() == byte else { return false }
        position += 1
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Returns whether `byte` cannot be part of a number, `true`, `false` or `null`.
    private static func ends(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":"), UInt8(ascii: "\""): true
        default: isBlank(byte)
        }
    }
}
