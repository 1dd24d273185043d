package import ImageDeletionEssentials

/// The one writer of JSON that people may print at a terminal: the report, plans and receipts.
package enum JSONWriter {
    /// Encodes `value`, with sorted keys, so that the same value is always the same text.
    ///
    /// - Parameters:
    ///   - value: What to write. Its texts may come from a server.
    ///   - isPretty: Whether the document is laid out on several lines.
    /// - Throws: What the encoder throws.
    package static func data(_ value: some Encodable, isPretty: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        let data = try encoder.encode(value)
        let json = String(decoding: data, as: UTF8.self)
        // Such characters stand only in strings, where an escape means the same. Line breaks are layout: in a string, the
        // encoder has escaped them.
        func needsEscape(_ scalar: Unicode.Scalar) -> Bool { scalar.isUnprintable && scalar != "\n" }
        guard json.unicodeScalars.contains(where: needsEscape) else { return data }
        let escaped = json.unicodeScalars.reduce(into: "") { text, scalar in
            if needsEscape(scalar) {
                for unit in String(scalar).utf16 { text += "\\u" + String(0x10000 + Int(unit), radix: 16).dropFirst() }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return Data(escaped.utf8)
    }
}

extension Unicode.Scalar {
    /// Whether a terminal may do something else than show it.
    package var isUnprintable: Bool {
        // Nearly all text is ASCII, and the category takes long to look up.
        if isASCII { return value < 0x20 || value == 0x7F }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }
}
