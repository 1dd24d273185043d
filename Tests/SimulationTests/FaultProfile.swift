import Foundation
import ImageDeletion
import TestSupport

/// The faults that the network injects, and how often.
struct FaultProfile {
    /// A fault of one request.
    enum Fault: Equatable {
        /// Nothing was sent.
        case refused, untrusted
        /// The connection breaks, before or after the server has done what was asked.
        case reset(hasActed: Bool)
        /// No response ever arrives.
        case silence(hasActed: Bool)
        /// The response takes this many seconds.
        case drip(Int)
        /// The connection breaks, and the server acts on the request after this many seconds.
        case late(Int)
        /// The end of the response is missing, without an error.
        case truncated
        /// The response exceeds the size limit.
        case oversized
        /// Another response replaces the server's.
        case answer(Answer, hasActed: Bool)
        /// The page of the list of images is changed.
        case list(List)

        /// Whether the client may not learn the result of the request.
        var mayLoseAnswer: Bool {
            switch self {
            case .reset, .silence, .drip, .late, .oversized: true
            case .answer(let answer, _): !answer.saysRefused
            case .refused, .untrusted, .truncated, .list: false
            }
        }
    }

    enum List: CaseIterable {
        /// The previous page is sent again.
        case repeated
        /// Some images are missing.
        case lost
        /// It has no link to the next page, although there is one.
        case linkless
        /// It has a link to the next page, although there is none.
        case linked
    }

    /// An injected response. In its body, `TOKEN` and `BODY` stand for the request's token and body.
    struct Answer: Equatable {
        var status: Int
        var headers: [String: String] = [:]
        var body = ""
    }

    private enum Kind: CaseIterable {
        case refused, untrusted, reset, silence, drip, late, truncated, oversized, unauthorized, throttled, answer, list
    }

    /// The requests that can have a fault.
    private enum Target {
        case all, signIns, reads, changes, deletions
    }

    private let kinds: [Kind]
    /// The number of requests per fault, on average; 0 for no faults.
    private let rarity: Int
    private let target: Target

    /// A profile without faults.
    static let none = FaultProfile()

    private init() {
        (kinds, rarity, target) = ([], 0, .all)
    }

    init(_ generator: inout SeededGenerator) {
        kinds = generator.once(in: 3) ? Kind.allCases : (1...3).map { _ in generator.pick(Kind.allCases) }
        rarity = generator.pick([0, 20, 10, 5, 5, 3, 2, 1])
        target = generator.pick([
            .all, .all, .signIns, .reads, .reads, .changes, .changes, .changes, .deletions, .deletions,
        ])
    }

    /// Returns the fault of `request`, or nil for none.
    func fault(of request: SentRequest, _ generator: inout SeededGenerator) -> Fault? {
        guard rarity > 0, meets(request), generator.once(in: rarity) else { return nil }
        let hasActed = generator.once(in: 2)
        return switch generator.pick(kinds) {
        case .refused: .refused
        case .untrusted: .untrusted
        case .reset: .reset(hasActed: hasActed)
        case .silence: .silence(hasActed: hasActed)
        case .drip: .drip(generator.number(1...90))
        case .late: .late(generator.number(1...90))
        case .truncated: .truncated
        case .oversized: .oversized
        case .unauthorized: .answer(Answer(status: 401, body: generator.pick(Bodies.all)), hasActed: false)
        case .throttled: .answer(Self.throttled(&generator), hasActed: false)
        case .answer: .answer(Self.answer(&generator), hasActed: hasActed)
        case .list: .list(generator.pick(List.allCases))
        }
    }

    private func meets(_ request: SentRequest) -> Bool {
        switch target {
        case .all: true
        case .signIns: request.url.path.hasSuffix("/auth/tokens")
        case .reads: request.method == "GET"
        case .changes: request.changesImages
        case .deletions: request.changesImages && request.method == "DELETE"
        }
    }

    private static func throttled(_ generator: inout SeededGenerator) -> Answer {
        let after = generator.pick([
            nil, "0", "1", "30", "-1", "soon", "99999999999999999999", "Wed, 18 Nov 2026 11:07:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT", "",
        ])
        return Answer(
            status: generator.pick([429, 503]),
            headers: after.map { ["Retry-After": $0] } ?? [:],
            body: generator.pick(Bodies.all)
        )
    }

    private static let statuses =
        [200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 307, 308]
        + [400, 402, 403, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 418, 422, 423, 429, 431, 451, 494]
        + [500, 501, 502, 503, 504, 505, 507, 511, 520, 599]

    private static func answer(_ generator: inout SeededGenerator) -> Answer {
        let status = generator.pick(statuses + [generator.number(200...599)])
        var answer = Answer(status: status, body: generator.pick(Bodies.all))
        if generator.once(in: 3) { answer.headers["X-Openstack-Request-Id"] = "req-\u{1B}[31mTOKEN" }
        if (300..<400).contains(status) { answer.headers["Location"] = "http://elsewhere.example/TOKEN" }
        if generator.once(in: 4) { answer.headers["X-Subject-Token"] = generator.pick(["made up", "made-up", ""]) }
        return answer
    }
}

extension FaultProfile.Fault {
    /// For the tally.
    var kind: String {
        switch self {
        case .answer: "answer"
        case .list: "list"
        case .drip: "drip"
        case .late: "late"
        default: name
        }
    }

    /// For the trace.
    var name: String {
        switch self {
        case .refused: "refused"
        case .untrusted: "untrusted"
        case .reset(let hasActed): "reset" + (hasActed ? " after" : "")
        case .silence(let hasActed): "silence" + (hasActed ? " after" : "")
        case .drip(let seconds): "drips for \(seconds) s"
        case .late(let seconds): "late by \(seconds) s"
        case .truncated: "truncated"
        case .oversized: "oversized"
        case .answer(let answer, let hasActed):
            "\(answer.status) \(answer.body.prefix(60))" + (hasActed ? " after" : "")
        case .list(let list): "\(list) page"
        }
    }
}

extension FaultProfile.Answer {
    /// Whether it reports that the image does not exist.
    var saysGone: Bool {
        ["IMG.0027", "IMG.0144"].contains { body.contains($0) }
            || [404, 410].contains(status) && !body.contains("APIGW.0101")
    }

    /// Whether it reports that the image must not be deleted.
    var saysHeld: Bool {
        ["IMG.0028", "IMG.0083", "IMG.0094"].contains { body.contains($0) } || body.contains("is protected")
    }

    /// Whether it reports that the request was refused.
    var saysRefused: Bool { (300..<500).contains(status) || status == 503 }
}
