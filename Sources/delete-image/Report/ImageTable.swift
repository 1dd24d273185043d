/// Images in columns that line up, within the width of the terminal.
///
/// Where a row is too long, first what is remarked goes to a line of its own, then names lose their middle, then a row
/// becomes two. In a log a row is always one line, with all of it.
struct ImageTable {
    /// What is shown of one image. Every text is fit for a terminal.
    struct Row {
        /// What becomes of it.
        var label: String
        var ink: Display.Ink?
        var id: String
        /// Nil where nobody has looked at it.
        var facts: Facts?
        var remarks: [String]

        struct Facts {
            var name: String
            var age: String
            var size: String
        }
    }

    private static let headings = Row.Facts(name: "NAME", age: "AGE", size: "SIZE")
    private static let minimumNameWidth = 16
    private static let maximumNameWidth = 40

    private let display: Display
    /// How many spaces a row begins with: one less for what is done, whose labels are one longer, at a terminal, where
    /// the two tables stand below each other.
    private let indentation: Int
    private let label: Int
    private let name: Int
    private let age: Int
    private let size: Int
    /// Whether name, age and size are below the ID.
    private let isStacked: Bool

    /// Whether there is anything to line up.
    private let hasFacts: Bool

    /// All of `rows` below their header.
    static func text(_ rows: [Row], on display: Display) -> String {
        let label = rows.map(\.label.count).max() ?? 0
        let table = ImageTable(rows.compactMap(\.facts), label: label, on: display)
        return ([table.header].compactMap { $0 } + rows.map(table.text)).joined(separator: "\n")
    }

    /// A table in which `facts` have room.
    ///
    /// - Parameter label: How wide a label can be.
    init(_ facts: [Row.Facts], label: Int, on display: Display) {
        self.display = display
        self.label = label
        indentation = display.width == nil || label < 7 ? 2 : 1
        hasFacts = !facts.isEmpty
        func widest(_ part: (Row.Facts) -> String) -> Int {
            facts.reduce(columns(part(Self.headings))) { max($0, columns(part($1))) }
        }
        age = widest(\.age)
        size = widest(\.size)
        let wanted = widest(\.name)
        guard let width = display.width else {
            name = min(wanted, Self.maximumNameWidth)
            isStacked = false
            return
        }
        let numbers = 2 + age + 2 + size
        let beside = width - (indentation + label + 2 + ImageTable.idWidth + 2 + numbers)
        isStacked = beside < min(wanted, Self.minimumNameWidth)
        let room = isStacked ? width - (indentation + label + 2 + numbers) : beside
        name = min(wanted, max(room, Self.minimumNameWidth))
    }

    private static let idWidth = 36

    /// The names of the columns; nil where nothing stands in them.
    var header: String? {
        guard hasFacts else { return nil }
        let row = Row(label: "", id: "ID", facts: Self.headings, remarks: [])
        return display.coloured(text(row), .faint)
    }

    /// A row, of one line or more.
    func text(_ row: Row) -> String {
        let margin = indentation + label + 2
        var lines = [row.id]
        if let facts = row.facts {
            let text = [
                padded(shortened(facts.name), to: name), padded(facts.age, before: age),
                padded(facts.size, before: size),
            ].joined(separator: "  ")
            if isStacked {
                lines.append(text)
            } else {
                lines[0] = padded(row.id, to: Self.idWidth) + "  " + text
            }
        }
        if !row.remarks.isEmpty {
            let remarks = row.remarks.joined(separator: "  ")
            if let width = display.width, margin + columns(lines[lines.count - 1] + remarks) + 2 > width {
                lines.append(wrapped(remarks, to: width, indent: margin))
            } else {
                lines[lines.count - 1] += "  " + remarks
            }
        }
        return String(repeating: " ", count: indentation) + display.coloured(padded(row.label, to: label), row.ink)
            + "  "
            + lines.joined(separator: "\n" + String(repeating: " ", count: margin))
    }

    /// `name` without its middle, where there is no room for all of it. Beginning and end tell more.
    private func shortened(_ name: String) -> String {
        guard display.width != nil, columns(name) > self.name else { return name }
        var (start, end) = (name.prefix(name.count / 2), name.suffix(name.count - name.count / 2))
        while columns(String(start)) + 1 + columns(String(end)) > self.name {
            if start.count > end.count { start.removeLast() } else { end.removeFirst() }
        }
        return start + "…" + end
    }
}
