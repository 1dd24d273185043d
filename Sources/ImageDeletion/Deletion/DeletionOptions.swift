/// How images are planned for, checked and deleted. The three verbs of ``ImageService`` take the same options.
public struct DeletionOptions: Sendable {
    /// What keeps an image, besides what the rules say.
    public var safeguards: Set<Safeguard>
    /// Finds where IDs are written, for ``Safeguard/referenced``. Without it, no image with that safeguard is deleted.
    public var references: ReferenceSearch?
    /// Whether protected images that are named are deleted too. A rule says so itself.
    public var liftsProtection = false
    /// The time between a mark on an image that is named and its deletion; nil: it is deleted at once. A rule says so
    /// itself.
    public var grace: GracePeriod?
    /// Whether a name that no image has is passed over instead of an error.
    public var ignoresMissing = false
    /// Where each outcome is written down before the next deletion starts. If that fails, no other deletion starts, and
    /// ``Receipt/error`` says why. What earlier runs did is passed over, and an image that such a run left unprotected is
    /// protected again before anything else.
    public var receipt: Receipt?
    /// Requests for single images under way at once; less than 1 counts as 1.
    public var concurrency = 4
    /// Whether the backups of full-server images are deleted too (`delete_backup`, on Open Telekom Cloud only).
    public var deletesBackups = false
    /// Whether each deletion is followed until the image is gone, up to ten minutes.
    public var waitsUntilGone = false
    /// Whether images that are named by ID are looked up although nothing could keep them.
    package var looksAtIDs = true

    /// Finds which of these images are referenced, and why each of them is kept: ``KeepReason/referenced(_:)``, or
    /// ``KeepReason/unreadable(_:)`` where it could not be found out.
    public typealias ReferenceSearch = @Sendable (Set<ImageID>) async -> [ImageID: KeepReason]

    /// Options with these safeguards; the other defaults are those of the command.
    public init(safeguards: Set<Safeguard> = [], references: ReferenceSearch? = nil) {
        self.safeguards = safeguards
        self.references = references
    }
}
