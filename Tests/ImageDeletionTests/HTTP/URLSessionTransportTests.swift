import Foundation
import ImageDeletion
import TestSupport
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The real transport against a server that does what no HTTP library would.
@Suite("URLSession transport", .timeLimit(.minutes(1)))
struct URLSessionTransportTests {
    private func send(
        _ method: String = "DELETE",
        with transport: URLSessionTransport = URLSessionTransport(),
        to answer: @escaping @Sendable (LoopbackServer.Request) async -> LoopbackServer.Reply
    ) async throws -> (Data, HTTPURLResponse) {
        let server = try LoopbackServer(answer: answer)
        defer { server.stop() }
        var request = URLRequest(url: URL(string: "http://127.0.0.1:\(server.port)/v2/images/x")!)
        request.httpMethod = method
        request.setValue("secret-token", forHTTPHeaderField: "X-Auth-Token")
        return try await transport.send(request)
    }

    @Test("An empty 204 and a body come through")
    func plain() async throws {
        let (empty, done) = try await send { _ in .answer(204) }
        #expect(done.statusCode == 204)
        #expect(empty.isEmpty)
        let (body, found) = try await send("GET") { _ in .answer(200, headers: ["X-A": "b"], body: Data("{}".utf8)) }
        #expect(body == Data("{}".utf8))
        #expect(found.value(forHTTPHeaderField: "x-a") == "b")
    }

    @Test("A redirect to another host is not followed; that host gets nothing", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let other = Locked<[LoopbackServer.Request]>([])
        let otherHost = try LoopbackServer { request in
            other.withLock { $0.append(request) }
            return .answer(204)
        }
        defer { otherHost.stop() }
        let (_, response) = try await send { _ in
            .answer(status, headers: ["Location": "http://localhost:\(otherHost.port)/v2/images/x"])
        }
        #expect(response.statusCode == status)
        #expect(other.value.isEmpty)
    }

    @Test(
        "A challenge is answered by nobody and ends at once",
        arguments: [
            "Basic realm=\"x\"", "Digest realm=\"x\", nonce=\"1\"", "Keystone uri=\"http://127.0.0.1\"", "Negotiate",
        ]
    )
    func challenge(scheme: String) async throws {
        let requests = Locked(0)
        let (body, response) = try await send { _ in
            requests.withLock { $0 += 1 }
            return .answer(401, headers: ["WWW-Authenticate": scheme], body: Data("no".utf8))
        }
        #expect(response.statusCode == 401)
        #expect(body == Data("no".utf8))
        #expect(requests.value == 1)
    }

    @Test("No cookie is kept")
    func cookies() async throws {
        let transport = URLSessionTransport()
        let seen = Locked<[String?]>([])
        let server = try LoopbackServer { request in
            seen.withLock { $0.append(request.headers["cookie"]) }
            return .answer(200, headers: ["Set-Cookie": "session=1; Path=/"])
        }
        defer { server.stop() }
        let request = URLRequest(url: URL(string: "http://127.0.0.1:\(server.port)/")!)
        _ = try await transport.send(request)
        _ = try await transport.send(request)
        #expect(seen.value == [nil, nil])
    }

    @Test("A token of 64 KB passes both ways")
    func longToken() async throws {
        let token = String(repeating: "t", count: 65_536)
        let server = try LoopbackServer { request in
            .answer(request.headers["x-auth-token"] == token ? 201 : 400, headers: ["X-Subject-Token": token])
        }
        defer { server.stop() }
        var request = URLRequest(url: URL(string: "http://127.0.0.1:\(server.port)/")!)
        request.setValue(token, forHTTPHeaderField: "X-Auth-Token")
        let (_, response) = try await URLSessionTransport().send(request)
        #expect(response.statusCode == 201)
        #expect(response.value(forHTTPHeaderField: "X-Subject-Token") == token)
    }

    enum Flood: String, CaseIterable {
        case chunked = "Transfer-Encoding: chunked"
        case counted = "Content-Length: 9999999999999"
        case uncounted = "Connection: close"
        case challenge = "WWW-Authenticate: Basic realm=\"x\"\r\nTransfer-Encoding: chunked"

