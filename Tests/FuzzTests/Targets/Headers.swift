import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// The headers of an answer that says to come again, name and value a line.
    static let headers = FuzzTarget(
        "headers",
        inputs: 100,
        samples: [
            "Retry-After: 7\nX-Request-Id: req-1", "Retry-After: Wed, 18 Nov 2026 11:07:00 GMT\nDate: now",
            "Retry-After: 99999999999999999999", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT",
            "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\nLocation: https://elsewhere.example/", "Retry-After: 0",
        ]
    ) { input, _ in
        let lines = String(decoding: input, as: UTF8.self).split(separator: "\n")
        let headers = lines.reduce(into: [String: String]()) { headers, line in
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            if parts.count == 2 { headers[parts[0]] = parts[1] }
        }
        let fixture = ServiceFixture(images: []) { request, _ in
            request.method == "DELETE" ? .answer(503, headers: headers) : nil
        }
        let outcomes = try await fixture.service(retries: 1).delete(DeletionPlan(deleting: [.sample(1)]))
        try must(fixture.sent("DELETE").count == 2, "it was tried \(fixture.sent("DELETE").count) times")
        try must(outcomes.first?.result == .failed, "a 503 is taken for \(outcomes)")
        let waits = fixture.clock.waits
        try must(waits.count == 1, "it was waited \(waits.count) times")
        // Half of the first wait's bound, where no header asks for more.
        let least = Duration.milliseconds(250)
        for wait in waits { try must((least...(.seconds(60))).contains(wait), "it was waited \(wait)") }
        return waits.first == least ? .refused : .accepted
    }
}
