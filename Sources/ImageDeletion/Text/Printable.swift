/// `text` fit for a terminal: on one line, with control characters (and those that turn the writing direction, with
/// which one text passes itself off as another) shown as escapes, and cut after `limit` characters.
///
/// Whatever came from a server, a file or the command line goes through here before a person sees it.
package func printable(_ text: String, limit: Int = 2_000) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
        if index == limit { return result + "…" }
        if scalar.isUnprintable {
            result += scalar.escaped(asASCII: true)
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// What somebody wrote, as a part of a sentence.
package func quoted(_ text: String) -> String { "“\(printable(text, limit: 60))”" }

/// "1 image", "2 images".
package func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
