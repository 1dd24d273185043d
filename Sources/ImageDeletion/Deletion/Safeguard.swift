/// What can spare an image that was selected.
public enum Safeguard: String, Sendable, Hashable, CaseIterable {
    /// A server was created from it.
    case inUse
    /// It is lent to another project.
    case shared
    /// Its ID is written in a file.
    case referenced
}

/// Why an image is spared.
public enum KeepReason: Sendable, Hashable {
    /// It is protected from deletion.
    case protected
    /// It is public, or another project's.
    case notPrivate
    /// It is one of the newest, which the rule spares.
    case keepLast
    /// These servers were created from it, by name.
    case inUse(by: [String])
    /// It is lent to these projects, by ID.
    case shared(with: [String])
    /// Its ID is written there.
    case referenced(Reference)
    /// It is not as it was when the plan was made; these of its fields differ.
    case changed([String])
    /// Nobody could be asked whether the safeguard holds it, so it does.
    case unknown(Safeguard, ImageDeletionError)
    /// Its ID may be written in a file that could not be read.
    case unreadable(String)

    /// The name in reports.
    public var name: String {
        switch self {
        case .protected: "protected"
        case .notPrivate: "notPrivate"
        case .keepLast: "keepLast"
        case .inUse: "inUse"
        case .shared: "shared"
        case .referenced, .unreadable: "referenced"
        case .changed: "changed"
        case .unknown(let safeguard, _): safeguard.rawValue
        }
    }
}

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
        let reasons = await lendable.concurrently(atMost: concurrency) { (id: $0.id, reason: await sharing(of: $0.id)) }
        return reasons.reduce(into: [:]) { $0[$1.id] = $1.reason }
    }

    private func sharing(of id: ImageID) async -> KeepReason? {
        do throws(ImageDeletionError) {
            let members = try await images.members(of: id)
            return members.isEmpty ? nil : .shared(with: members)
        } catch {
            return .unknown(.shared, error)
        }
    }
}
