/// Why an image is spared.
public enum KeepReason: Sendable, Hashable {
    /// It is protected from deletion.
    case protected
    /// The service does not delete it, because it is public or another project's.
    case notPrivate
    /// It is one of the newest, which a rule spares (``RetentionRule/keepLast``).
    case keepLast
    /// The service does not say when it was created, so ``RetentionRule/keepLast`` cannot rank it.
    case undated
    /// Servers with these names were created from it.
    case inUse(by: [String])
    /// It is lent to the projects with these IDs.
    case shared(with: [String])
    /// Its ID is written there.
    case referenced(Reference)
    /// It is not as it was when the plan was made; the fields with these names differ.
    case changed([String])
    /// Nobody could be asked whether the safeguard holds it, so it does; the error says why.
    case unknown(Safeguard, ImageDeletionError)
    /// Its ID may be written in this file, which could not be read.
    case unreadable(String)

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

    /// The name in reports, plans and receipts, like `keepLast`. ``unknown(_:_:)`` has its safeguard's, and
    /// ``unreadable(_:)`` that of ``referenced(_:)``.
    public var name: String {
        switch self {
        case .protected: "protected"
        case .notPrivate: "notPrivate"
        case .keepLast: "keepLast"
        case .undated: "undated"
        case .inUse: "inUse"
        case .shared: "shared"
        case .referenced, .unreadable: "referenced"
        case .changed: "changed"
        case .unknown(let safeguard, _): safeguard.rawValue
        }
    }
}
