/// A text that equals another only code point by code point, as the services compare names and tags.
///
/// To `String`, canonically equivalent texts are equal: "ö" as one code point and as two. To a service, these are the
/// names of two images.
package struct ExactText: Sendable, Hashable, Comparable {
    /// The text.
    package let text: String

    /// Wraps `text`.
    package init(_ text: String) { self.text = text }

    package static func == (one: ExactText, other: ExactText) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    package static func < (one: ExactText, other: ExactText) -> Bool {
        one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// The text, to be compared code point by code point.
    package var exact: ExactText { ExactText(self) }
}
