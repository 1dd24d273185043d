import ImageDeletionEssentials

/// Finds out what has to be known, and decides.
struct Planner: Sendable {
    let images: ImageClient
    let compute: ComputeClient
    let options: DeletionOptions

    private var authorization: any Authorization { images.authorization }

    /// Lists or looks up what `selection` names, decides, and asks what the safeguards need to know.
    func plan(_ selection: ImageSelection) async throws(ImageDeletionError) -> DeletionPlan {
        let now = images.connection.clock.now()
        try await restoreProtections()
        var (entries, missingNames) =
            switch selection.kind {
            case .named(let names): try await entries(named: names)
            case .restored(let names): try await entries(named: names, isRestored: true)
            case .rules(let rules): (try await entries(selectedBy: rules, now: now), [])
            }
        for index in entries.indices { entries[index].conditions.safeguards.formUnion(options.safeguards) }
        return DeletionPlan(
            try await checked(entries, now: now),
            at: try await authorization.session(),
            createdAt: now,
            missingNames: missingNames,
            propertyNames: selection.propertyNames
        )
    }

    /// Looks again at what `plan` deletes, and at what it keeps as one of the newest.
    func recheck(_ plan: DeletionPlan) async throws(ImageDeletionError) -> DeletionPlan {
        try await restoreProtections()
        try await checkPlace(of: plan)
        let now = images.connection.clock.now()
        let pending = plan.entries.filter { entry in
            switch entry.action {
            case .delete, .mark, .unmark, .unchecked: true
            case .keep, .unseen, .alreadyDeleted: false
            }
        }
        let counted = plan.entries.filter(\.holdsOthersBack)
        let lookups = try await look(at: (pending + counted).map(\.id), properties: plan.propertyNames)
        let isAnyLeft = lookups.prefix(pending.count).contains { (try? $0.result.get()) != nil }
        if isAnyLeft { try check(counted, lookups.suffix(counted.count)) }
        let seen = Dictionary(zip(pending, lookups).map { ($0.id, $1) }) { first, _ in first }
        var rechecked = plan
        rechecked.entries = plan.entries.map { entry in
            guard let lookup = seen[entry.id] else { return entry }
            var entry = entry.decidedAnew(lookup, project: plan.session.project?.id)
            entry.conditions.safeguards.formUnion(options.safeguards)
            return entry
        }
        rechecked.entries = try await checked(rechecked.entries, now: now)
        rechecked.session = try await authorization.session()
        return rechecked
    }

    /// Makes sure that `plan` is for this cloud and project, and protects again what an earlier run left unprotected. A
    /// sign-in that fails is left to the deletions, which report it for each image.
    func prepareDeletion(of plan: DeletionPlan) async throws(ImageDeletionError) {
        guard !plan.changes.isEmpty, (try? await authorization.session()) != nil else { return }
        try await restoreProtections()
        try await checkPlace(of: plan)
    }

    /// Passes over what earlier runs did, asks what the safeguards need to know, and applies grace periods.
    private func checked(
        _ entries: [DeletionPlan.Entry],
        now: Date
    ) async throws(ImageDeletionError) -> [DeletionPlan.Entry] {
        // A name and an ID may be the same image's.
        var entries = entries.once
        if let receipt = options.receipt {
            for index in entries.indices { entries[index].passOver(receipt) }
        }
        let checks = SafeguardChecks(
            images: images,
            compute: compute,
            references: options.references,
            concurrency: options.concurrency
        )
        entries = await checks.check(entries)
        // What could not be asked because the task was cancelled says nothing about the images.
        if Task.isCancelled { throw .cancelled }
        // A clock that is wrong would end a grace period early.
        if entries.contains(where: { $0.conditions.grace != nil }), let seconds = await images.clockCheck.difference {
            throw .clock(ahead: seconds)
        }
        return entries.map { $0.applyingGrace(now: now) }
    }

    // MARK: By rules

    private func entries(
        selectedBy rules: [RetentionRule],
        now: Date
    ) async throws(ImageDeletionError) -> [DeletionPlan.Entry] {
        for rule in rules { if let problem = rule.problem(now: now) { throw .rule(problem) } }
        let project = try await authorization.neededProject()
        // Tags that all rules ask for, the server can filter by.
        let tags = rules.dropFirst().reduce(into: rules.first?.tags ?? []) { common, rule in
            common.removeAll { tag in !rule.tags.contains { $0.exact == tag.exact } }
        }
        var query = ImageQuery(owner: project.id, tags: tags)
        query.properties = rules.propertyNames
        let listed = try await list(
            query,
            where: { image in image.isPrivate(to: project.id) && rules.contains { $0.needs(image, now: now) } },
            named: { name in rules.contains { $0.matches(name: name) } }
        )
        let dependsOnClock = rules.contains { if case .seconds = $0.olderThan { true } else { false } }
        if dependsOnClock, let seconds = await images.clockCheck.difference { throw .clock(ahead: seconds) }
        return DeletionPlan.Entry.selected(from: listed, by: rules, of: project.id, now: now)
    }

