import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

extension Situation {
    private static let signIn = "POST /v3/auth/tokens"
    private static let deletion = "DELETE /v2/images/\(Sample.id(1))"
    private static let servers = "GET /v2.1/70c77dc6bbfa40dbb5f00e6705972d6f/servers/detail"

    /// Every request that begins like this ends so.
    private static func service(
        _ when: String,
        _ line: String,
        _ fault: FaultyTransport.Fault,
        _ arguments: [String] = [Sample.id(1)]
    ) -> Situation {
        Situation(when: when, arguments: arguments, fault: { request, _ in request.line.hasPrefix(line) ? fault : nil })
    }

    static let transport: [Situation] = [
        service(
            "no connection to the identity service",
            signIn,
            .error(TransportError(.unreachable, "Could not connect to the server."))
        ),
        service(
            "no connection to the image service",
            deletion,
            .error(TransportError(.unreachable, "Could not connect to the server."))
        ),
        service(
            "a certificate that is not trusted",
            signIn,
            .error(TransportError(.untrusted, "SSL certificate problem: unable to get local issuer certificate"))
        ),
        service("no answer in time", deletion, .error(TransportError(.timedOut, "no answer for 30 seconds"))),
        service(
            "a connection that breaks",
            deletion,
            .error(TransportError(.connectionLost, "Connection reset by peer"))
        ),
        service("an answer without end", deletion, .error(TransportError(.oversizedAnswer, "more than 16 MiB"))),
    ]

    static let identityStatuses: [Situation] =
        [200, 301, 400, 401, 403, 404, 407, 409, 429, 500, 504].map { service("\($0)", signIn, .answer($0)) } + [
            service(
                "401, and a passcode is missing",
                signIn,
                .answer(
                    401,
                    headers: ["Openstack-Auth-Receipt": "receipt"],
                    body: #"{"receipt": {"methods": ["password"]}, "required_auth_methods": [["password", "totp"]]}"#
                )
            ),
            service(
                "401, with a reason",
                signIn,
                .answer(401, body: #"{"error": {"code": 401, "message": "mfa totp code verify fail"}}"#)
            ),
            {
                var situation = service(
                    "404 to a token in `OS_TOKEN`",
                    "GET /v3/auth/tokens",
                    .answer(404, body: #"{"error": {"code": 404, "message": "Failed to validate token"}}"#)
                )
                situation.variables = ["OS_TOKEN": "revoked"]
                return situation
            }(),
            {
                var situation = service("504 a moment ago", signIn, .answer(504))
                situation.arguments += ["--work-directory", "FOLDER"]
                situation.isAgain = true
                return situation
            }(),
            {
                var situation = service("401 a moment ago", signIn, .answer(401))
                situation.arguments += ["--work-directory", "FOLDER"]
                situation.isAgain = true
                return situation
            }(),
        ]

    static let imageStatuses: [Situation] =
        [200, 301, 401, 403, 405, 407, 409, 413, 422, 429, 500, 504].map {
            service("\($0), to a deletion", deletion, .answer($0))
        } + [
            service("204, and the image stays (`--wait`)", deletion, .answer(204), [Sample.id(1), "--wait"]),
            {
                var situation = service("404, and nobody can tell what the token is for", deletion, .answer(404))
                situation.variables = [
                    "OS_TOKEN": "token", "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example", "OS_AUTH_URL": nil,
                    "OS_PROJECT_NAME": nil,
                ]
                return situation
            }(),
            Situation(
                when: "404, and the address is not that of an image service",
                variables: ["OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example/v2/images"]
            ),
            {
                var situation = Situation(
                    when: "a wrong clock, and a rule by age",
                    arguments: ["--match", "*", "--older-than", "1h", "--yes"]
                )
                situation.clockDifference = 3 * 3600
                return situation
            }(),
            service("404, to the list of images", "GET /v2/images", .answer(404), ["--match", "*"]),
            service("403, to the list of images", "GET /v2/images", .answer(403), ["--match", "*"]),
            service("500, to the list of images", "GET /v2/images", .answer(500), ["--match", "*"]),
            service(
                "another answer than a list",
                "GET /v2/images",
                .answer(200, body: "<html>hello</html>"),
                ["--match", "*"]
            ),
            service(
                "the same page of the list, again and again",
                "GET /v2/images",
                .answer(200, body: #"{"images": [{"id": "\#(Sample.id(1))"}], "next": "/v2/images"}"#),
                ["--match", "*"]
            ),
        ]

    static let computeStatuses: [Situation] =
        [200, 301, 401, 403, 404, 409, 429, 500].map {
            service("\($0)", servers, .answer($0), [Sample.id(1), "--unless-in-use"])
        } + [
            service(
                "a list of servers that does not end",
                servers,
                .answer(200, body: #"{"servers": [{"id": "1", "image": {"id": "\#(Sample.id(2))"}}]}"#),
                [Sample.id(1), "--unless-in-use"]
            ),
            Situation(
                when: "a server that does not say what it boots from",
                arguments: [Sample.id(1), "--unless-in-use"],
                fault: { request, _ in
                    guard request.line.hasPrefix(servers) else { return nil }
                    let isEnd = request.url.query?.contains("marker=") ?? false
                    let server = #"{"id": "1", "name": "web-1", "image": ""}"#
                    return .answer(200, body: #"{"servers": [\#(isEnd ? "" : server)]}"#)
                }
            ),
        ]

    /// To the list of volumes, where a server boots from one.
    static let volumeStatuses: [Situation] =
        ["403": .answer(403), "a volume that is not listed": .answer(200, body: #"{"volumes": []}"#)]
        .sorted { $0.key < $1.key }.map { (when: String, fault: FaultyTransport.Fault) in
            var situation = service(
                when,
                "GET /v3/70c77dc6bbfa40dbb5f00e6705972d6f/volumes/detail",
                fault,
                [Sample.id(1), "--unless-in-use"]
            )
            (situation.images[0].usedBy, situation.images[0].use) = ("web-1", .volume)
            return situation
        }

    /// Codes that mean the same share a row. The identity service has them in a 401 here, the others in a 400.
    static let codes: [Situation] = Hints.table.map { codes, _ in
        let first = codes.split(separator: " ").first ?? ""
        let (line, status) = first.hasPrefix("IAM") ? (signIn, 401) : (deletion, 400)
        let when = codes.split(separator: " ").map { "`\($0)`" }.joined(separator: ", ")
        return service(when, line, .answer(status, body: #"{"error_code": "\#(first)"}"#))
    }
}
