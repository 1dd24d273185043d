package import ImageDeletionEssentials

/// Reads the part of YAML that people write settings in: mappings, sequences, and scalars that end on their line.
///
/// Where it accepts a document, PyYAML reads the same from it. Everything else is refused with its line, because a guess
/// could sign in as somebody else.
package struct YAMLReader {
    /// No document that is read here has more levels. Many more would fill the stack.
    private static let maximumDepth = 100
    /// PyYAML does not look for the colon of a key further ahead.
    private static let longestKey = 1024

    private let file: String
    private var cursor: YAMLCursor

    /// Reads a document in UTF-8, with or without a byte order mark.
    ///
    /// - Parameters:
    ///   - data: The document.
    ///   - file: Its path, which every node gets.
    /// - Returns: The value; nil for a document without one.
    package static func read(_ data: Data, file: String) throws(YAMLFault) -> YAMLNode? {
        var reader = YAMLReader(file: file, cursor: try YAMLCursor(data))
        return try reader.document()
    }

    private init(file: String, cursor: YAMLCursor) { (self.file, self.cursor) = (file, cursor) }

    private mutating func document() throws(YAMLFault) -> YAMLNode? {
        try cursor.skipToDocument()
        guard !cursor.isAtEnd else { return nil }
        let root = try block(depth: 0)
        guard cursor.isAtEnd else { throw cursor.fault(Self.indentation) }
        return root
    }

    private static let indentation = "the indentation does not match the lines before it"

    private func node(_ value: YAMLNode.Value, line: Int) -> YAMLNode { YAMLNode(value: value, file: file, line: line) }

    private func checkDepth(_ depth: Int) throws(YAMLFault) {
        if depth >= Self.maximumDepth { throw cursor.fault("more than \(Self.maximumDepth) levels") }
    }

    /// Returns the text of a key.
    private func name(_ key: YAMLNode.Value) throws(YAMLFault) -> ExactText {
        var isNumber = false
        if case .plain(let text) = key { isNumber = YAMLNode.Scalar.isNumber(text) }
        guard case .text(let text) = node(key, line: cursor.line).scalar, !isNumber else {
            throw cursor.fault("a key that YAML does not read as a string; put it in quotes")
        }
        guard text.utf8.count <= Self.longestKey else { throw cursor.fault("a key is too long") }
        return text.exact
    }

    // MARK: Block style

    /// Reads the value that begins here, on a line of its own or after the dash of a sequence.
    private mutating func block(depth: Int) throws(YAMLFault) -> YAMLNode {
        try checkDepth(depth)
        let (column, line) = (cursor.column, cursor.line)
        if cursor.isDash { return try sequence(at: column, depth) }
        if cursor.isFlow { return try rest(depth) }
        let scalar = try cursor.scalar(isInFlow: false)
        _ = cursor.isLineDone()
        if cursor.isColon { return try mapping(at: column, from: scalar, depth) }
        try cursor.endLine()
        try cursor.skipBlank()
        return node(scalar, line: line)
    }

    /// Reads a mapping in this column, whose first key has been read.
    private mutating func mapping(
        at column: Int,
        from first: YAMLNode.Value,
        _ depth: Int
    ) throws(YAMLFault) -> YAMLNode {
        let start = cursor.line
        var members: [ExactText: YAMLNode] = [:]
        var key = first
        while true {
            try add(key, to: &members) { reader throws(YAMLFault) in try reader.value(in: column, depth) }
            guard !cursor.isAtEnd, cursor.column == column, !cursor.isDash, !cursor.isFlow else { break }
            key = try cursor.scalar(isInFlow: false)
            _ = cursor.isLineDone()
            guard cursor.isColon else { throw cursor.fault("a key without “: ”") }
        }
        if !cursor.isAtEnd, cursor.column > column { throw cursor.fault(Self.indentation) }
        return node(.mapping(members), line: start)
    }

    /// Adds a member, whose key has been read up to its colon.
    private mutating func add(
        _ key: YAMLNode.Value,
        to members: inout [ExactText: YAMLNode],
        value: (inout YAMLReader) throws(YAMLFault) -> YAMLNode
    ) throws(YAMLFault) {
        let line = cursor.line
        let name = try name(key)
        if members[name] != nil { throw cursor.fault("duplicate key \(quoted(name.text))") }
        cursor.skip()
        var member = try value(&self)
        member.line = line
        members[name] = member
    }

    /// Reads what follows the colon of a key in this column.
    private mutating func value(in column: Int, _ depth: Int) throws(YAMLFault) -> YAMLNode {
        guard cursor.isLineDone() else { return try rest(depth) }
        let line = cursor.line
        try cursor.skipBlank()
        if cursor.isAtEnd { return node(.plain(""), line: line) }
        if cursor.column > column { return try block(depth: depth + 1) }
        // The elements of a sequence may be in the column of its key.
        let isSequence = cursor.column == column && cursor.isDash
        return isSequence ? try sequence(at: column, depth + 1) : node(.plain(""), line: line)
    }

    private mutating func sequence(at column: Int, _ depth: Int) throws(YAMLFault) -> YAMLNode {
        try checkDepth(depth)
        let start = cursor.line
        var elements: [YAMLNode] = []
        repeat {
            let line = cursor.line
            cursor.skip()
            if cursor.isLineDone() { try cursor.skipBlank() }
            let isNull = cursor.isAtEnd || cursor.line != line && cursor.column <= column
            elements.append(isNull ? node(.plain(""), line: line) : try block(depth: depth + 1))
        } while !cursor.isAtEnd && cursor.column == column && cursor.isDash
        if !cursor.isAtEnd, cursor.column > column { throw cursor.fault(Self.indentation) }
        return node(.sequence(elements), line: start)
    }

    /// Reads a value that is the rest of a line, and in flow style maybe of later ones.
    private mutating func rest(_ depth: Int) throws(YAMLFault) -> YAMLNode {
        let value = try inline(depth, isInFlow: false)
        try cursor.endLine()
        try cursor.skipBlank()
        return value
    }

    // MARK: Flow style

    private mutating func inline(_ depth: Int, isInFlow: Bool) throws(YAMLFault) -> YAMLNode {
        let line = cursor.line
        guard cursor.isFlow else { return node(try cursor.scalar(isInFlow: isInFlow), line: line) }
        try checkDepth(depth)
        let isMapping = cursor.isAt("{")
        cursor.skip()
        var (members, elements): ([ExactText: YAMLNode], [YAMLNode]) = ([:], [])
        while true {
            try cursor.skipBlank()
            if cursor.isAt(isMapping ? "}" : "]") { break }
            if isMapping {
                let key = try cursor.scalar(isInFlow: true)
                _ = cursor.isLineDone()
                guard cursor.isAt(":") else { throw cursor.fault("a key without “: ”") }
                try add(key, to: &members) { reader throws(YAMLFault) in try reader.flowValue(depth) }
            } else {
                elements.append(try inline(depth + 1, isInFlow: true))
            }
            try cursor.skipBlank()
            if cursor.isAt(",") {
                cursor.skip()
            } else if !cursor.isAt(isMapping ? "}" : "]") {
                throw cursor.fault(isMapping ? "“,” or “}” is missing" : "“,” or “]” is missing")
            }
        }
        cursor.skip()
        return node(isMapping ? .mapping(members) : .sequence(elements), line: line)
    }

    /// Reads what follows the colon of a key in flow style.
    private mutating func flowValue(_ depth: Int) throws(YAMLFault) -> YAMLNode {
        let line = cursor.line
        try cursor.skipBlank()
        if cursor.isAt(",") || cursor.isAt("}") { return node(.plain(""), line: line) }
        return try inline(depth + 1, isInFlow: true)
    }
}