    // MARK: By name or ID

    /// Looks at the IDs, and for the names into the list: of one name, or of all images if there are several.
    private func entries(
        named targets: [ImageSelection.Name],
        isRestored: Bool = false
    ) async throws(ImageDeletionError) -> (entries: [DeletionPlan.Entry], missingNames: [String]) {
        // A name that is in the receipt means the image of then, and no other that has it now.
        let done = options.receipt?.imagesByName ?? [:]
        var names: Set<ExactText> = []
        for case .name(let name) in targets where done[name] == nil { names.insert(name) }
        var ids = targets.compactMap { if case .id(let id) = $0 { id } else { nil } }
        if ids.count == targets.count, !isRestored, !needsLook(at: ids) {
            return (ids.map(DeletionPlan.Entry.init(unseen:)), [])
        }
        for case .name(let name) in targets { ids += done[name].map { [$0] } ?? [] }
        var project = try await authorization.session().project
        var named: [ExactText: [Image]] = [:]
        if !names.isEmpty {
            let owner = try await authorization.neededProject()
            project = owner
            let listed = try await list(
                ImageQuery(owner: owner.id, name: names.count == 1 ? names.first?.text : nil),
                where: { image in image.isPrivate(to: owner.id) && names.contains((image.name ?? "").exact) },
                named: { [names] name in names.contains((name ?? "").exact) }
            )
            named = Dictionary(grouping: listed) { ($0.name ?? "").exact }
        }
        let missing = names.filter { named[$0] == nil }
        try check(names, named, project: project?.name ?? project?.id ?? "")

        let lookups = Dictionary(try await look(at: ids).map { ($0.id, $0) }) { first, _ in first }
        for case .name(let name) in targets {
            guard let id = done[name], let image = try? lookups[id]?.result.get(), image.name?.exact != name else {
                continue
            }
            throw .names([.renamed(id: id.description, was: name.text)])
        }
        let conditions = DeletionConditions(liftsProtection: options.liftsProtection, grace: options.grace)
        let entries = targets.compactMap { target in
            let lookup =
                switch target {
                case .id(let id): lookups[id]
                case .name(let name):
                    done[name].flatMap { lookups[$0] }
                        ?? named[name]?.first.map { ImageLookup(id: $0.id, result: .success($0)) }
                }
            return lookup.map { lookup in
                isRestored
                    ? DeletionPlan.Entry(restoring: lookup)
                    : DeletionPlan.Entry(lookup, project: project?.id, conditions)
            }
        }
        return (entries, missing.sorted().map(\.text))
    }

    /// Whether images that are named by ID have to be seen before anything is decided about them.
    private func needsLook(at ids: [ImageID]) -> Bool {
        if options.looksAtIDs || options.liftsProtection || !options.safeguards.isEmpty || options.grace != nil {
            return true
        }
        return options.receipt.map { !$0.deleted.union($0.begun).isDisjoint(with: ids) } ?? false
    }

    /// Each of `names` must be the name of one image, or of none if that is allowed.
    private func check(
        _ names: Set<ExactText>,
        _ images: [ExactText: [Image]],
        project: String
    ) throws(ImageDeletionError) {
        let problems: [NameProblem] = names.sorted().compactMap { name in
            let candidates = images[name] ?? []
            switch candidates.count {
            case 0 where options.ignoresMissing && name.text.blankEnds.isEmpty: return nil
            case 0: return .unknown(name.text, project: project)
            case 1: return nil
            default:
                return .ambiguous(
                    name.text,
                    candidates.map { .init(id: $0.id.description, createdAt: $0.createdAt, size: $0.size) }
                )
            }
        }
        if !problems.isEmpty { throw .names(problems) }
    }

    // MARK: Looking

