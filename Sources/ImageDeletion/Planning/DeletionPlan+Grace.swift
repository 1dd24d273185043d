import ImageDeletionEssentials

extension DeletionPlan.Entry {
    /// Returns the entry after its grace period is taken into account: an image is deleted only if its mark is due, and
    /// loses the mark if it is kept.
    func applyingGrace(now: Date) -> DeletionPlan.Entry {
        guard let grace = conditions.grace, let image else { return self }
        var entry = self
        let length = Double(grace.seconds)
        // After a whole period without a run, nothing says that the image was selected meanwhile.
        let dueAt = image.dueAt.flatMap { $0.addingTimeInterval(length) < now ? nil : $0 }
        switch (action, dueAt) {
        case (.delete, nil):
            // A creation date in the future makes every mark look older than its image.
            if let createdAt = image.createdAt, createdAt > now {
                entry.action = .keep(.inGrace(until: createdAt))
            } else {
                entry.action = .mark(until: DeletionMark(dueAt: now.addingTimeInterval(length)).dueAt)
            }
        case (.delete, let dueAt?) where dueAt >= now:
            // An earlier run may have been cut off before it hid the image.
            let isVisible = image.canBeHidden && !image.isHidden
            entry.action = isVisible ? .mark(until: dueAt) : .keep(.inGrace(until: dueAt))
        case (.keep(let reason), _) where reason.kind.endsGrace && !image.marks.isEmpty: entry.action = .unmark(reason)
        case (.delete, _), (.keep, _), (.unchecked, _), (.unseen, _), (.alreadyDeleted, _), (.mark, _), (.unmark, _):
            break
        }
        return entry
    }
}
