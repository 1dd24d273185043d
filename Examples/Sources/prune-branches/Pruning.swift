import Foundation
import ImageDeletion

/// Which images go because their branch is gone.
struct Pruning {
    var service: ImageService
    /// The names of the branches that there are.
    var branches: () throws -> [String]

    /// Looks at the images and the branches, and decides.
    func plan() async throws -> DeletionPlan {
        let (project, names) = (try await service.project(), try Glob("branch-*"))
        let images = try await service.images(ImageQuery(owner: project.id)) { image in
            image.isPrivate(to: project.id) && names.matches(image.name ?? "")
        }
        // In this order: the image of a branch that is made meanwhile is not among the images.
        let living = Set(try branches().map(Self.imageName))
        // No repository is without a branch. Something went wrong, and every image would go.
        guard !living.isEmpty else { throw NoBranches() }
        let orphans = images.filter { !living.contains($0.name ?? "") }
        return try await service.plan(.images(orphans.map(\.id)), options: options)
    }

    /// Decides, and deletes.
    func carryOut() async throws -> [Outcome] { await service.delete(try await plan(), options: options) }

    /// One image at a time is as fast as the pace allows.
    private var options: DeletionOptions {
        var options = DeletionOptions(safeguards: [.inUse, .shared])
        options.concurrency = 1
        return options
    }

    struct NoBranches: Error {}

    /// What the build calls a branch's image, "branch-" and what GitLab has in `CI_COMMIT_REF_SLUG`: of
    /// `feature/New_UI`, branch-feature-new-ui.
    static func imageName(of branch: String) -> String {
        let kept = branch.lowercased().unicodeScalars.prefix(63).map { scalar in
            switch scalar {
            case "a"..."z", "0"..."9": Character(scalar)
            default: Character("-")
            }
        }
        return "branch-" + String(kept).trimmingCharacters(in: ["-"])
    }
}
