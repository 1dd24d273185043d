/// `text` on lines of at most `width` columns, broken between words. A word that is wider has a line of its own.
///
/// - Parameters:
///   - width: How wide a line may be; nil for lines without an end.
///   - indent: How many spaces stand before each line but the first, whose beginning is somebody else's.
func wrapped(_ text: String, to width: Int?, indent: Int = 0) -> String {
    guard let width else { return text }
    let margin = String(repeating: " ", count: indent)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { paragraph in
        // What a line begins with is an indentation, and kept.
        let start = String(paragraph.prefix { $0 == " " })
        var lines = [start]
        var isFresh = true
        for word in paragraph.dropFirst(start.count).split(separator: " ", omittingEmptySubsequences: false) {
            let line = isFresh ? lines[lines.count - 1] + word : lines[lines.count - 1] + " " + word
            if isFresh || indent + columns(line) <= width {
                lines[lines.count - 1] = line
            } else {
                lines.append(start + word)
            }
            isFresh = false
        }
        return lines.joined(separator: "\n" + margin)
    }.joined(separator: "\n" + margin)
}

/// How many columns `text`, which is fit for a terminal, takes there.
func columns(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + $1.columns }
}

/// `text`, filled up with spaces to `width` columns.
func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - columns(text)))
}

/// `text` behind as many spaces as make `width` columns.
func padded(_ text: String, before width: Int) -> String {
    String(repeating: " ", count: max(0, width - columns(text))) + text
}
