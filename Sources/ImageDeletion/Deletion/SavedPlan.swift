public import ImageDeletionEssentials

/// A plan in a file, to be read, approved and carried out later.
///
/// It is JSON, names the cloud and the project that it was made for, and for each image what it looked like: carried
/// out, it deletes those of its images that still look so, and no other.
public struct SavedPlan: Sendable, Hashable {
    /// The format and its version.
    package static let schema = "delete-image-plan/1"

    /// What the file says. It is apart so that nobody decodes a plan past the checks of ``init(json:)``.
    package let content: Content

    init(checked content: Content) {
        self.content = content
    }

    /// What the file says, in its own words.
    package struct Content: Sendable, Hashable, Codable {
        var schema = SavedPlan.schema
        /// When the plan was made, ISO 8601.
        var createdAt: String
        /// The image service that it was made for, and nothing else.
        package var endpoint: String
        /// The project that it was made for, and nothing else.
        package var project: TokenProject
        /// Who made it, as far as the settings say: user name or ID. Only for people.
        package var user: String?
        /// Its images, those that are kept among them.
        package var images: [Entry]
    }

    /// One image.
    package struct Entry: Sendable, Hashable, Codable {
        package var id: ImageID
        /// `delete` or `keep`.
        package var fate: String
        /// Why it is kept.
        var reason: String?
        /// The rules of the policy that select it.
        var rules: [String]?
        /// Whether its protection is lifted first.
        package var unprotect: Bool?
        /// Whether it is kept, also later, when a server was created from it.
        package var unlessInUse: Bool?
        /// Whether it is kept, also later, when it is lent to another project.
        package var unlessShared: Bool?
        /// Whether it is kept, also later, when its ID is written in a file.
        package var unlessReferenced: Bool?
        // What the image looked like.
        package var name: String?
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

    /// What makes a plan unfit to be carried out.
    public enum Fault: Error, Sendable, Hashable {
        /// It is no plan of this version; the words, in English, say where it goes wrong.
        case malformed(String)
        /// It was made for another image service, with this address.
        case otherEndpoint(String)
        /// It was made for another project, this one.
        case otherProject(TokenProject)
        /// This image, which is spared as one of the newest, is gone or cannot be used any more: what was to be deleted
        /// may be the newest now.
        case sparedIsGone(ImageID)
        /// This image, which is kept as one of the newest, differs in these fields, so the rule that keeps it may no longer
        /// count it.
        case sparedHasChanged(ImageID, [String])
        /// This image, which is spared as one of the newest, could not be seen.
        case sparedIsUnseen(ImageID, ImageDeletionError)
    }

    /// What of `plan` can be carried out later; images that nobody saw cannot.
    ///
    /// - Parameters:
    ///   - plan: What was decided.
    ///   - session: Where it holds.
    ///   - project: Whose images they are: ``ImageService/project()``.
    ///   - now: When it is made.
    public init(_ plan: DeletionPlan, at session: ImageService.Session, project: TokenProject, now: Date) {
        content = Content(
            createdAt: ServiceDate.text(now),
            endpoint: session.endpoint.absoluteString,
            project: project,
            user: session.user,
            images: plan.entries.compactMap { entry in entry.image.map { Entry($0, entry) } }
        )
    }

    /// Checks that the newest images, which are kept, still exist and are still what a rule would count.
    ///
    /// - Parameter sightings: The result of looking up each of the ``spared``.
    /// - Throws: ``Fault/sparedIsGone(_:)``, ``Fault/sparedHasChanged(_:_:)`` or ``Fault/sparedIsUnseen(_:_:)``.
    public func check(spared sightings: [Sighting]) throws(Fault) {
        let planned = Dictionary(content.images.map { ($0.id, $0) }) { first, _ in first }
        for sighting in sightings {
            switch sighting.finding {
            case .success(let image):
                if !image.isUsable { throw .sparedIsGone(sighting.id) }
                let differences = planned[sighting.id]?.differences(from: image) ?? []
                // An image that is only described anew, or protected, is still covered by its rule.
                let relevant = differences.filter(Self.fieldsOfRules.contains)
                if !relevant.isEmpty { throw .sparedHasChanged(sighting.id, relevant) }
            case .failure(let error):
                throw error.isNotFound ? .sparedIsGone(sighting.id) : .sparedIsUnseen(sighting.id, error)
            }
        }
    }

    /// The fields that decide whether a rule selects an image, and which images are the newest.
    private static let fieldsOfRules: Set = [
        "name", "tags", "owner", "visibility", "hidden", "createdAt", "imageType",
    ]

    /// Makes sure that the plan is for the cloud of `session`, and for `project`.
    ///
    /// - Throws: ``Fault/otherEndpoint(_:)`` or ``Fault/otherProject(_:)``.
    public func check(_ session: ImageService.Session, project: TokenProject) throws(Fault) {
        guard content.endpoint.exact == session.endpoint.absoluteString.exact else {
            throw .otherEndpoint(content.endpoint)
        }
        guard content.project.id.exact == project.id.exact else { throw .otherProject(content.project) }
    }

    /// The images to be deleted.
    public var deletions: [ImageID] { content.images.filter { $0.fate == "delete" }.map(\.id) }

    /// Whether an image is deleted only if no file has its ID. The plan does not say where the files are.
    package var needsReferences: Bool {
        content.images.contains { $0.fate == "delete" && $0.unlessReferenced ?? false }
    }

    /// The images that are spared as the newest, of those that can be used. The others may be deleted only as long as
    /// these are there.
    public var spared: [ImageID] {
        content.images.filter { image in
            image.fate == "keep" && image.reason == KeepReason.keepLast.name
                && (image.status == nil || image.status == "active")
        }.map(\.id)
    }

    /// What is left to do of this plan, now that its images look like `sightings`: those that have changed are kept.
    ///
    /// Sightings of other images than those to be deleted are passed over. What the cloud can be asked about is asked
    /// again, because a server that was created meanwhile does not change the image.
    ///
    /// - Parameters:
    ///   - sightings: What a look at each of the ``deletions`` told.
    ///   - safeguards: What may spare an image besides what the plan says.
    public func plan(_ sightings: [Sighting], safeguards: Set<Safeguard> = []) -> DeletionPlan {
        let planned = content.images.filter { $0.fate == "delete" }
        let entries = Dictionary(planned.map { ($0.id, $0) }) { first, _ in first }
        return DeletionPlan(
            deleting: sightings.filter { entries[$0.id] != nil },
            project: content.project.id,
            terms: { id in
                var terms = entries[id]?.terms ?? DeletionTerms()
                terms.safeguards.formUnion(safeguards)
                return terms
            }
        ).changing { entry in
            guard let image = entry.image, let then = entries[entry.id] else { return nil }
            let differences = then.differences(from: image)
            return differences.isEmpty ? nil : .keep(.changed(differences))
        }
    }
}

extension SavedPlan.Entry {
    /// What `image` looks like, and what is to become of it.
    init(_ image: Image, _ entry: DeletionPlan.Entry) {
        self.init(image)
        if case .keep(let reason) = entry.fate { (fate, self.reason) = ("keep", reason.name) }
        if !entry.terms.rules.isEmpty { rules = entry.terms.rules }
        if entry.liftsProtection { unprotect = true }
        if entry.terms.safeguards.contains(.inUse) { unlessInUse = true }
        if entry.terms.safeguards.contains(.shared) { unlessShared = true }
        if entry.terms.safeguards.contains(.referenced) { unlessReferenced = true }
    }

