public import ImageDeletion

extension DeletionPlan.Entry {
    /// The action in a few words: `delete`, the places of an image that keep rules keep, like `last, weekly 2026-W47`, or
    /// the name of another reason to keep it.
    public var decision: String {
        switch action {
        case .keep(.place(let places)): places.map(\.description).joined(separator: ", ")
        case .keep(let reason): reason.name
        case .delete, .mark, .unmark, .unchecked, .unseen, .alreadyDeleted: "\(action)"
        }
    }
}
