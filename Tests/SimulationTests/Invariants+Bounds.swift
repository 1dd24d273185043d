import Foundation
import TestSupport

/// How much a process may ask for, and how long it may take.
extension Invariants {
    func excesses(_ run: Run) -> [String] {
        let record = record(of: run)
        let tries = run.invocation.retries + 1
        let images = Set(scenario.ledger.history.flatMap(\.images.keys)).count + 1
        let renewals = record.tokensRefused + Int((run.ended - run.began) / min(scenario.tokenLifetime, 300)) + 6
        let signIns = record.requests.count { $0.method == "POST" }
        let deletions = Dictionary(
            grouping: record.requests.filter { $0.line.hasPrefix("DELETE /v2/images") },
            by: \.line
        )
        let polls = run.invocation.waits ? 140 * images : 0
        return [
            signIns > renewals * tries ? "\(signIns) questions to the identity service" : nil,
            record.credentialsRefused > 1 ? "\(record.credentialsRefused) refusals of one password" : nil,
            deletions.values.contains { $0.count > 2 * tries } ? "deletions of one image" : nil,
            record.requests.count > (60 * images + polls + 60) * tries ? "\(record.requests.count) requests" : nil,
            record.hasty > 0 ? "\(record.hasty) tries before the time that was asked for" : nil,
            record.late > 0 ? "\(record.late) requests after the report" : nil,
            record.begun.values.contains { $0 > run.interrupted } ? "deletions begun after Ctrl-C" : nil,
            isCalm && record.endedTokens > 0
                ? "\(record.endedTokens) requests with a token that was at its end" : nil,
            run.ended - run.began > patience(run) ? "\(run.ended - run.began) seconds" : nil,
        ].compactMap { $0 }
    }

    /// Whether nothing happens to tokens but that they end.
    private var isCalm: Bool {
        scenario.tokenLifetime > 300 && !scenario.runs.contains(where: \.invocation.forgetsToken)
            && !scenario.externalEvents.events.contains { item in
                switch item.event {
                case .revokeTokens, .changePassword, .setClock: true
                default: false
                }
            }
    }

    /// How long it may take, in seconds: each request its time, each try its wait, and the question a person's.
    private func patience(_ run: Run) -> TimeInterval {
        Double(record(of: run).requests.count + 1) * Double(run.invocation.timeout + 61) + 300
            + (run.invocation.waits ? 600 : 0) + 120
    }

    /// One token does for all processes, for as long as nothing happens to it.
    func needlessSignIns() -> [String] {
        let isCalm =
            isCalm && scenario.tokenLifetime == 86_400
            && !scenario.ledger.tally.keys.contains { $0.hasPrefix("POST") || $0.hasSuffix("answer") }
            && !scenario.externalEvents.events.contains { if case .spoilCache = $0.event { true } else { false } }
            && scenario.runs.allSatisfy {
                $0.invocation.usesCache && record(of: $0).credentialsRefused + record(of: $0).tokensRefused == 0
            }
        let count = scenario.runs.reduce(0) { $0 + record(of: $1).requests.count { $0.method == "POST" } }
        // Whoever is interrupted while it signs in leaves no token behind.
        let interrupted = scenario.runs.count { $0.interrupted < .infinity }
        return isCalm && count > 1 + interrupted ? ["\(count) tokens where one would do"] : []
    }
}
