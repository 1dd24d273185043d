import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// Decides which images a process was allowed to delete, from its command line and the true state of the cloud.
struct DeletionOracle {
    private let scenario: Scenario
    private let run: Run

    init(of run: Run, on scenario: Scenario) {
        self.run = run
        self.scenario = scenario
    }

    /// Returns whether this process was allowed to delete the image with `id`.
    func allows(_ id: String) -> Bool {
        guard !run.invocation.isDryRun, !run.invocation.writesPlan, !run.invocation.restores, isConfirmed, isAsSeen(id)
        else { return false }
        switch run.invocation.choice {
        case .ids(let ids):
            return ids.contains(id) && isDue(id, after: run.invocation.extra.grace)
                && (!run.invocation.extra.unlessReferenced || !scenario.referenced.contains(id))
                && versions(id).contains { isFree($0, run.invocation.extra) }
        case .names(let names):
            return bears(names, id) && isDue(id, after: run.invocation.extra.grace)
                && isFree(of: run.invocation.extra, id)
        case .rules(let rules, _):
            // What several rules select goes only if none keeps or excludes it, whatever its age.
            return isFree(of: run.invocation.extra, id)
                && versions(id).contains { version in
                    let selecting = rules.filter { $0.isFor(version, now: run.now) }
                    return !selecting.isEmpty && selecting.allSatisfy { isFree(of: $0, id) }
                        && !isExcluded(version, by: rules) && !rules.contains { keeps(version, $0, of: rules) }
                        && (!version.isProtected || selecting.allSatisfy(\.unprotects))
                        && isDue(id, after: rules.filter { $0.matches(version) }.compactMap(\.grace).max())
                }
        case .planned:
            return isFree(of: run.invocation.extra, id) && isPlanned(id)
        }
    }

    private func versions(_ id: String) -> [DemoImage] {
        scenario.ledger.versions(of: id, from: run.began, to: run.ended)
    }

    /// Returns whether the image was marked when the process last looked at it, and a whole grace period of the processes
    /// that marked it was over.
    ///
    /// - Parameter minutes: The grace period of this process; nil if it has none.
    private func isDue(_ id: String, after minutes: Int?) -> Bool {
        guard minutes != nil else { return true }
        let marks = scenario.ledger[run.number].shown[id]?.marks ?? []
        // By its own clock, the process looked before its end.
        let now = run.now + (run.ended - run.began)
        return !marks.isEmpty
            && marks.allSatisfy { mark in
                guard let dueAt = DemoImage.dueDate(of: mark), dueAt < now else { return false }
                return scenario.runs.contains { marker in
                    let path = "/v2/images/\(id)/tags/\(mark)"
                    let isMarker = scenario.ledger[marker.number].requests.contains {
                        $0.method == "PUT" && $0.url.path == path
                    }
                    return isMarker && dueAt >= marker.now + Double(marker.invocation.minimumGrace * 60)
                }
            }
    }

    /// Whether the deletion was confirmed, or needed no confirmation.
    private var isConfirmed: Bool {
        switch run.invocation.choice {
        case .ids, .planned: true
        case .names, .rules: run.invocation.isConfirmed || run.question?.answer == .yes
        }
    }

    /// Returns whether the image, if a confirmation was asked for, was still as shown in it.
    private func isAsSeen(_ id: String) -> Bool {
        guard let question = run.question else { return true }
        let shown = scenario.ledger.versions(of: id, from: run.began, to: question.asked)
        let meant = scenario.ledger.versions(of: id, from: question.answered, to: run.ended)
        return !Set(shown.map(\.description)).isDisjoint(with: meant.map(\.description))
    }

    private func bears(_ names: [String], _ id: String) -> Bool {
        // A receipt knows which image a name meant to an earlier run.
        let began = run.invocation.hasReceipt ? 0 : run.began
        return scenario.ledger.states(from: began, to: run.ended).contains { images in
            guard let image = images[id], image.isOwn, names.contains(image.name) else { return false }
            let isOnlyOne = images.values.count { $0.isOwn && $0.name == image.name } == 1
            return isOnlyOne || scenario.ledger[run.number].wasShownAnotherList
        }
    }