        var reply: LoopbackServer.Reply {
            let block = String(repeating: "x", count: 0x10000)
            let isChunked = self == .chunked || self == .challenge
            return .drip(
                Data("HTTP/1.1 \(self == .challenge ? 401 : 200) Status\r\n\(rawValue)\r\n\r\n".utf8),
                every: 0,
                again: Data((isChunked ? "10000\r\n\(block)\r\n" : block).utf8)
            )
        }
    }

    @Test(
        "An endless body is cut off, at whatever speed it comes, and the next request finds its way",
        arguments: Flood.allCases
    )
    func endless(flood: Flood) async throws {
        let transport = URLSessionTransport(maximumBodyBytes: 1 << 20)
        let server = try LoopbackServer { _ in flood.reply }
        defer { server.stop() }
        let url = URL(string: "http://127.0.0.1:\(server.port)/")!
        let error = await #expect(throws: TransportError.self) { _ = try await transport.send(URLRequest(url: url)) }
        #expect(error?.kind == .oversizedAnswer)
        #expect(try await send(with: transport) { _ in .answer(204) }.1.statusCode == 204)
    }

    @Test("A server that is not there: nothing was sent")
    func unreachable() async throws {
        let url = URL(string: "http://127.0.0.1:\(try LoopbackServer.closedPort())/")!
        let error = await #expect(throws: TransportError.self) {
            _ = try await URLSessionTransport().send(URLRequest(url: url))
        }
        #expect(error?.kind == .unreachable)
    }

    enum Breakage: CaseIterable {
        case reset, closed, garbage, truncated

        var reply: LoopbackServer.Reply {
            switch self {
            case .reset: .reset
            case .closed: .bytes(Data())
            case .garbage: .bytes(Data("\u{0}\u{1}garbage\r\n\r\n".utf8))
            case .truncated: .bytes(Data("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc".utf8))
            }
        }
    }

    @Test("A broken answer may follow a deed", arguments: Breakage.allCases)
    func broken(breakage: Breakage) async throws {
        let error = await #expect(throws: TransportError.self) { _ = try await send { _ in breakage.reply } }
        #expect(error?.kind == .connectionLost)
    }

    /// A service whose identity service is the demo cloud's and whose image service is `answer`'s.
    private func deletion(
        timeout: Duration,
        answer: @escaping @Sendable () async -> LoopbackServer.Reply
    ) async throws -> Outcome {
        let cloud = try LoopbackCloud { request, _ in request.method == "DELETE" ? await answer() : nil }
        let service = try ImageService(
            environment: cloud.environment,
            connection: ServiceConnection(retry: RetryPolicy(retries: 0), timeout: timeout)
        )
        let plan = DeletionPlan(deleting: [try ImageID(Sample.id(1))])
        return try #require(await service.deleter(for: plan).carryOut().first)
    }

    @Test("A dripping answer ends at the deadline, however much comes")
    func dripping() async throws {
        let head = Data("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".utf8)
        let outcome = try await deletion(timeout: .seconds(1)) { .drip(head, every: 0.05, again: Data("x".utf8)) }
        #expect(outcome.result == .failed)
        guard case .service(let error)? = outcome.error else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .timedOut)
        #expect(error.mayHaveActed)
    }

    @Test("So does silence")
    func silence() async throws {
        let outcome = try await deletion(timeout: .seconds(1)) { .drip(Data(), every: 3600, again: Data()) }
        guard case .service(let error)? = outcome.error else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .timedOut)
    }

    @Test("A cancelled request ends at once")
    func cancelled() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await send { _ in
                arrived.yield()
                return .drip(Data(), every: 3600, again: Data())
            }
        }
        for await _ in arrivals { break }
        task.cancel()
        let error = await #expect(throws: TransportError.self) { _ = try await task.value }
        #expect(error?.kind == .cancelled)
    }

    @Test("Connections are used again")
    func keepAlive() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(20))
        let service = try ImageService(environment: cloud.environment)
        let ids = try (1...20).map { try ImageID(Sample.id($0)) }
        let deleter = service.deleter(for: DeletionPlan(deleting: ids), options: .init(concurrency: 2))
        let outcomes = await deleter.carryOut()
        #expect(outcomes.allSatisfy { $0.result == .deleted })
        #expect(cloud.requests.count == 21)
        #expect(cloud.connections <= 3)
    }
}
