/// What can spare an image that was selected. The raw values are the names in reports.
public enum Safeguard: String, Sendable, Hashable, CaseIterable {
    /// A server of the project was created from it or depends on it.
    case inUse
    /// It is lent to another project.
    case shared
    /// Its ID is written in a file.
    case referenced
}

extension ImageService {
    /// Asks what the safeguards of `plan` need to know, and spares what they hold. What cannot be found out, spares
    /// (``KeepReason/unknown(_:_:)``).
    ///
    /// Servers cost one list, whatever the number of images (Nova: "List Servers Detailed"; Open Telekom Cloud:
    /// "Querying Details About ECSs"), and one of volumes if a server boots from one (Cinder: "List accessible volumes
    /// with details"). Members can only be asked for image by image, and only images that can have some
    /// are asked for (Glance: "List image members"). References are the caller's to look for: see
    /// ``DeletionPlan/sparing(_:_:)``.
    ///
    /// - Parameters:
    ///   - plan: What is about to be deleted, under which terms.
    ///   - concurrency: How many requests for members are under way at once; less than 1 counts as 1.
    /// - Returns: The plan without what is spared.
    public func checking(_ plan: DeletionPlan, concurrency: Int = 4) async -> DeletionPlan {
        async let usage = usage(by: plan)
        async let sharing = sharing(of: plan, concurrency: concurrency)
        return await plan.sparing(.inUse, usage).sparing(.shared, sharing)
    }

    private func usage(by plan: DeletionPlan) async -> [ImageID: KeepReason] {
        let guarded = plan.deletions.filter { $0.terms.safeguards.contains(.inUse) }
        guard !guarded.isEmpty else { return [:] }
        do throws(ImageDeletionError) {
            let usage = ImageUsage(servers: try await compute.servers())
            let images = guarded.compactMap(\.image)
            let volumes = usage.needsVolumes(for: images) ? try await compute.volumes() : []
            return try usage.reasons(for: images, volumes: volumes)
        } catch {
            return Dictionary(uniqueKeysWithValues: guarded.map { ($0.id, .unknown(.inUse, error)) })
        }
    }

    private func sharing(of plan: DeletionPlan, concurrency: Int) async -> [ImageID: KeepReason] {
        let lendable = plan.deletions.filter {
            $0.terms.safeguards.contains(.shared) && $0.image?.visibility == "shared"
        }
        let answers = await lendable.concurrently(atMost: concurrency) { entry in
            do throws(ImageDeletionError) { return .success(try await images.members(of: entry.id)) } catch {
                return .failure(error)
            }
        }
        return zip(lendable, answers).reduce(into: [:]) { reasons, answer in
            switch answer.1 {
            case .success(let members): if !members.isEmpty { reasons[answer.0.id] = .shared(with: members) }
            case .failure(let error): reasons[answer.0.id] = .unknown(.shared, error)
            }
        }
    }
}