    private func isPlanned(_ id: String) -> Bool {
        guard let json = try? Data(contentsOf: scenario.folder.file(run.invocation.plan)),
            let plan = try? DeletionPlan(json: json),
            plan.entries.contains(where: { $0.id.description == id && $0.action == .unchecked }),
            let planner = scenario.runs.first(where: {
                $0.invocation.writesPlan && $0.invocation.plan == run.invocation.plan
            })
        else { return false }
        let grace = plan.entries.first { $0.id.description == id }?.conditions.grace
        guard isDue(id, after: grace.map { $0.seconds / 60 }) else { return false }
        let then = scenario.ledger.versions(of: id, from: planner.began, to: planner.ended).map(\.description)
        return !Set(then).isDisjoint(with: versions(id).map(\.description))
    }

    private func isExcluded(_ image: DemoImage, by rules: [Invocation.Rule]) -> Bool {
        rules.contains { $0.excluded?.isMeant(image.name) == true }
    }

    /// Whether the keep rules of `rule` keep `image` in any list that the process may have seen.
    private func keeps(_ image: DemoImage, _ rule: Invocation.Rule, of rules: [Invocation.Rule]) -> Bool {
        guard !rule.keep.isEmpty, rule.matches(image) else { return false }
        guard let group = rule.group(of: image) else { return true }
        let states = scenario.ledger.states(from: run.began, to: run.ended)
        // A process that reads a list while it changes sees some of it before and some after.
        let counted = Set(states.flatMap(\.values)).filter { other in
            other.id != image.id && other.status == "active" && rule.matches(other) && rule.group(of: other) == group
                && !isExcluded(other, by: rules)
        }
        guard image.status != "active" else { return hasPlace(image, rule, among: counted) }
        // An image that is not active is kept unless it is older than all that are kept.
        return counted.isEmpty
            || counted.contains { other in
                image.isNewer(than: other) && states.allSatisfy { $0[other.id] == other }
                    && hasPlace(other, rule, among: counted.filter { $0.id != other.id })
            }
    }

    /// Whether `rule` gives `image` a place, whichever of `others` are in the list.
    private func hasPlace(_ image: DemoImage, _ rule: Invocation.Rule, among others: Set<DemoImage>) -> Bool {
        let newer = others.filter { $0.isNewer(than: image) }
        return rule.keep.contains { rule, count in
            guard rule != .last else { return Set(newer.map(\.id)).count < count }
            let period = PlainRetention.period(rule, image.createdAt)
            let periods = Set(newer.map { PlainRetention.period(rule, $0.createdAt) })
            return periods.count < count && !periods.contains(period)
        }
    }

    /// Returns whether no safeguard of `rule` held the image at some time.
    private func isFree(of rule: Invocation.Rule, _ id: String) -> Bool {
        (!rule.unlessReferenced || !scenario.referenced.contains(id)) && versions(id).contains { isFree($0, rule) }
    }

    private func isFree(_ image: DemoImage, _ rule: Invocation.Rule) -> Bool {
        // Only a shared image has members.
        (!rule.unlessInUse || image.usedBy == nil)
            && (!rule.unlessShared || image.visibility != "shared" || image.members.isEmpty)
    }
}

extension DemoImage {
    /// Whether it comes before `other`, the newest first.
    fileprivate func isNewer(than other: DemoImage) -> Bool {
        if createdAt != other.createdAt { return createdAt > other.createdAt }
        let names = (Array(name.utf8), Array(other.name.utf8))
        return names.0 == names.1 ? id > other.id : names.1.lexicographicallyPrecedes(names.0)
    }
}

extension DemoImage {
    /// The tags that mark it for deletion.
    var marks: [String] { tags.filter { $0.hasPrefix("delete-after-") } }

    /// Returns the time in `mark`; nil if it is malformed.
    static func dueDate(of mark: String) -> Date? {
        let format = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
        return try? Date(String(mark.dropFirst("delete-after-".count)), strategy: format)
    }
}
