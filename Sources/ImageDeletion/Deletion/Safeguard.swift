/// What can spare an image that was selected.
public enum Safeguard: String, Sendable, Hashable, CaseIterable {
    /// A server was created from it.
    case inUse
    /// It is lent to another project.
    case shared
    /// Its ID is written in a file.
    case referenced
}

extension ImageService {
    /// Asks what the safeguards of `plan` need to know, and spares what they hold. What cannot be found out, spares.
    ///
    /// Servers cost one list, whatever the number of images. Members can only be asked for image by image, and only
    /// images that can have some are asked for. References are the caller's to look for: see
    /// ``DeletionPlan/sparing(_:_:)``.
    public func checking(_ plan: DeletionPlan, concurrency: Int = 4) async -> DeletionPlan {
        async let usage = usage(by: plan)
        async let sharing = sharing(of: plan, concurrency: concurrency)
        return await plan.sparing(.inUse, usage).sparing(.shared, sharing)
    }

    private func usage(by plan: DeletionPlan) async -> [ImageID: KeepReason] {
        let guarded = plan.deletions.filter { $0.terms.safeguards.contains(.inUse) }
        guard !guarded.isEmpty else { return [:] }
        do throws(ImageDeletionError) {
            return try await compute.serversByImage().mapValues(KeepReason.inUse(by:))
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
