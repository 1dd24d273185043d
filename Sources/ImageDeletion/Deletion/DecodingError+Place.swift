extension DecodingError {
    /// Where in the document something is wrong, and what: "rules.nightly.keepLast: a whole number is expected".
    var place: String {
        let (context, words): (Context, String) =
            switch self {
            case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
                (context, "\(Self.jsonName(of: type)) is expected")
            case .keyNotFound(let key, let context): (context, "\(key.stringValue) is missing")
            // JSON that cannot be read as such is nowhere.
            case .dataCorrupted(let context):
                (context, context.codingPath.isEmpty ? "invalid JSON" : context.debugDescription)
            @unknown default: (Context(codingPath: [], debugDescription: ""), "\(self)")
            }
        let path = context.codingPath.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return path.isEmpty ? words : "\(path): \(words)"
    }

    private static func jsonName(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is [Any].Type: "a list"
        default: "an object"
        }
    }
}
