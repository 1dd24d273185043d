/// A token, password or passcode, which never shows itself when it is printed, logged or dumped.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself.
    let value: String

    /// Wraps `value`.
    package init(_ value: String) {
        self.value = value
    }

    /// Whether it can be sent in a header: nothing in it ends one.
    var fitsHeader: Bool { !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// Always "(redacted)".
    package var description: String { "(redacted)" }
    /// Always "(redacted)".
    package var debugDescription: String { description }
    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
