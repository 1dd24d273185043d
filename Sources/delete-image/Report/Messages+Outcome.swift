import ImageDeletion
import ImageDeletionEssentials

/// What became of an image, and what was decided about it, in sentences.
extension Messages {
    /// What is said behind the image that `outcome` is about; nil where its result says it all.
    ///
    /// - Parameter isShort: Whether ``notAsked(_:)`` tells why it could not be asked about.
    static func detail(_ outcome: Outcome, isShort: Bool = false) -> String? {
        switch outcome.result {
        case .deleted:
            if outcome.error != nil {
                "gone at the second look; the answer to an earlier try was lost"
            } else {
                outcome.attempts == 0 ? "by an earlier run, as the receipt says" : nil
            }
        case .wouldDelete: outcome.affectsOthers ? notPrivate(outcome.image) : nil
        case .marked(let dueAt):
            "delete after \(time(dueAt))" + (outcome.error.map { "; it could not be hidden: \(sentence($0))" } ?? "")
        case .wouldMark(let dueAt):
            "delete after \(time(dueAt))" + (outcome.affectsOthers ? " " + notPrivate(outcome.image) : "")
        case .unmarked(let reason), .wouldUnmark(let reason):
            reason.map { sentence($0, of: outcome, isShort: isShort) }
        case .pending: nil
        case .kept(let reason): sentence(reason, of: outcome, isShort: isShort) + lostProtection(outcome)
        case .missing:
            "It is not there: deleted already, or another project's."
                + (outcome.id.hasUpperCase ? " IDs are case-sensitive." : "")
        case .failed: outcome.error.map { failure($0, of: outcome) + lostProtection(outcome) }
        }
    }

    private static func failure(_ error: ImageDeletionError, of outcome: Outcome) -> String {
        if outcome.protectionFault != nil, outcome.attempts == 0 {
            return "Its protection could not be lifted. \(sentence(error))"
        }
        let doubt = outcome.mayBeGone ? " It may be gone nevertheless: look with --dry-run." : ""
        guard let failure = error.serviceError, failure.service == .image else { return sentence(error) + doubt }
        return capitalized(predicate(failure)) + doubt
    }

    private static func lostProtection(_ outcome: Outcome) -> String {
        outcome.protectionFault == .notPutBack
            ? " Its protection was lifted and could not be put back: protect it again." : ""
    }

    private static func sentence(_ reason: KeepReason, of outcome: Outcome, isShort: Bool) -> String {
        switch reason {
        case .protected: "It is protected; --unprotect, or unprotect in its rule, deletes it all the same."
        case .notPrivate: notPrivate(outcome.image) + " The service deletes only private images."
        case .excluded: "Its name is excluded."
        case .place(let places):
            // The group once, if all places have the same.
            places.enumerated().map { index, place in
                let isNamed = index == places.count - 1 || place.group != places[index + 1].group
                return "keep-\(place)" + (isNamed ? place.group.map { " of group \(quoted($0))" } ?? "" : "")
            }.joined(separator: ", ")
        case .undated: "Its creation time is unknown, so no keep rule can count it."
        case .ungrouped(let key): "It has no value for \(printable(key.text, limit: 64)), so no keep rule can count it."
        case .inGrace(let dueAt): "in its grace period until \(time(dueAt))"
        case .notSelected: "It is no longer selected."
        case .notMarked: "It has no mark."
        case .notActive: "It is not active, and not older than all images that are kept."
        case .inUse(let servers): "In use: \(list(servers, of: "server")) was created from it."
        case .shared(let projects): "It is lent to \(list(projects, of: "project"))."
        case .referenced(let place): "It is written in \(printable(place.file)):\(place.line)."
        case .unreadable(let file): "\(printable(file)) cannot be read, and may name it."
        case .changed(let fields): "It has changed since the plan was made: \(fields.joined(separator: ", "))."
        case .planned(let name): "The plan keeps it (\(name))."
        case .unchecked: "It was not checked again."
        case .unknown(let safeguard, let error):
            "Nobody can say whether \(question(safeguard, of: "it"))."
                + (isShort ? "" : " " + capitalized(sentence(error)))
        }
    }

    private static func list(_ names: [String], of noun: String) -> String {
        let some = names.prefix(3).map { printable($0, limit: 64) }.joined(separator: ", ")
        return "\(noun) \(some)" + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }

    private static func question(_ safeguard: Safeguard, of image: String) -> String {
        switch safeguard {
        case .inUse: "a server was created from \(image)"
        case .shared: "\(image) is lent to a project"
        case .referenced: "a file names \(image)"
        }
    }

    /// What could not be checked, as the end of a sentence.
    static func unchecked(_ safeguard: Safeguard) -> String {
        switch safeguard {
        case .inUse: "it could not be checked which images are in use"
        case .shared: "it could not be checked which images are shared"
        case .referenced: "not all files could be searched for references"
        }
    }

    /// Why images of `plan` are kept that nobody could be asked about: once for each question.
    static func notAsked(_ plan: DeletionPlan) -> [String] {
        Safeguard.allCases.compactMap { safeguard in
            plan.entries.lazy.compactMap { entry in
                guard case .keep(.unknown(safeguard, let error)) = entry.action else { return nil }
                return "nobody can say whether \(question(safeguard, of: "an image")), so images are kept. "
                    + capitalized(sentence(error))
            }.first
        }
    }

    /// Returns a warning if `plan` deletes or marks images that others can use or that belong to others.
    static func affectingOthers(_ plan: DeletionPlan) -> String? {
        let number = (plan.deletions + plan.marks).count(where: \.affectsOthers)
        return number == 0
            ? nil
            : "\(count(number, "image")) to be deleted \(number == 1 ? "is" : "are") public, community, or another "
                + "project's. The service decides whether this account may delete \(number == 1 ? "it" : "them")."
    }

    private static func notPrivate(_ image: Image?) -> String {
        if image?.imageType == "gold" { return "It is a public image." }
        return switch image?.visibility {
        case "private", "shared": "It belongs to another project (\(printable(image?.owner ?? "unknown", limit: 64)))."
        case let visibility?: "It is a \(printable(visibility, limit: 64)) image."
        case nil: "It is not a private image."
        }
    }
}
