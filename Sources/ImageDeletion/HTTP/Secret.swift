/// A token, password or passcode, which never shows itself when it is printed, logged or dumped.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself.
    let value: String
    /// The parts that give it away in a text, prepared here because a token is sent with thousands of requests.
    let traces: [SecretTrace]

    /// Wraps `value`.
    package init(_ value: String) {
        self.value = value
        traces = SecretTrace.all(of: value)
    }

    package static func == (one: Secret, other: Secret) -> Bool { one.value == other.value }

    package func hash(into hasher: inout Hasher) { hasher.combine(value) }

    /// Whether it can be sent in a header: nothing in it ends one.
    var fitsHeader: Bool { !value.isEmpty && value.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// Always "(redacted)".
    package var description: String { "(redacted)" }
    /// Always "(redacted)".
    package var debugDescription: String { description }
    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
