import Foundation
import TestSupport

/// How much a process may ask for, and how long it may take.
extension Invariants {
    func excesses(_ run: Run) -> [String] {
        let deeds = deeds(run)
        let tries = run.wish.retries + 1
        let images = Set(day.ledger.history.flatMap(\.images.keys)).count + 1
        let renewals = deeds.tokensRefused + Int((run.ended - run.began) / min(day.tokenLifetime, 300)) + 6
        let signIns = deeds.requests.count { $0.method == "POST" }
        let deletions = Dictionary(
            grouping: deeds.requests.filter { $0.line.hasPrefix("DELETE /v2/images") },
            by: \.line
        )
        let polls = run.wish.waits ? 140 * images : 0
        return [
            signIns > renewals * tries ? "\(signIns) questions to the identity service" : nil,
            deeds.credentialsRefused > 1 ? "\(deeds.credentialsRefused) refusals of one password" : nil,
            deletions.values.contains { $0.count > 2 * tries } ? "deletions of one image" : nil,
            deeds.requests.count > (60 * images + polls + 60) * tries ? "\(deeds.requests.count) requests" : nil,
            deeds.hasty > 0 ? "\(deeds.hasty) tries before the time that was asked for" : nil,
            deeds.late > 0 ? "\(deeds.late) requests after the report" : nil,
            deeds.begun.values.contains { $0 > run.interrupted } ? "deletions begun after Ctrl-C" : nil,
            isCalm && deeds.endedTokens > 0
                ? "\(deeds.endedTokens) requests with a token that was at its end" : nil,
            run.ended - run.began > patience(run) ? "\(run.ended - run.began) seconds" : nil,
        ].compactMap { $0 }
    }

    /// Whether nothing happens to tokens but that they end.
    private var isCalm: Bool {
        day.tokenLifetime > 300 && !day.runs.contains(where: \.wish.forgetsToken)
            && !day.people.deeds.contains { item in
                switch item.deed {
                case .revokeTokens, .changePassword, .setClock: true
                default: false
                }
            }
    }

    /// How long it may take, in seconds: each request its time, each try its wait, and the question a person's.
    private func patience(_ run: Run) -> TimeInterval {
        Double(deeds(run).requests.count + 1) * Double(run.wish.timeout + 61) + 300 + (run.wish.waits ? 600 : 0) + 120
    }

    /// One token does for all processes, for as long as nothing happens to it.
    func needlessSignIns() -> [String] {
        let isCalm =
            isCalm && day.tokenLifetime == 86_400
            && !day.ledger.tally.keys.contains { $0.hasPrefix("POST") || $0.hasSuffix("answer") }
            && !day.people.deeds.contains { if case .spoilCache = $0.deed { true } else { false } }
            && day.runs.allSatisfy { $0.wish.usesCache && deeds($0).credentialsRefused + deeds($0).tokensRefused == 0 }
        let count = day.runs.reduce(0) { $0 + deeds($1).requests.count { $0.method == "POST" } }
        // Whoever is interrupted while it signs in leaves no token behind.
        let interrupted = day.runs.count { $0.interrupted < .infinity }
        return isCalm && count > 1 + interrupted ? ["\(count) tokens where one would do"] : []
    }
}
