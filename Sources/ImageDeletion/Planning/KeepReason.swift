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
    /// Whether the safeguard keeps it could not be found out, so it does; the error says why.
    case unknown(Safeguard, ImageDeletionError)
    /// The plan, which was read from a file, keeps it for the reason with this ``name``.
    case planned(String)
    /// It was not checked whether anything keeps it, so it is kept: see ``DeletionPlan/Action/unchecked``.
    case unchecked
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

    /// A reason without its particulars. The raw values are the names in reports, plans and receipts.
    package enum Kind: String, Sendable, Hashable, CaseIterable, Encodable {
        case protected, notPrivate, keepLast, undated, inUse, shared, referenced, changed, unchecked

        /// Whether a rule keeps the image because of its place among others: they may be deleted only as long as it is
        /// there.
        var isRank: Bool {
            switch self {
            case .keepLast: true
            case .protected, .notPrivate, .undated, .inUse, .shared, .referenced, .changed, .unchecked: false
            }
        }
    }

    /// The kind of reason. ``unknown(_:_:)`` has its safeguard's, and ``unreadable(_:)`` that of ``referenced(_:)``.
    package var kind: Kind {
        switch self {
        case .protected: .protected
        case .notPrivate: .notPrivate
        case .keepLast: .keepLast
        case .undated: .undated
        case .inUse, .unknown(.inUse, _): .inUse
        case .shared, .unknown(.shared, _): .shared
        case .referenced, .unreadable, .unknown(.referenced, _): .referenced
        case .changed: .changed
        case .planned(let name): Kind(rawValue: name) ?? .unchecked
        case .unchecked: .unchecked
        }
    }

    /// The name in reports, plans and receipts, like `keepLast`.
    public var name: String { kind.rawValue }
}
