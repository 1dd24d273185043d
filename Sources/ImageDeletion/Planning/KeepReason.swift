public import ImageDeletionEssentials

/// Why an image is kept.
public enum KeepReason: Sendable, Hashable {
    /// It is protected from deletion.
    case protected
    /// The service does not delete it, because it is public or another project's.
    case notPrivate
    /// Its name is one that a rule excludes (``RetentionRule/exclusions``).
    case excluded
    /// Keep rules keep it (``RetentionRule/keep``): at least one place.
    case place([KeptPlace])
    /// The service does not say when it was created, so that a keep rule cannot rank it.
    case undated
    /// It has no value for this key, so that a keep rule cannot count it in a group.
    case ungrouped(GroupKey)
    /// It is not `active`, and not older than all images that keep rules keep.
    case notActive
    /// It is marked, and its grace period lasts until this time.
    case inGrace(until: Date)
    /// It is not selected any more.
    case notSelected
    /// It has no mark that could be removed.
    case notMarked
    /// Servers with these names were created from it.
    case inUse(by: [String])
    /// It is shared with the projects with these IDs.
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
        case protected, notPrivate, excluded, keepLast, keepDaily, keepWeekly, keepMonthly, keepYearly, undated
        case ungrouped, notActive, inGrace, notSelected, notMarked, inUse, shared, referenced, changed, unchecked

        init(_ rule: KeepRule) {
            self =
                switch rule {
                case .last: .keepLast
                case .daily: .keepDaily
                case .weekly: .keepWeekly
                case .monthly: .keepMonthly
                case .yearly: .keepYearly
                }
        }

        /// Whether a rule keeps the image because of its place among others: they may be deleted only as long as it is
        /// there.
        var isPlace: Bool {
            switch self {
            case .keepLast, .keepDaily, .keepWeekly, .keepMonthly, .keepYearly: true
            case .protected, .notPrivate, .excluded, .undated, .ungrouped, .notActive, .inGrace, .notSelected,
                .notMarked,
                .inUse, .shared, .referenced, .changed, .unchecked:
                false
            }
        }

        /// Whether an image that is kept for this reason loses its mark: it has not been selected for its whole grace
        /// period.
        var endsGrace: Bool {
            switch self {
            case .inGrace, .notMarked, .changed, .unchecked: false
            case .protected, .notPrivate, .excluded, .keepLast, .keepDaily, .keepWeekly, .keepMonthly, .keepYearly,
                .undated,
                .ungrouped,
                .notActive, .notSelected, .inUse, .shared, .referenced:
                true
            }
        }
    }

    /// The kind of reason. ``unknown(_:_:)`` has its safeguard's, and ``unreadable(_:)`` that of ``referenced(_:)``.
    package var kind: Kind {
        switch self {
        case .protected: .protected
        case .notPrivate: .notPrivate
        case .excluded: .excluded
        case .place(let places): places.first.map { Kind($0.rule) } ?? .unchecked
        case .undated: .undated
        case .ungrouped: .ungrouped
        case .notActive: .notActive
        case .inGrace: .inGrace
        case .notSelected: .notSelected
        case .notMarked: .notMarked
        case .inUse, .unknown(.inUse, _): .inUse
        case .shared, .unknown(.shared, _): .shared
        case .referenced, .unreadable, .unknown(.referenced, _): .referenced
        case .changed: .changed
        case .planned(let name): Kind(rawValue: name) ?? .unchecked
        case .unchecked: .unchecked
        }
    }

    /// Whether a plan lists an image that is kept for this reason although no rule selects it.
    var isListed: Bool { kind.isPlace || kind == .notSelected }

    /// Returns the stronger of two reasons that two rules have: one that others depend on.
    func merged(with other: KeepReason) -> KeepReason {
        switch (self, other) {
        case (.place(let places), .place(let others)): .place(places + others.filter { !places.contains($0) })
        case (_, .place): other
        default: self
        }
    }

    /// The name in reports, plans and receipts, like `keepLast`.
    public var name: String { kind.rawValue }
}
