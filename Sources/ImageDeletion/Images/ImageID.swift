import Foundation

/// The ID of an image: a UUID, written in lower case as the image service does.
public struct ImageID: Sendable, Hashable, CustomStringConvertible {
    // 16 bytes and no text: a project can have a hundred thousand images.
    private let uuid: UUID

    /// The UUID, in lower case.
    public var description: String { uuid.uuidString.lowercased() }

    /// Reads a UUID of the form 8-4-4-4-12. Upper case is taken too, but not kept: servers compare letter by letter.
    ///
    /// Nothing else can be an ID, so no text can reach another address than an image's.
    ///
    /// - Throws: ``ImageDeletionError/invalidImageID(_:)`` with `text`.
    public init(_ text: String) throws(ImageDeletionError) {
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        // Foundation's reader takes `+b`, ` b` and `0x` for two digits.
        guard groups.map(\.count) == [8, 4, 4, 4, 12],
            groups.joined().allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let uuid = UUID(uuidString: text)
        else { throw .invalidImageID(text) }
        self.uuid = uuid
    }
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

    /// Encodes the UUID in lower case.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
