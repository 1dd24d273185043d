import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// The identity service's answer: header and body.
    static let tokens = FuzzTarget(
        "tokens",
        inputs: 100,
        samples: answers
    ) { input, generator in
        let usual = "gAAAAABk-not_to_be_seen"
        // A bad header does harm only beside a good body.
        let isHeader = generator.once(in: 3)
        let token =
            isHeader
            ? String(
                decoding: Mutation(of: [usual, "gAAAA\u{1B}[2J", "gAAAA\r\nHost: x"]).input(&generator),
                as: UTF8.self
            )
            : usual
        let body = isHeader ? Data(answers[0].utf8) : input
        let fixture = ServiceFixture(images: []) { request, _ in
            if request.url.path.hasSuffix("/auth/tokens") {
                return .bytes(201, headers: ["X-Subject-Token": token], body)
            }
            return .answer(200, body: #"{"images":[]}"#)
        }
        let service = try fixture.service(retries: 1)
        do {
            let session = try await service.signIn()
            try isAddress(session.endpoint, endingIn: "v2")
            let project = try await service.project()
            try isRead(project, session.endpoint, from: JSONTree(body))
            _ = try await service.images(ImageQuery(owner: project.id))
            try isSent(from: fixture, to: session.endpoint)
            return .accepted
        } catch let error as ImageDeletionError {
            try must(!"\(error)".contains(usual), "the error holds the token: \(error)")
            return .refused
        }
    }

    /// Nothing in an address can be meant for another host, or be read on the way.
    static func isAddress(_ url: URL, endingIn last: String) throws {
        let parts = URLComponents(url: url, resolvingAgainstBaseURL: false)
        let host = parts?.host?.lowercased() ?? ""
        let isHere = ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
        let scheme = parts?.scheme?.lowercased()
        try must(scheme == "https" || scheme == "http" && isHere, "a token would be sent to \(url) in the clear")
        try must(!host.isEmpty && !host.contains("@"), "\(url) has no host")
        try must(url.user == nil && url.password == nil, "\(url) names a user")
        try must(url.query == nil && url.fragment == nil, "\(url) has more than a path")
        try must(url.lastPathComponent == last, "\(url) does not end in \(last)")
    }

    private static func isRead(_ project: TokenProject, _ endpoint: URL, from json: JSONTree?) throws {
        guard let strings = json?.strings else { return }
        try must(strings.contains(project.id), "nobody has named the project \(project.id)")
        let host = (endpoint.host ?? "").lowercased()
        // A host's other letters and escapes are written in another way.
        let isPlain = strings.allSatisfy { text in !text.contains("%") && text.utf8.allSatisfy { $0 < 0x80 } }
        guard !host.contains("xn--"), isPlain else { return }
        try must(strings.contains { $0.lowercased().contains(host) }, "nobody has named the host \(host)")
    }

    private static func isSent(from fixture: ServiceFixture, to endpoint: URL) throws {
        for request in fixture.transport.requests where !request.url.path.hasSuffix("/auth/tokens") {
            let token = request.header("X-Auth-Token") ?? ""
            let isPlain = !token.isEmpty && token.unicodeScalars.allSatisfy { (0x21...0x7E).contains($0.value) }
            try must(isPlain, "a token is sent that no header can hold: \(token.debugDescription)")
            try must(request.url.host == endpoint.host, "the token is sent to \(request.url.host ?? "nobody")")
        }
    }

    private static let answers = [
        #"{"token":{"methods":["password"],"expires_at":"2026-11-19T11:06:40.000000Z","project":{"id":"70c77dc6bbfa40dbb5f00e6705972d6f","name":"ci","domain":{"id":"default","name":"Default"}},"catalog":[{"type":"image","name":"glance","endpoints":[{"region_id":"eu-demo","region":"eu-demo","interface":"public","url":"https://ims.demo.example"}]},{"type":"compute","endpoints":[]}]}}"#,
        #"{"token":{"expires_at":"2026-11-19T11:06:40Z","project":{"id":"p","name":"ci"},"catalog":[{"type":"image","endpoints":[{"region":"*","url":"http://127.0.0.1:9292/v2/"},{"interface":"internal","url":"http://10.0.0.1"}]}]}}"#,
        #"{"token":{"expires_at":"2026-11-19T11:06:40Z","project":{"id":"p"},"catalog":[{"type":"image","endpoints":[{"url":"http://10.0.0.1:9292"}]}]}}"#,
        #"{"token":{"expires_at":"2026-11-19T11:06:40Z","catalog":null,"project":{"id":"p"}}}"#,
        #"{"error":{"code":401,"message":"no"}}"#,
    ]
}