    private init(_ image: Image) {
        id = image.id
        fate = "delete"
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

    /// Under which conditions it is deleted.
    var terms: DeletionTerms {
        var safeguards: Set<Safeguard> = []
        if unlessInUse ?? false { safeguards.insert(.inUse) }
        if unlessShared ?? false { safeguards.insert(.shared) }
        if unlessReferenced ?? false { safeguards.insert(.referenced) }
        return DeletionTerms(liftsProtection: unprotect ?? false, safeguards: safeguards, rules: rules ?? [])
    }

    /// The names of the fields in which `image` is not as it was.
    func differences(from image: Image) -> [String] {
        let now = SavedPlan.Entry(image)
        return [
            ("name", name?.exact == now.name?.exact), ("owner", owner?.exact == now.owner?.exact),
            ("status", status == now.status), ("visibility", visibility == now.visibility),
            ("protected", protected == now.protected), ("hidden", (hidden ?? false) == (now.hidden ?? false)),
            ("createdAt", createdAt == now.createdAt), ("updatedAt", updatedAt == now.updatedAt),
            ("size", size == now.size), ("tags", tags.map(\.exact) == now.tags.map(\.exact)),
            ("imageType", imageType == now.imageType),
        ].filter { !$0.1 }.map(\.0)
    }
}
