/// A condition for a property of an image, like `os_distro=debian`.
public struct PropertyFilter: Sendable, Hashable {
    /// The name of the property.
    public let name: String
    private let condition: Condition

    private enum Condition: Sendable, Hashable {
        case isMissing
        case exists
        case equals(ExactText)
    }

    /// Reads a condition.
    ///
    /// - Parameter text: `KEY=VALUE` if the property must have this value, `KEY` if the image must have the property,
    ///   `!KEY` if it must not.
    /// - Throws: ``ImageDeletionError/Code/rule`` if there is no key.
    public init(_ text: String) throws(ImageDeletionError) {
        if text.hasPrefix("!") {
            guard !text.contains("=") else { throw .rule(.property(text)) }
            name = String(text.dropFirst())
            condition = .isMissing
        } else {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            name = parts.first ?? ""
            condition = parts.count == 2 ? .equals(parts[1].exact) : .exists
        }
        guard !name.isEmpty else { throw .rule(.property(text)) }
    }

    /// Returns whether `image` is as the condition says.
    func matches(_ image: Image) -> Bool {
        let value = image.properties[name]
        return switch condition {
        case .isMissing: value == nil
        case .exists: value != nil
        case .equals(let expected): value?.exact == expected
        }
    }
}
