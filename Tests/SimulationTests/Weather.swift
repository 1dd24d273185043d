import Foundation
import ImageDeletion
import TestSupport

/// What comes between a process and the cloud, and how often.
struct Weather {
    /// What happens to one request.
    enum Fault: Equatable {
        /// Nothing was sent.
        case refused, untrusted
        /// The connection breaks, before or after the server has done what was asked.
        case reset(hasActed: Bool)
        /// Nothing ever comes.
        case silence(hasActed: Bool)
        /// The whole answer takes this long, in seconds.
        case drip(Int)
        /// The server does it when nobody waits any more, after so many seconds.
        case late(Int)
        /// The end of the answer is missing, and nobody says so.
        case truncated
        /// The answer is too large to be taken.
        case oversized
        /// Another answer in the place of the server's own.
        case answer(Answer, hasActed: Bool)
        /// The list of images is not what it should be.
        case list(List)

        /// Whether nobody is told what became of the request.
        var mayLoseAnswer: Bool {
            switch self {
            case .reset, .silence, .drip, .late, .oversized: true
            case .answer(let answer, _): [502, 504].contains(answer.status)
            case .refused, .untrusted, .truncated, .list: false
            }
        }
    }

    enum List: CaseIterable {
        /// The page that came before comes again.
        case repeated
        /// Some images are not on it.
        case lost
        /// It bears no link, although there is more.
        case linkless
        /// It says that there is more, although there is not.
        case linked
    }

    /// An answer that the cloud never gave. In the body, `TOKEN` and `BODY` stand for what was sent.
    struct Answer: Equatable {
        var status: Int
        var headers: [String: String] = [:]
        var body = ""
    }

    private enum Kind: CaseIterable {
        case refused, untrusted, reset, silence, drip, late, truncated, oversized, unauthorized, throttled, answer, list
    }

    /// Which requests it meets.
    private enum Aim {
        case all, signIns, looks, changes, deletions
    }

    private let kinds: [Kind]
    /// A fault comes once in so many requests; 0: never.
    private let rarity: Int
    private let aim: Aim

    init(_ dice: inout Dice) {
        kinds = dice.once(in: 3) ? Kind.allCases : (1...3).map { _ in dice.pick(Kind.allCases) }
        rarity = dice.pick([0, 20, 10, 5, 5, 3, 2, 1])
        aim = dice.pick([.all, .all, .signIns, .looks, .looks, .changes, .changes, .changes, .deletions, .deletions])
    }

    /// What happens to the next request; nil: nothing.
    func fault(of request: SentRequest, _ dice: inout Dice) -> Fault? {
        guard rarity > 0, meets(request), dice.once(in: rarity) else { return nil }
        let hasActed = dice.once(in: 2)
        return switch dice.pick(kinds) {
        case .refused: .refused
        case .untrusted: .untrusted
        case .reset: .reset(hasActed: hasActed)
        case .silence: .silence(hasActed: hasActed)
        case .drip: .drip(dice.number(1...90))
        case .late: .late(dice.number(1...90))
        case .truncated: .truncated
        case .oversized: .oversized
        case .unauthorized: .answer(Answer(status: 401, body: dice.pick(Bodies.all)), hasActed: false)
        case .throttled: .answer(Self.throttled(&dice), hasActed: false)
        case .answer: .answer(Self.answer(&dice), hasActed: hasActed)
        case .list: .list(dice.pick(List.allCases))
        }
    }

    private func meets(_ request: SentRequest) -> Bool {
        switch aim {
        case .all: true
        case .signIns: request.url.path.hasSuffix("/auth/tokens")
        case .looks: request.method == "GET"
        case .changes: request.changesImages
        case .deletions: request.changesImages && request.method == "DELETE"
        }
    }

    private static func throttled(_ dice: inout Dice) -> Answer {
        let after = dice.pick([
            nil, "0", "1", "30", "-1", "soon", "99999999999999999999", "Wed, 18 Nov 2026 11:07:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT", "",
        ])
        return Answer(
            status: dice.pick([429, 503]),
            headers: after.map { ["Retry-After": $0] } ?? [:],
            body: dice.pick(Bodies.all)
        )
    }

