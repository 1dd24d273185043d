import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// Which images a process may have deleted, at most, by what was asked for and by what truly was.
struct Intent {
    private let day: Day
    private let run: Run

    init(of run: Run, on day: Day) {
        self.run = run
        self.day = day
    }

    /// Whether the image with `id` may have gone by this process.
    func allows(_ id: String) -> Bool {
        guard !run.wish.isDryRun, !run.wish.writesPlan, isConfirmed, isAsSeen(id) else { return false }
        switch run.wish.choice {
        case .ids(let ids):
            return ids.contains(id) && (!run.wish.extra.unlessReferenced || !day.referenced.contains(id))
                && versions(id).contains { isFree($0, run.wish.extra) }
        case .names(let names):
            return bears(names, id) && isFree(of: run.wish.extra, id)
        case .rules(let rules, _):
            // What several rules select goes only if none of them spares it.
            let fitting = rules.filter { rule in versions(id).contains { rule.isFor($0, now: run.now) } }
            return !fitting.isEmpty && isFree(of: run.wish.extra, id)
                && versions(id).contains { version in
                    let rules = fitting.filter { $0.isFor(version, now: run.now) }
                    return !rules.isEmpty && rules.allSatisfy { !spares(version, $0) && isFree(of: $0, id) }
                        && (!version.isProtected || rules.allSatisfy(\.unprotects))
                }
        case .planned:
            return isFree(of: run.wish.extra, id) && isPlanned(id)
        }
    }

    private func versions(_ id: String) -> [DemoImage] { day.ledger.versions(of: id, from: run.began, to: run.ended) }

    /// Whether somebody said yes, or nobody had to be asked.
    private var isConfirmed: Bool {
        switch run.wish.choice {
        case .ids, .planned: true
        case .names, .rules: run.wish.isConfirmed || run.question?.answer == .yes
        }
    }

    /// Whether, where somebody was asked, it was at the end what was shown to them.
    private func isAsSeen(_ id: String) -> Bool {
        guard let question = run.question else { return true }
        let shown = day.ledger.versions(of: id, from: run.began, to: question.asked)
        let meant = day.ledger.versions(of: id, from: question.answered, to: run.ended)
        return !Set(shown.map(\.description)).isDisjoint(with: meant.map(\.description))
    }

    private func bears(_ names: [String], _ id: String) -> Bool {
        // A receipt knows which image a name meant to an earlier run.
        let began = run.wish.hasReceipt ? 0 : run.began
        return day.ledger.states(from: began, to: run.ended).contains { images in
            guard let image = images[id], image.isOwn, names.contains(image.name) else { return false }
            let isOnlyOne = images.values.count { $0.isOwn && $0.name == image.name } == 1
            return isOnlyOne || day.ledger[run.number].wasShownAnotherList
        }
    }

    private func isPlanned(_ id: String) -> Bool {
        guard let json = try? Data(contentsOf: day.folder.file(run.wish.plan)),
            let plan = try? DeletionPlan(json: json),
            plan.entries.contains(where: { $0.id.description == id && $0.action == .unchecked }),
            let planner = day.runs.first(where: { $0.wish.writesPlan && $0.wish.plan == run.wish.plan })
        else { return false }
        let then = day.ledger.versions(of: id, from: planner.began, to: planner.ended).map(\.description)
        return !Set(then).isDisjoint(with: versions(id).map(\.description))
    }

    /// Whether `rule` keeps the image for being one of the newest.
    private func spares(_ image: DemoImage, _ rule: Wish.Rule) -> Bool {
        guard rule.keepLast > 0 else { return false }
        let states = day.ledger.states(from: run.began, to: run.ended)
        // Whoever reads a list while it changes sees some of it before and some after.
        var newer: Set<String> = []
        for other in states.flatMap(\.values)
        where other.status == "active" && rule.isFor(other, now: run.now)
            && (other.createdAt, other.id) > (image.createdAt, image.id)
        {
            newer.insert(other.id)
        }
        return newer.count < rule.keepLast
    }

    /// Whether nothing held the image, by `rule`, at some moment.
    private func isFree(of rule: Wish.Rule, _ id: String) -> Bool {
        (!rule.unlessReferenced || !day.referenced.contains(id)) && versions(id).contains { isFree($0, rule) }
    }

    private func isFree(_ image: DemoImage, _ rule: Wish.Rule) -> Bool {
        // Only a shared image has members.
        (!rule.unlessInUse || image.usedBy == nil)
            && (!rule.unlessShared || image.visibility != "shared" || image.members.isEmpty)
    }
}
