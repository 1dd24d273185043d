import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

/// The conditions that hold after every scenario.
struct Invariants {
    let scenario: Scenario

    /// Returns a description of each violation.
    func violations() -> [String] {
        var found: [String] = []
        for run in scenario.runs {
            let known = run.report
            if run.invocation.isJSON, known == nil {
                found.append("\(run.number): standard output is not one document")
            }
            let checks: [(String, [String])] = [
                ("gone, and was not to go", onlyWhatWasMeant(run)),
                ("told what is not so", known.map { untruths($0, run) } ?? []),
                ("not one outcome an image", known.map { isComplete($0, run) } ?? []),
                ("unprotected, and nobody was told", leavesProtected(run, known)),
                ("in the output", secrets(in: run.output + run.errors)),
                ("in the output", controlCodes(in: run.output + run.errors)),
                ("too many", excesses(run)),
                ("the exit status", known.map { fits(run.status, $0, run) } ?? []),
                ("the last words", saysNothingWasDeleted(run)),
                ("the receipt", receipt(of: run, known)),
            ]
            for (rule, exceptions) in checks { found += exceptions.map { "\(run.number): \(rule): \($0)" } }
        }
        return found + files() + needlessSignIns() + falsePredictions()
    }

    func record(of run: Run) -> Ledger.ProcessRecord { scenario.ledger[run.number] }

    private func onlyWhatWasMeant(_ run: Run) -> [String] {
        let taken = record(of: run).taken.sorted()
        let oracle = DeletionOracle(of: run, on: scenario)
        let changes =
            run.invocation.isDryRun || run.invocation.writesPlan ? record(of: run).requests.filter(\.changesImages) : []
        let most = run.invocation.maxDeletions ?? .max
        return taken.filter { !oracle.allows($0) } + changes.map(\.line)
            + (taken.count > most ? ["\(taken.count), more than \(most)"] : [])
    }

    /// A deleted image is gone; what is told of the others was not undone by this very process. Only what somebody said
    /// without looking excuses the contrary, and only of what it was said.
    private func untruths(_ report: Report, _ run: Run) -> [String] {
        let record = record(of: run)
        return report.images.filter { row in
            // What another project has and does not lend is not there for this one.
            let isThere = scenario.ledger.now[row.id]?.isSeen ?? false
            let isTaken = record.taken.contains(row.id)
            switch row.outcome {
            case "deleted":
                let isOwnDoing = isTaken || record.unanswered.contains(row.id) || row.attempts == 0
                return !isOwnDoing || isThere && !record.saidGone.contains(row.id)
            case "missing":
                // Done, and answered otherwise: the next try finds nothing, and nobody says that an answer was lost.
                return isThere && !record.saidGone.contains(row.id)
                    || isTaken && !record.answeredOtherwise.contains(row.id) && !record.saidGone.contains(row.id)
            case "failed":
                let isSaid = row.detail?.contains("may be gone") ?? false
                return isTaken && !isSaid && !record.saidRefused.contains(row.id)
            case "kept": return isTaken && !record.saidHeld.contains(row.id)
            case "marked":
                let marks = record.requests.filter { $0.method == "PUT" && $0.imageID == row.id }
                return isTaken
                    || !versions(row.id, run).contains { image in
                        marks.contains { image.tags.contains($0.url.lastPathComponent) }
                    }
            case "unmarked":
                let before = Set(versions(row.id, run).first?.marks ?? [])
                let isUnmarked = versions(row.id, run).contains { image in
                    before.isDisjoint(with: image.marks) && (!image.isHidden || record.changeUnknown.contains(row.id))
                }
                return isTaken || !isUnmarked && isThere && !record.saidGone.contains(row.id)
            default: return isTaken
            }
        }.map { "\($0.id) \($0.outcome): \($0.detail ?? "")" }
    }

    private func versions(_ id: String, _ run: Run) -> [DemoImage] {
        scenario.ledger.versions(of: id, from: run.began, to: run.ended)
    }

    private func isComplete(_ report: Report, _ run: Run) -> [String] {
        let ids = report.images.map(\.id)
        var problems = Set(ids).count == ids.count ? [] : ["an image comes twice"]
        if case .ids(let asked) = run.invocation.choice, ![.usage, .input].contains(run.status) || !ids.isEmpty {
            var seen: Set<String> = []
            if ids != asked.filter({ seen.insert($0).inserted }) { problems.append("not those that were asked for") }
        }
        let missing = record(of: run).taken.subtracting(ids).sorted()
        problems += missing.map { "\($0) is not in the report" }
        var counts: [String: Int] = ["selected": ids.count]
        for row in report.images { counts[row.outcome, default: 0] += 1 }
        if counts != report.summary.filter({ $0.value > 0 || $0.key == "selected" }) { problems.append("the summary") }
        return problems
    }

    /// Who lifts a protection and does not delete puts it back, or says that it could not.
    private func leavesProtected(_ run: Run, _ report: Report?) -> [String] {
        let lifted = record(of: run).unprotected.subtracting(record(of: run).protectionUnknown).subtracting(
            record(of: run).saidGone
        )
        return lifted.filter { id in
            guard let image = scenario.ledger.now[id], !image.isProtected else { return false }
            // Somebody else may have done the same.
            let isOwnDoing = !scenario.externalEvents.events.contains {
                if case .protect(id, false) = $0.event { true } else { false }
            }
            let words = report?.images.first { $0.id == id }?.detail ?? run.output
            return isOwnDoing && !words.contains("could not be put back")
                && scenario.runs.count { record(of: $0).unprotected.contains(id) } == 1
        }.sorted()
    }