    /// What is seen of each of `ids`, in their order. Many are looked for in the list; what it does not hold is looked at
    /// by itself.
    private func look(
        at ids: [ImageID],
        properties: Set<String> = []
    ) async throws(ImageDeletionError) -> [ImageLookup] {
        var listed: [ImageID: Image] = [:]
        if ids.count > 50 {
            let wanted = Set(ids)
            var query = ImageQuery(owner: try await authorization.neededProject().id)
            query.properties = properties
            for image in try await list(query, where: { wanted.contains($0.id) }) { listed[image.id] = image }
        }
        let others = await images.look(
            at: ids.filter { listed[$0] == nil },
            properties: properties,
            concurrency: options.concurrency
        )
        let seen = Dictionary(
            others.map { ($0.id, ImageLookup(id: $0.id, result: $0.result.map(restored))) }
        ) { first, _ in first }
        return ids.compactMap { id in listed[id].map { ImageLookup(id: id, result: .success($0)) } ?? seen[id] }
    }

    private func list(
        _ query: ImageQuery,
        where isWanted: (Image) -> Bool,
        named isNamed: (@Sendable (String?) -> Bool)? = nil
    ) async throws(ImageDeletionError) -> [Image] {
        try await images.images(query, named: isNamed, where: isWanted).map(restored)
    }

    // MARK: An earlier run

    /// Returns `image` as it is when the deletions begin. A receipt that is only read leaves it unprotected, if an earlier
    /// run did.
    private func restored(_ image: Image) -> Image {
        var image = image
        if options.receipt?.unprotected.contains(image.id) == true { image.isProtected = true }
        return image
    }

    /// Protects the images again whose protection an earlier run lifted before it was killed. It comes first, so that
    /// nothing that ends this run early leaves them unprotected.
    private func restoreProtections() async throws(ImageDeletionError) {
        guard let receipt = options.receipt else { return }
        for id in receipt.unprotected.sorted(by: { $0.description < $1.description }) {
            if receipt.isReadOnly {
                images.connection.report(.protectionMissing(imageID: id.description))
                continue
            }
            do throws(ImageDeletionError) {
                guard let wasUnprotected = try await protect(id) else { continue }
                if wasUnprotected { images.connection.report(.protectionRestored(imageID: id.description)) }
            } catch {
                throw .protection(id.description, cause: error)
            }
            receipt.noteProtected(id, at: images.connection.clock.now())
        }
    }

    /// - Returns: Whether the image was unprotected; nil if it is gone.
    private func protect(_ id: ImageID) async throws(ImageDeletionError) -> Bool? {
        do throws(ImageDeletionError) {
            if try await images.image(id).isProtected { return false }
            do { try await images.set(.protected, of: id, to: true) } catch { throw error.cause }
            return true
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    // MARK: Another look

    /// Makes sure that `plan` was made for the image service and the project that would be asked now.
    private func checkPlace(of plan: DeletionPlan) async throws(ImageDeletionError) {
        let endpoint = try await authorization.session().endpoint
        guard plan.session.endpoint.absoluteString.exact == endpoint.absoluteString.exact else {
            throw .plan(.otherEndpoint(plan.session.endpoint))
        }
        guard let project = plan.session.project else { return }
        guard try await authorization.neededProject().id.exact == project.id.exact else {
            throw .plan(.otherProject(project.name ?? project.id))
        }
    }

    /// Checks that the newest images, which are kept, still exist and are still what a rule would count: otherwise, what
    /// was to be deleted may be the newest now.
    private func check(
        _ kept: [DeletionPlan.Entry],
        _ lookups: some Sequence<ImageLookup>
    ) throws(ImageDeletionError) {
        for (entry, lookup) in zip(kept, lookups) {
            switch lookup.result {
            case .success(let image):
                if !image.isUsable { throw .plan(.keptIsGone(id: entry.id.description)) }
                // An image that is only described anew, or protected, is still covered by its rule.
                // Nor does a mark change its place.
                let differences =
                    entry.image?.unmarked.differences(from: image.unmarked).filter(RetentionRule.fields.contains) ?? []
                if !differences.isEmpty { throw .plan(.keptHasChanged(id: entry.id.description, fields: differences)) }
            case .failure(let error):
                throw error.isNotFound
                    ? .plan(.keptIsGone(id: entry.id.description))
                    : .keptIsUnseen(entry.id.description, cause: error)
            }
        }
    }
}

extension DeletionPlan.Entry {
    /// Passes over a deletion that an earlier run did. An image that was seen is there, whatever was done before.
    fileprivate mutating func passOver(_ receipt: Receipt) {
        guard image == nil else { return }
        wasBegun = receipt.begun.contains(id)
        let isGone = if case .unseen(let error) = action { error.isNotFound } else { false }
        if receipt.deleted.contains(id) || isGone && wasBegun { action = .alreadyDeleted }
    }

    /// Whether others may be deleted only as long as this image is there: a rule keeps it as one of the newest.
    fileprivate var holdsOthersBack: Bool {
        guard let reason = action.keepReason, let image else { return false }
        return reason.kind.isPlace && image.isUsable
    }
}
