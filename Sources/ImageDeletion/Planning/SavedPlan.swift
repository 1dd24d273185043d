public import ImageDeletionEssentials

/// A plan as a file says it: in JSON, with the cloud and the project that it was made for, and for each image what it
/// looked like.
struct SavedPlan: Sendable, Hashable {
    /// The format and its version.
    static let schema = "delete-image-plan/2"

    /// What the file says. It is apart so that nobody decodes a plan past the checks of ``init(json:)``.
    let content: Content

    init(checked content: Content) {
        self.content = content
    }

    /// What the file says, in its own words.
    struct Content: Sendable, Hashable, Codable {
        var schema = SavedPlan.schema
        /// When the plan was made, ISO 8601.
        var createdAt: String
        /// The image service that it was made for, and nothing else.
        var endpoint: String
        /// The project that it was made for, and nothing else.
        var project: TokenProject
        /// Who made it, as far as the settings say: user name or ID. Only for people.
        var user: String?
        /// Its images, those that are kept among them.
        var images: [Entry]
    }

    /// One image.
    struct Entry: Sendable, Hashable, Codable {
        var id: ImageID
        /// `delete` or `keep`.
        var action: Action
        /// Why it is kept.
        var reason: KeepReason.Kind?
        /// The rules of the policy that select it.
        var rules: [String]?
        /// Whether its protection is lifted first.
        var unprotect: Bool?
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
    }

    enum Action: String, Sendable, Codable { case delete, keep }
}

extension SavedPlan {
    /// What of `plan` can be carried out later; images that nobody saw cannot.
    ///
    /// - Parameter project: The project that the plan is for.
    init(_ plan: DeletionPlan, project: TokenProject) {
        content = Content(
            createdAt: ServiceDate.text(plan.createdAt),
            endpoint: plan.session.endpoint.absoluteString,
            project: project,
            user: plan.session.user,
            images: plan.entries.compactMap { entry in entry.image.map { Entry($0, entry) } }
        )
    }
}

extension DeletionPlan {
    /// Reads a plan from the content of a file. ``ImageService/recheck(_:options:)`` has to look at it before it can be
    /// carried out.
    ///
    /// Somebody who approves a plan may read it by other means, so nothing in it is passed over, and nothing can be read in
    /// two ways.
    ///
    /// - Parameter json: What ``json()`` returned.
    /// - Throws: ``ImageDeletionError/Code/plan`` with the place in the file.
    public init(json: Data) throws(ImageDeletionError) {
        let content = try SavedPlan(json: json).content
        guard let createdAt = ServiceDate.parse(content.createdAt) else {
            throw .plan(.malformed("createdAt: it is no time"))
        }
        guard let endpoint = URL(string: content.endpoint) else { throw .plan(.malformed("endpoint: it is no URL")) }
        self.init(
            content.images.map(Entry.init),
            at: ImageSession(endpoint: endpoint, project: content.project, user: content.user),
            createdAt: createdAt
        )
    }

    /// The plan as the content of a file, which people can read. Images that nobody saw are left out.
    ///
    /// - Throws: ``ImageDeletionError/Code/configuration`` if it is not known whose images these are.
    public func json() throws(ImageDeletionError) -> Data {
        guard let project = session.project else { throw .configuration([.tokenWithoutProject]) }
        return SavedPlan(self, project: project).json()
    }
}

extension DeletionPlan.Entry {
    fileprivate init(_ saved: SavedPlan.Entry) {
        let conditions = DeletionConditions(
            liftsProtection: saved.unprotect ?? false,
            safeguards: Set(saved.safeguards ?? []),
            rules: saved.rules ?? []
        )
        let action: DeletionPlan.Action =
            switch saved.action {
            case .delete: .unchecked
            case .keep: .keep(.planned((saved.reason ?? .unchecked).rawValue))
            }
        self.init(saved.id, Image(saved), action, conditions)
    }
}

extension Image {
    fileprivate init(_ saved: SavedPlan.Entry) {
        self.init(id: saved.id)
        name = saved.name
        owner = saved.owner
        status = saved.status
        visibility = saved.visibility
        isProtected = saved.protected
        isHidden = saved.hidden ?? false
        createdAt = saved.createdAt.flatMap(ServiceDate.parse)
        updatedAt = saved.updatedAt.flatMap(ServiceDate.parse)
        size = saved.size
        tags = saved.tags
        imageType = saved.imageType
    }
}

extension SavedPlan.Entry {
    /// What `image` looks like, and what is to become of it.
    fileprivate init(_ image: Image, _ entry: DeletionPlan.Entry) {
        id = image.id
        action = .delete
        if case .keep(let reason) = entry.action { (action, self.reason) = (.keep, reason.kind) }
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
    }
}