    private func secrets(in text: String) -> [String] {
        // Bytes: a mark behind a secret would make another character of its end.
        let bytes = Data(text.utf8)
        return scenario.ledger.secrets.contains { bytes.range(of: Data($0.utf8)) != nil } ? ["a secret"] : []
    }

    private func controlCodes(in text: String) -> [String] {
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n" || ![.control, .format].contains(scalar.properties.generalCategory)
        }
        return isClean ? [] : ["a control code"]
    }

    private func fits(_ status: ExitStatus, _ report: Report, _ run: Run) -> [String] {
        let outcomes = Set(report.images.map(\.outcome))
        let isDone = report.images.contains { $0.outcome == "deleted" && $0.attempts > 0 }
        let isNamed =
            switch run.invocation.choice {
            case .ids, .names: true
            case .rules, .planned: false
            }
        let hasBad = report.images.contains { row in
            switch row.outcome {
            case "failed": true
            case "missing": !run.invocation.ignoresMissing
            // Nobody asked for that.
            case "kept": isNamed && ["protected", "notPrivate", "changed"].contains(row.reason)
            default: false
            }
        }
        let isUnchecked = report.images.contains { row in
            row.outcome == "kept" && ["Nobody can say", "cannot be read"].contains { row.detail?.contains($0) == true }
        }
        let isGood =
            switch status {
            case .done: !hasBad && !outcomes.contains("pending") && report.error == nil
            case .incomplete: hasBad || report.error != nil
            case .unavailable: report.error != nil && (!isDone || isUnchecked)
            case .usage, .input: report.error != nil && !isDone
            case .denied: report.error != nil || outcomes.isSubset(of: ["failed", "kept"])
            case .configuration, .interrupted: report.error != nil
            }
        return isGood ? [] : ["\(status) with \(outcomes.sorted()) and \(report.error?.kind ?? "no error")"]
    }

    /// A dry run shows what the run does, unless the service refuses it another project's image.
    private func falsePredictions() -> [String] {
        scenario.rehearsals.flatMap { dryRun, run in
            let actual = Dictionary((run.report?.images ?? []).map { ($0.id, $0) }) { first, _ in first }
            return (dryRun.report?.images ?? []).filter { row in
                let isOwn = scenario.ledger.now[row.id].map { $0.owner == DemoImage.projectID } ?? true
                let action = actual[row.id].map { [$0.outcome, $0.reason] }
                if !isOwn, ["wouldDelete", "kept"].contains(row.outcome), action == ["failed", nil] { return false }
                let done = ["wouldDelete": "deleted", "wouldMark": "marked", "wouldUnmark": "unmarked"]
                return action != [done[row.outcome] ?? row.outcome, row.reason]
            }.map { row in
                "\(run.number): the dry run: \(row.id) \(row.outcome), but \(actual[row.id]?.outcome ?? "nothing")"
            }
        }
    }

    private func saysNothingWasDeleted(_ run: Run) -> [String] {
        let isSaid = run.errors.contains("Nothing was deleted")
        return isSaid && !record(of: run).taken.isEmpty
            ? ["nothing was deleted, but \(record(of: run).taken.sorted())"] : []
    }

    /// What was told is written down too.
    private func receipt(of run: Run, _ report: Report?) -> [String] {
        guard run.invocation.hasReceipt, let report else { return [] }
        let text = (try? String(contentsOf: scenario.folder.file("receipt"), encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n")
        let told = lines.filter { $0.contains("\"outcome\":\"deleted\"") }
        let untrue = told.filter { line in
            scenario.ledger.now.values.contains {
                line.contains($0.id) && $0.isSeen && !record(of: run).saidGone.contains($0.id)
            }
                && scenario.runs.allSatisfy { record(of: $0).saidGone.isEmpty }
        }
        return untrue.map { "\($0) is not gone" }
            + report.images.filter { row in
                let isTold =
                    ["deleted", "marked", "unmarked", "failed", "missing", "kept"].contains(row.outcome)
                    && row.attempts > 0
                return isTold
                    && !lines.contains { $0.contains(row.id) && $0.contains("\"outcome\":\"\(row.outcome)\"") }
            }.map { "\($0.id) \($0.outcome) is not in it" }
    }

    /// No file but the cache holds a secret, and what the next run reads is whole.
    private func files() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: scenario.folder.url.path)) ?? []
        var problems: [String] = []
        for name in names.sorted() where name != "token-cache.json" {
            let content = (try? Data(contentsOf: scenario.folder.file(name))) ?? Data()
            if name.hasPrefix("token-cache.json"), name != "token-cache.json.lock" {
                problems.append("\(name) is left")
            }
            problems += secrets(in: String(decoding: content, as: UTF8.self)).map { "\(name): \($0)" }
            if name.hasPrefix("plan"), (try? DeletionPlan(json: content)) == nil {
                problems.append("the plan is damaged")
            }
            if name == "receipt", !content.isEmpty, content.last != UInt8(ascii: "\n") {
                problems.append("a torn receipt")
            }
        }
        return problems
    }
}

extension DemoImage {
    /// Whether the project that signs in can see it.
    fileprivate var isSeen: Bool {
        owner == DemoImage.projectID || ["public", "community"].contains(visibility)
            || members.contains(DemoImage.projectID)
    }
}
