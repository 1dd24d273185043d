/// Why a receipt cannot be read or written.
package enum ReceiptProblem: Error, Sendable, Hashable {
    /// The line, the first being 1, is none of a receipt; nothing was changed.
    case malformed(line: Int)
    /// Another version of this package has written it; nothing was changed.
    case otherVersion
    /// Another run, of this process or another, writes to it just now.
    case inUse
    /// The system does not let us (its own words), or the file is no regular one, or larger than 64 MiB.
    case system(String)
}

extension ReceiptProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let line): "line \(line) is none of a receipt"
        case .otherVersion: "another version of delete-image wrote it"
        case .inUse: "another run writes to it just now"
        case .system(let words): printable(words)
        }
    }
}
