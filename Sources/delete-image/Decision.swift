import ImageDeletion
import ImageDeletionEssentials

/// Finds out what has to be known, and decides: the plan that is shown, saved or carried out.
struct Decision: Sendable {
    let options: Options
    let service: ImageService
    let session: ImageService.Session
    let receipt: Receipt?
    let now: Date
    /// Where the IDs among these are written, in the files of the package or of the folder that was named.
    let references: @Sendable (Set<ImageID>) async throws -> [ImageID: KeepReason.Reference]
    let warn: @Sendable (String) -> Void

    /// What becomes of what `selection` says.
    func plan(_ selection: Selection) async throws(Failure) -> DeletionPlan {
        let plan = try await candidates(selection)
            .passingOver(receipt?.deleted ?? [], begun: receipt?.begun ?? [])
        async let references = references(to: plan)
        async let checked = service.checking(plan, concurrency: options.concurrency)
        let sparing = try await checked.sparing(.referenced, references.get())
        // What could not be asked because of Ctrl-C says nothing about the images.
        if Task.isCancelled { throw .interruptedBefore }
        return sparing
    }

    /// Whether images have to be seen before anything is decided about them.
    private var looksFirst: Bool {
        options.onlyShows || options.rule.liftsProtection || !options.rule.safeguards.isEmpty
    }

    private func candidates(_ selection: Selection) async throws(Failure) -> DeletionPlan {
        switch selection {
        case .saved(let saved): return try await candidates(saved)
        case .rules(let rules): return try await candidates(rules)
        case .images(let targets):
            let ids = selection.ids
            let isInReceipt = receipt.map { !$0.deleted.union($0.begun).isDisjoint(with: ids) } ?? false
            if ids.count == targets.count, !looksFirst, !isInReceipt { return DeletionPlan(deleting: ids) }
            return try await candidates(targets)
        }
    }

    private func candidates(_ saved: SavedPlan) async throws(Failure) -> DeletionPlan {
        let project = try await service.neededProject()
        do { try saved.check(session, project: project) } catch { throw Failure(.input, Words.sentence(error)) }
        if options.appliedPlan != nil, saved.needsReferences, !options.rule.safeguards.contains(.referenced) {
            throw Failure(
                .usage,
                "the plan keeps images that are referenced. Add --unless-referenced to search the package again, or "
                    + "--referenced-in DIR. Nothing was deleted."
            )
        }
        let ids = saved.deletions + saved.spared
        let sightings = try await look(at: ids)
        if sightings.prefix(saved.deletions.count).contains(where: { (try? $0.finding.get()) != nil }) {
            do { try saved.check(spared: Array(sightings.dropFirst(saved.deletions.count))) } catch {
                if case .sparedIsUnseen(_, let cause) = error {
                    throw Failure(ExitStatus(cause), Words.sentence(error))
                }
                // Without a file, the plan is the one that was shown with the question.
                throw options.appliedPlan == nil
                    ? Failure(.incomplete, Words.sentenceAfterQuestion(error)) : Failure(.input, Words.sentence(error))
            }
        }
        return saved.plan(sightings, safeguards: options.rule.safeguards)
    }

    private func candidates(_ rules: [RetentionRule]) async throws(Failure) -> DeletionPlan {
        let project = try await service.neededProject()
        // Tags that all rules ask for, the server can filter by.
        let tags = rules.dropFirst().reduce(into: rules.first?.tags ?? []) { common, rule in
            common.removeAll { tag in !rule.tags.contains { $0.exact == tag.exact } }
        }
        let images = try await list(
            ImageQuery(owner: project.id, tags: tags),
            where: { image in image.isPrivate(to: project.id) && rules.contains { $0.selects(image, now: now) } },
            named: { name in rules.contains { $0.selects(name: name) } }
        )
        let dependsOnClock = rules.contains { if case .seconds = $0.olderThan { true } else { false } }
        if dependsOnClock, let seconds = await service.clockDifference() {
            throw Failure(.unavailable, Words.wrongClock(seconds))
        }
        return DeletionPlan(selecting: images, by: rules, of: project.id, now: now)
    }