    private static func answer(_ dice: inout Dice) -> Answer {
        let status = dice.pick([
            200, 201, 202, 203, 205, 206, 300, 301, 302, 303, 304, 307, 308, 400, 402, 403, 404, 405, 406, 407, 408,
            409,
            410, 412, 413, 414, 415, 418, 422, 423, 429, 431, 451, 494, 500, 501, 502, 503, 504, 505, 507, 511, 520,
            599,
            dice.number(200...599),
        ])
        // No such answer may be taken for a deletion; it would be the server's lie, and nobody could see through it.
        guard status != 204 else { return Answer(status: 200) }
        var answer = Answer(status: status, body: dice.pick(Bodies.all))
        if dice.once(in: 3) { answer.headers["X-Openstack-Request-Id"] = "req-\u{1B}[31mTOKEN" }
        if (300..<400).contains(status) { answer.headers["Location"] = "http://elsewhere.example/TOKEN" }
        if dice.once(in: 4) { answer.headers["X-Subject-Token"] = dice.pick(["made up", "made-up", ""]) }
        return answer
    }
}

/// Bodies of answers as they are met in the wild, and worse ones.
enum Bodies {
    static let all: [String] = [
        "", "{}", "null", "[]", "0", "\"\"", "{", "\u{0}", "\u{FEFF}{}", "<html>", "TOKEN", "BODY",
        #"{"images":[]}"#, #"{"images":null}"#, #"{"images":[{},null,1],"next":"/v2/images"}"#, #"{"images":{}}"#,
        #"{"token":{}}"#, #"{"token":{"expires_at":"2026-11-19T11:06:40.000000Z","project":{"id":"another"}}}"#,
        #"{"token":{"expires_at":"never"}}"#, #"{"members":{}}"#, #"{"servers":{}}"#,
        #"{"message":"Image is protected and cannot be deleted.<br /><br />\n\n\n","code":"403 Forbidden"}"#,
        #"{"message":"Failed to find image to delete<br /><br />","code":"404 Not Found","title":"Not Found"}"#,
        #"{"error":{"code":401,"message":"The request you have made requires authentication.","title":"U"}}"#,
        #"{"error":{"message":"X-Auth-Token TOKEN is invalid in the request","code":403}}"#,
        #"{"error_msg":"decrypt token fail: TOKEN","error_code":"APIGW.0301","request_id":"TOKEN"}"#,
        #"{"error_msg":"the API does not exist","error_code":"APIGW.0101"}"#,
        #"{"error_msg":"throttled","error_code":"APIG.0308","request_id":"5"}"#,
        #"{"error":{"message":"The token is incorrect.","code":"IMG.0087"}}"#,
        #"{"error":{"message":"The image does not exist.","code":"IMG.0144"}}"#,
        #"{"error":{"message":"The image in the request is protected.","code":"IMG.0028"}}"#,
        #"{"error":{"message":"The public image cannot be deleted.","code":"IMG.0094"}}"#,
        #"{"error":{"message":"You do not have permission.","code":"IMG.0161"}}"#,
        #"{"error_msg":"incorrect password","error_code":"1103"}"#,
        #"{"itemNotFound":{"message":"no","code":404}}"#,
        #"{"error":{"code":"EPS.0003","message":"policy doesn't allow x"}}"#,
        #"{"message":"Token need to refresh"}"#, #"{"error":"BODY"}"#,
        #"{"message":"\u001b[2J\u009b31m\u202edeleted\r\ndeleted"}"#,
        "<html><head><title>TOKEN</title></head><body><h1>502 Bad Gateway</h1>BODY<script>x</script></body></html>",
        "<?xml version=\"1.0\"?><error><code>IMG.0026</code><message>TOKEN</message></error>",
        String(repeating: "[", count: 3000), String(repeating: "<head", count: 2000),
        String(repeating: "TOKEN ", count: 100),
    ]
}
