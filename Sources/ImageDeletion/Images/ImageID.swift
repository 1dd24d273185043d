import Foundation

/// The ID of an image: a UUID in lower case, as the image service writes it.
public struct ImageID: Sendable, Hashable, CustomStringConvertible {
    /// The UUID, in lower case.
    public let description: String

    /// Reads a UUID of the form 8-4-4-4-12. Upper case is taken too, but not kept: servers compare letter by letter.
    ///
    /// Nothing else can be an ID, so no text can reach another address than an image's.
    ///
    /// - Throws: ``ImageDeletionError/invalidImageID(_:)``.
    public init(_ text: String) throws(ImageDeletionError) {
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let hexadecimal = groups.joined().allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                true
            default: false
            }
        }
        guard groups.map(\.count) == [8, 4, 4, 4, 12], hexadecimal else { throw .invalidImageID(text) }
        description = text.lowercased()
    }
}
