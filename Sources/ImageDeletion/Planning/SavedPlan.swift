import ImageDeletionEssentials

/// A plan as a file says it: with the cloud and the project that it was made for, and for each image what it looked like.
struct SavedPlan: Encodable {
    /// The format and its version.
    static let schema = "delete-image-plan/3"

    private let schema = SavedPlan.schema
    /// When the plan was made, ISO 8601.
    private let createdAt: String
    /// The image service that it was made for, and nothing else.
    private let endpoint: String
    /// The project that it was made for, and nothing else.
    private let project: TokenProject
    /// Who made it, as far as the settings say: user name or ID. Only for people.
    private let user: String?
    /// The image properties that the rules read.
    private let properties: [String]?
    /// Its images, those that are kept among them.
    private let images: [Entry]

    enum Action: String, Encodable { case delete, mark, unmark, keep }

    /// One image.
    private struct Entry: Encodable {
        var id: ImageID
        var action: Action
        /// Why it is kept.
        var reason: KeepReason.Kind?
        /// The places that keep rules give it, like `weekly 2026-W47`.
        var places: [String]?
        /// The rules of the policy that select it.
        var rules: [String]?
        /// Whether its protection is lifted first.
        var unprotect: Bool?
        /// The time between its mark and its deletion.
        var graceSeconds: Int?
        /// What keeps it, also later.
        var safeguards: [Safeguard]?
        // What the image looked like.
        var name: String?
        var owner: String?
        var status: String?
        var visibility: String?
        var protected: Bool
        var hidden: Bool?
        var createdAt: String?
        var updatedAt: String?
        var size: Int64?
        var tags: [String]
        var imageType: String?
        var properties: [String: String]?

        init(_ image: Image, _ entry: DeletionPlan.Entry) {
            id = image.id
            action =
                switch entry.action {
                case .keep: .keep
                case .mark: .mark
                case .unmark: .unmark
                // An image that nobody saw is not in the file.
                case .delete, .unchecked, .unseen, .alreadyDeleted: .delete
                }
            reason = entry.action.keepReason?.kind
            if case .place(let places) = entry.action.keepReason { self.places = places.map(\.description) }
            graceSeconds = entry.conditions.grace?.seconds
            if !entry.conditions.rules.isEmpty { rules = entry.conditions.rules }
            if entry.liftsProtection { unprotect = true }
            let safeguards = Safeguard.allCases.filter(entry.conditions.safeguards.contains)
            if !safeguards.isEmpty { self.safeguards = safeguards }
            name = image.name
            owner = image.owner
            status = image.status
            visibility = image.visibility
            protected = image.isProtected
            hidden = image.isHidden ? true : nil
            createdAt = image.createdAt.map(ServiceDate.text)
            updatedAt = image.updatedAt.map(ServiceDate.text)
            size = image.size
            tags = image.tags.sorted { $0.exact < $1.exact }
            imageType = image.imageType
            if !image.properties.isEmpty { properties = image.properties }
        }
    }

    /// What of `plan` can be carried out later; images that nobody saw cannot.
    ///
    /// - Parameter project: The project that the plan is for.
    init(_ plan: DeletionPlan, project: TokenProject) {
        createdAt = ServiceDate.text(plan.createdAt)
        endpoint = plan.session.endpoint.absoluteString
        self.project = project
        user = plan.session.user
        properties = plan.propertyNames.isEmpty ? nil : plan.propertyNames.sorted()
        images = plan.entries.compactMap { entry in entry.image.map { Entry($0, entry) } }
    }
}
