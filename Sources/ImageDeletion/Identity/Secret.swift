/// A token, password or passcode, which never shows itself when it is printed, logged or dumped.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself.
    let value: String

    /// Wraps `value`.
    package init(_ value: String) {
        self.value = value
    }

    /// Always "(redacted)".
    package var description: String { "(redacted)" }
    /// Always "(redacted)".
    package var debugDescription: String { description }
    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
