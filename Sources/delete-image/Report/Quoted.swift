import ImageDeletion

/// What somebody wrote, as a part of a sentence.
func quoted(_ text: String) -> String { "“\(printable(text, limit: 60))”" }

/// "1 image", "2 images".
func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
