import ImageDeletion
import ImageDeletionEssentials

/// The report for programs: one document, made when all is known.
struct JSONReport: Encodable {
    private let schema = "delete-image/1"
    private let dryRun: Bool
    private let summary: [String: Int]
    private let images: [Row]
    private let error: Problem?

    private struct Row: Encodable {
        var id: String
        var name: String?
        var outcome: String
        var reason: String?
        var dueAt: String?
        var status: Int?
        var code: String?
        var detail: String?
        var requestID: String?
        var attempts: Int
    }

    private struct Problem: Encodable {
        var kind: String
        var message: String
    }

    /// A report on `outcomes`, which keep their order, and on what failed beside them.
    init(_ outcomes: [Outcome], isDryRun: Bool, failure: Failure?) {
        dryRun = isDryRun
        images = outcomes.map { outcome in
            Row(
                id: outcome.id.description,
                name: outcome.image?.name,
                outcome: outcome.result.name,
                reason: outcome.keepReason?.name,
                dueAt: outcome.dueAt?.formatted(.iso8601),
                status: outcome.status,
                code: outcome.code,
                detail: Messages.detail(outcome),
                requestID: outcome.requestID,
                attempts: outcome.attempts
            )
        }
        var summary = ["selected": outcomes.count]
        for kind in Outcome.Result.Kind.allCases { summary[kind.rawValue] = 0 }
        for row in images { summary[row.outcome, default: 0] += 1 }
        self.summary = summary
        error = failure.map { Problem(kind: $0.kind, message: $0.message) }
    }

    /// The document, on one line.
    func text() throws -> String {
        String(decoding: try JSONWriter.data(self), as: UTF8.self)
    }
}
