/// Asks what the safeguards of images need to know. What cannot be found out, keeps (``KeepReason/unknown(_:_:)``).
struct SafeguardChecks: Sendable {
    let images: ImageClient
    let compute: ComputeClient
    let references: DeletionOptions.ReferenceSearch?
    let concurrency: Int

    /// Decides about all of `entries` that are still unchecked.
    func check(_ entries: [DeletionPlan.Entry]) async -> [DeletionPlan.Entry] {
        let unchecked = entries.filter { $0.action == .unchecked }
        let found = await withTaskGroup(of: (Safeguard, [ImageID: KeepReason]).self) { group in
            for safeguard in Safeguard.allCases {
                let guarded = unchecked.filter { $0.conditions.safeguards.contains(safeguard) }
                if guarded.isEmpty { continue }
                group.addTask { (safeguard, await reasons(for: safeguard, guarded)) }
            }
            return await group.reduce(into: [Safeguard: [ImageID: KeepReason]]()) { $0[$1.0] = $1.1 }
        }
        return entries.map { entry in
            guard entry.action == .unchecked else { return entry }
            var entry = entry
            let holding = Safeguard.allCases.filter(entry.conditions.safeguards.contains)
            let reason = holding.lazy.compactMap { found[$0]?[entry.id] }.first
            entry.action = reason.map { .keep($0) } ?? .delete
            return entry
        }
    }

    private func reasons(for safeguard: Safeguard, _ guarded: [DeletionPlan.Entry]) async -> [ImageID: KeepReason] {
        do throws(ImageDeletionError) {
            switch safeguard {
            case .inUse: return try await usage(of: guarded.compactMap(\.image))
            case .shared: return await sharing(of: guarded.filter { $0.image?.visibility == "shared" }.map(\.id))
            case .referenced:
                guard let references else { throw .configuration([.noReferenceSearch]) }
                return await references(Set(guarded.map(\.id)))
            }
        } catch {
            return Dictionary(uniqueKeysWithValues: guarded.map { ($0.id, .unknown(safeguard, error)) })
        }
    }

    /// Servers cost one list, whatever the number of images (Nova: "List Servers Detailed"; Open Telekom Cloud: "Querying
    /// Details About ECSs"), and one of volumes if a server boots from one (Cinder: "List accessible volumes with
    /// details").
    private func usage(of images: [Image]) async throws(ImageDeletionError) -> [ImageID: KeepReason] {
        let usage = ImageUsage(servers: try await compute.servers())
        let volumes = usage.needsVolumes(for: images) ? try await compute.volumes() : []
        return try usage.reasons(for: images, volumes: volumes)
    }

    /// Members can only be asked for image by image, and only images that can have some are asked for (Glance: "List image
    /// members").
    private func sharing(of ids: [ImageID]) async -> [ImageID: KeepReason] {
        let answers = await ids.concurrently(atMost: concurrency) { id in
            do throws(ImageDeletionError) { return .success(try await images.members(of: id)) } catch {
                return .failure(error)
            }
        }
        return zip(ids, answers).reduce(into: [:]) { reasons, answer in
            switch answer.1 {
            case .success(let members): if !members.isEmpty { reasons[answer.0] = .shared(with: members) }
            case .failure(let error): reasons[answer.0] = .unknown(.shared, error)
            }
        }
    }
}