    /// Looks at the IDs, and for the names into the list: of one name, or of all images where there are several.
    private func candidates(_ targets: [Selection.Target]) async throws(Failure) -> DeletionPlan {
        // A name that is in the receipt means the image of then, and no other that bears it now.
        let done = receipt?.imagesByName ?? [:]
        var names: Set<ExactText> = []
        for case .name(let name) in targets where done[name] == nil { names.insert(name) }
        var named: [ExactText: [Image]] = [:]
        var projectID = session.project?.id
        if !names.isEmpty {
            let project = try await service.neededProject()
            projectID = project.id
            let query = ImageQuery(owner: project.id, name: names.count == 1 ? names.first?.text : nil)
            let images = try await list(
                query,
                where: { image in image.isPrivate(to: project.id) && names.contains((image.name ?? "").exact) },
                named: { [names] name in names.contains((name ?? "").exact) }
            )
            named = Dictionary(grouping: images) { ($0.name ?? "").exact }
        }
        try check(names, named, project: session.project?.name ?? projectID ?? "")

        let ids = targets.compactMap { target in
            switch target {
            case .id(let id): id
            case .name(let name): done[name]
            }
        }
        let seen = try await look(at: ids)
        let sightings = Dictionary(seen.map { ($0.id, $0) }) { first, _ in first }
        for case .name(let name) in targets {
            guard let id = done[name], let image = try? sightings[id]?.finding.get(), image.name?.exact != name else {
                continue
            }
            throw Failure(
                .incomplete,
                "image \(id), which was named \(quoted(name.text)) when the receipt was begun, has another name now; say which "
                    + "is meant by ID. Nothing was deleted."
            )
        }
        return DeletionPlan(
            deleting: targets.compactMap { target in
                switch target {
                case .id(let id): sightings[id]
                case .name(let name):
                    done[name].flatMap { sightings[$0] }
                        ?? named[name]?.first.map { Sighting(id: $0.id, finding: .success($0)) }
                }
            },
            project: projectID,
            terms: { _ in
                DeletionTerms(liftsProtection: options.rule.liftsProtection, safeguards: options.rule.safeguards)
            }
        )
    }

    /// Each of `names` must be the name of one image, or of none where that is as good.
    private func check(
        _ names: Set<ExactText>,
        _ images: [ExactText: [Image]],
        project: String
    ) throws(Failure) {
        var problems: [String] = []
        var status = ExitStatus.incomplete
        for name in names.sorted() {
            let candidates = images[name] ?? []
            if candidates.isEmpty {
                let text = name.text.unicodeScalars
                let blanks = [
                    text.first?.properties.isWhitespace == true ? "begins" : nil,
                    text.last?.properties.isWhitespace == true ? "ends" : nil,
                ].compactMap { $0 }
                let words =
                    "no private image of project \(printable(project, limit: 64)) is named \(quoted(name.text))"
                    + (blanks.isEmpty ? "." : ", which \(blanks.joined(separator: " and ")) with a blank.")
                    + (name.text.contains { "*?[".contains($0) } ? " Patterns go with --match." : "")
                // A blank too many names another image than was meant, not one that is gone.
                if options.ignoresMissing, blanks.isEmpty { warn(words) } else { problems.append(words) }
            } else if candidates.count > 1 {
                status = .usage
                problems.append(
                    "\(candidates.count) images are named \(quoted(name.text)); say which by ID:\n"
                        + candidates.map { "  " + Words.candidate($0, now: now) }.joined(separator: "\n")
                )
            }
        }
        guard problems.isEmpty else {
            throw Failure(status, problems.joined(separator: "\n") + "\nNothing was deleted.")
        }
    }

    private func references(to plan: DeletionPlan) async -> Result<[ImageID: KeepReason], Failure> {
        let ids = Set(plan.deletions.filter { $0.terms.safeguards.contains(.referenced) }.map(\.id))
        guard !ids.isEmpty else { return .success([:]) }
        do {
            return .success(try await references(ids).mapValues(KeepReason.referenced))
        } catch let file as UnreadableFile {
            return .success(Dictionary(uniqueKeysWithValues: ids.map { ($0, .unreadable(file.path)) }))
        } catch let failure as Failure {
            return .failure(failure)
        } catch {
            return .failure(.interruptedBefore)
        }
    }

    /// What is seen of each of `ids`, in their order. Many are looked for in the list; what it does not hold is looked at
    /// by itself.
    private func look(at ids: [ImageID]) async throws(Failure) -> [Sighting] {
        var listed: [ImageID: Image] = [:]
        if ids.count > 50 {
            let wanted = Set(ids)
            for image in try await list(
                ImageQuery(owner: service.neededProject().id),
                where: { wanted.contains($0.id) }
            ) {
                listed[image.id] = image
            }
        }
        let others = await service.look(at: ids.filter { listed[$0] == nil }, concurrency: options.concurrency)
        let seen = Dictionary(
            others.map { ($0.id, Sighting(id: $0.id, finding: $0.finding.map(restored))) }
        ) { first, _ in first }
        return ids.compactMap { id in listed[id].map { Sighting(id: id, finding: .success($0)) } ?? seen[id] }
    }

    /// Returns `image` as it is when the run begins to delete. A dry run leaves it unprotected, if an earlier run did.
    private func restored(_ image: Image) -> Image {
        var image = image
        if receipt?.unprotected.contains(image.id) == true { image.isProtected = true }
        return image
    }

    private func list(
        _ query: ImageQuery,
        where isWanted: (Image) -> Bool,
        named isNamed: (@Sendable (String?) -> Bool)? = nil
    ) async throws(Failure) -> [Image] {
        do { return try await service.images(query, where: isWanted, named: isNamed).map(restored) } catch {
            guard case .service(let failure) = error, failure.service == .image else { throw Failure(error) }
            let place = printable(session.endpoint.absoluteString)
            switch failure.kind {
            case .forbidden:
                throw Failure(
                    .denied,
                    "the image service at \(place) lists no images for this account (403). \(Advice.permission)."
                )
            default: throw Failure(error)
            }
        }
    }
}
