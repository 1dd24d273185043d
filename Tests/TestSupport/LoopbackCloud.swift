public import Foundation
import ImageDeletion
public import ImageDeletionDemo

/// The demo cloud behind real sockets, for the built executable. It keeps a list of what it was asked.
public final class LoopbackCloud: Sendable {
    public let cloud: DemoCloud
    private let server: LoopbackServer
    private let log: Locked<[LoopbackServer.Request]>

    /// - Parameters:
    ///   - port: The port to listen at; 0 for any free one.
    ///   - fault: Asked first, with the request and how many of its kind came before; nil lets the cloud answer.
    public init(
        images: [DemoImage] = [],
        tokenLifetime: TimeInterval = 24 * 60 * 60,
        longestPage: Int = 1000,
        port: UInt16 = 0,
        fault: @escaping @Sendable (LoopbackServer.Request, Int) async -> LoopbackServer.Reply? = { _, _ in nil }
    ) throws {
        let log = Locked<[LoopbackServer.Request]>([])
        let place = Locked<DemoCloud?>(nil)
        let server = try LoopbackServer(port: port) { request in
            let earlier = log.withLock { log in
                defer { log.append(request) }
                return log.count { $0.method == request.method }
            }
            if let reply = await fault(request, earlier) { return reply }
            guard let cloud = place.value else { return .reset }
            return await cloud.answer(to: request)
        }
        let cloud = DemoCloud(
            identityURL: URL(string: "http://127.0.0.1:\(server.port)/identity/v3")!,
            imageURL: URL(string: "http://127.0.0.1:\(server.port)/image")!,
            computeURL: URL(string: "http://127.0.0.1:\(server.port)/compute/v2.1/\(DemoImage.projectID)")!,
            volumeURL: URL(string: "http://127.0.0.1:\(server.port)/volume/v3/\(DemoImage.projectID)")!,
            images: images,
            tokenLifetime: tokenLifetime,
            longestPage: longestPage
        )
        place.withLock { $0 = cloud }
        self.cloud = cloud
        self.server = server
        self.log = log
    }

    deinit { server.stop() }

    /// The variables that sign in to it.
    public var environment: [String: String] { cloud.environment }

    /// How many connections to it are open now.
    public var openConnections: Int { server.openConnectionCount }
    /// How many connections were made to it so far.
    public var connections: Int { server.connectionCount }

    /// What it was asked so far.
    public var requests: [LoopbackServer.Request] { log.value }

    /// What it was asked, as "DELETE /image/v2/images/…".
    public var requestLines: [String] { requests.map { "\($0.method) \($0.path)" } }
}

extension DemoCloud {
    /// The answer to a request that came over a socket.
    public func answer(to request: LoopbackServer.Request) async -> LoopbackServer.Reply {
        guard let url = URL(string: request.path, relativeTo: identityURL)?.absoluteURL else { return .reset }
        let sent = HTTPRequest(
            method: request.method,
            url: url,
            headers: HTTPHeaders(request.headers),
            body: request.body
        )
        guard let response = try? await send(sent) else { return .reset }
        let headers = response.headers.fields.map { ($0.name, $0.value) }
        return .answer(response.status, headers: Dictionary(headers) { $1 }, body: response.body)
    }
}
