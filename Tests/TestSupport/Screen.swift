/// What a terminal shows after all of `output` was written to it: lines, without colours.
///
/// It knows what this package writes: returns, erasing to the end of a line, colours. Anything else is shown.
public func screen(_ output: String) -> [String] {
    let codes = output.replacing(#/\u{1B}\[\d*m/#, with: "").replacing("\r\n", with: "\n")
    return codes.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        var cells: [Character] = []
        var column = 0
        var rest = line[...]
        while let character = rest.popFirst() {
            if character == "\r" {
                column = 0
            } else if character == "\u{1B}", rest.hasPrefix("[K") {
                rest.removeFirst(2)
                cells.removeSubrange(column...)
            } else {
                if column < cells.count { cells[column] = character } else { cells.append(character) }
                column += 1
            }
        }
        return String(cells)
    }
}
