/// The ID of an image: a UUID in the very spelling that the image service lists or that somebody gave.
///
/// Glance takes IDs as users write them, and compares them letter by letter: `AAAA…` and `aaaa…` are two images.
public struct ImageID: Sendable, Hashable, CustomStringConvertible {
    /// The UUID, as it was given.
    public let description: String

    /// Reads a UUID of the form 8-4-4-4-12, in upper or lower case.
    ///
    /// Nothing else can be an ID, so no text can reach another address than an image's.
    ///
    /// - Throws: ``ImageDeletionError/Code/invalidImageID`` with `text`.
    public init(_ text: String) throws(ImageDeletionError) {
        var description = text
        // Lists have hundreds of thousands of IDs, hence the bytes.
        let isID = description.withUTF8 { bytes in
            bytes.count == 36
                && bytes.indices.allSatisfy { index in
                    switch index {
                    case 8, 13, 18, 23: bytes[index] == UInt8(ascii: "-")
                    default: bytes[index].hexDigit != nil
                    }
                }
        }
        guard isID else { throw .invalidImageID(text) }
        self.description = description
    }

    /// The same for all spellings of the UUID. To be used only where a match keeps an image: people write IDs in any
    /// case, and some databases compare them so.
    package var inAnyCase: String { description.lowercased() }

    /// Whether a service that compares letter by letter could know the image under another spelling.
    package var hasUpperCase: Bool { description.utf8.contains { (0x41...0x5A).contains($0) } }
}

extension ImageID: Codable {
    /// Decodes the UUID's text.
    ///
    /// - Throws: `DecodingError` for anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = try? ImageID(container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "an image ID (a UUID) is expected")
        }
        self = id
    }

    /// Encodes the UUID's text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
