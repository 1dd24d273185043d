/// Why an image is spared.
public enum KeepReason: Sendable, Hashable {
    /// It is protected from deletion.
    case protected
    /// It is public, or another project's.
    case notPrivate
    /// It is one of the newest, which the rule spares.
    case keepLast
    /// These servers were created from it, by name.
    case inUse(by: [String])
    /// It is lent to these projects, by ID.
    case shared(with: [String])
    /// Its ID is written there.
    case referenced(Reference)
    /// It is not as it was when the plan was made; these of its fields differ.
    case changed([String])
    /// Nobody could be asked whether the safeguard holds it, so it does.
    case unknown(Safeguard, ImageDeletionError)
    /// Its ID may be written in a file that could not be read.
    case unreadable(String)

    /// The name in reports.
    public var name: String {
        switch self {
        case .protected: "protected"
        case .notPrivate: "notPrivate"
        case .keepLast: "keepLast"
        case .inUse: "inUse"
        case .shared: "shared"
        case .referenced, .unreadable: "referenced"
        case .changed: "changed"
        case .unknown(let safeguard, _): safeguard.rawValue
        }
    }
}

/// Where an image's ID is written.
public struct Reference: Sendable, Hashable {
    /// The file, as a person would name it.
    public var file: String
    /// The line; the first is 1.
    public var line: Int

    /// A reference on `line` of `file`.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
}
