public import Foundation
public import ImageDeletion

/// A request as it was sent.
public struct SentRequest: Sendable {
    public var method: String
    public var url: URL
    public var headers: [String: String]
    public var body: Data

    /// `request`, taken apart.
    public init(_ request: HTTPRequest) {
        method = request.method
        url = request.url
        headers = Dictionary(request.headers.fields.map { ($0.name, $0.value) }) { first, _ in first }
        body = request.body ?? Data()
    }

    /// "DELETE /v2/images/…"
    public var line: String { "\(method) \(url.path)" }

    public func header(_ name: String) -> String? { headers[name] }
}

/// A transport that a test puts before another one, to see what is sent and to spoil it.
public final class FaultyTransport: HTTPTransport {
    /// What happens to a request.
    public enum Fault: Sendable {
        /// The server never sees it; this is the answer.
        case answer(Int, headers: [String: String] = [:], body: String = "")
        /// The same, with a body that need not be text.
        case bytes(Int, headers: [String: String] = [:], Data)
        /// The server never sees it; this is the error.
        case error(any Error)
        /// The server does what it is asked, and its answer gets lost.
        case lostAnswer(TransportError.Kind)
        /// The server does what it is asked, and another answer comes in the place of its own.
        case replacedAnswer(Int)
        /// Nothing ever comes.
        case silence
    }

    private let server: any HTTPTransport
    private let fault: @Sendable (SentRequest, Int) async -> Fault?
    private let log = Locked<[SentRequest]>([])
    private let tokens = Locked<Set<String>>([])

    /// - Parameter fault: Asked with each request and how many with its method came before; nil lets it through.
    public init(
        _ server: any HTTPTransport,
        fault: @escaping @Sendable (SentRequest, Int) async -> Fault? = { _, _ in nil }
    ) {
        self.server = server
        self.fault = fault
    }

    /// What was sent so far.
    public var requests: [SentRequest] { log.value }

    /// The tokens that the server has issued so far, in responses that were let through.
    public var issuedTokens: Set<String> { tokens.value }

    /// How many requests with `method` were sent so far.
    public func count(_ method: String) -> Int { requests.count { $0.method == method } }

    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        // As any transport: what was given up before it began is not sent.
        if Task.isCancelled { throw TransportError(.cancelled, "cancelled") }
        let sent = SentRequest(request)
        let earlier = log.withLock { log in
            defer { log.append(sent) }
            return log.count { $0.method == sent.method }
        }
        switch await fault(sent, earlier) {
        case nil:
            let response = try await server.send(request)
            if let token = response.headers["X-Subject-Token"] { tokens.withLock { _ = $0.insert(token) } }
            return response
        case .answer(let status, let headers, let body):
            return HTTPResponse(status: status, headers: HTTPHeaders(headers), body: Data(body.utf8))
        case .bytes(let status, let headers, let body):
            return HTTPResponse(status: status, headers: HTTPHeaders(headers), body: body)
        case .error(let error): throw error
        case .lostAnswer(let kind):
            _ = try await server.send(request)
            throw TransportError(kind, "lost on the way")
        case .replacedAnswer(let status):
            _ = try await server.send(request)
            return HTTPResponse(status: status)
        case .silence:
            try await Task.sleep(for: .seconds(3600))
            throw TransportError(.connectionLost, "nothing came for an hour")
        }
    }
}

extension HTTPHeaders {
    /// Headers in no particular order.
    public init(_ fields: [String: String]) { self.init(fields.map { Field(name: $0, value: $1) }) }
}
