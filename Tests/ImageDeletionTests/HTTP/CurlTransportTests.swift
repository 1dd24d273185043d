import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// The real transport against a server that does what no HTTP library would.
@Suite("libcurl transport", .timeLimit(.minutes(10)))
struct CurlTransportTests {
    private func send(
        _ method: String = "DELETE",
        with transport: CurlTransport? = nil,
        to answer: @escaping @Sendable (LoopbackServer.Request) async -> LoopbackServer.Reply
    ) async throws -> HTTPResponse {
        let server = try LoopbackServer(answer: answer)
        defer { server.stop() }
        let request = HTTPRequest(method: method, url: server.url, headers: ["X-Auth-Token": "secret-token"])
        return try await (transport ?? CurlTransport()).send(request)
    }

    @Test("Receives an empty 204 and a body")
    func plain() async throws {
        #expect(try await send { _ in .answer(204) } == HTTPResponse(status: 204))
        let found = try await send("GET") { _ in .answer(200, headers: ["X-A": "b"], body: Data("{}".utf8)) }
        #expect(found.body == Data("{}".utf8))
        #expect(found.headers["x-a"] == "b")
    }

    @Test("Sends a request unchanged")
    func asItIs() async throws {
        let seen = Locked<[LoopbackServer.Request]>([])
        let server = try LoopbackServer { request in
            seen.withLock { $0.append(request) }
            return .answer(204)
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        let url = URL(string: "\(server.url)/a/../b%20c?d=e%2Ff")!
        _ = try await transport.send(HTTPRequest(method: "DELETE", url: url))
        _ = try await transport.send(
            HTTPRequest(method: "POST", url: url, headers: ["X-A": "", "X-B": "ü"], body: Data([0, 1, 0]))
        )
        _ = try await transport.send(HTTPRequest(method: "PUT", url: url, body: Data()))
        #expect(seen.value.map(\.method) == ["DELETE", "POST", "PUT"])
        #expect(seen.value.allSatisfy { $0.path == "/v2/images/x/a/../b%20c?d=e%2Ff" })
        #expect(
            seen.value.map { Set($0.headers.keys).subtracting(["host", "accept-encoding"]) } == [
                [], ["content-length", "x-a", "x-b"], ["content-length"],
            ]
        )
        #expect(seen.value[1].headers["x-b"] == "ü")
        #expect(seen.value.map(\.body) == [Data(), Data([0, 1, 0]), Data()])
    }

    @Test("Returns the headers of the final head, in order, without trailers")
    func headers() async throws {
        let bytes = """
            HTTP/1.1 103 Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:2  \r\nX-B: c\r\n\td\r\nTransfer-Encoding: \
            chunked\r\n\r\n0\r\nX-Subject-Token: late\r\n\r\n
            """
        let response = try await send { _ in .bytes(Data(bytes.utf8)) }
        let fields = response.headers.fields.map { "\($0.name)=\($0.value)" }
        #expect(fields == ["X-A=1", "x-a=2", "X-B=c d", "Transfer-Encoding=chunked"])
    }

    @Test("Sends nothing to another host after a redirect", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let other = Locked<[LoopbackServer.Request]>([])
        let otherHost = try LoopbackServer { request in
            other.withLock { $0.append(request) }
            return .answer(204)
        }
        defer { otherHost.stop() }
        let response = try await send { _ in
            .answer(status, headers: ["Location": "http://localhost:\(otherHost.port)/v2/images/x"])
        }
        #expect(response.status == status)
        #expect(other.value.isEmpty)
    }

    @Test(
        "Does not respond to an authentication challenge",
        arguments: [
            "Basic realm=\"x\"", "Digest realm=\"x\", nonce=\"1\"", "Keystone uri=\"http://127.0.0.1\"", "Negotiate",
        ]
    )
    func challenge(scheme: String) async throws {
        let requests = Locked(0)
        let response = try await send { _ in
            requests.withLock { $0 += 1 }
            return .answer(401, headers: ["WWW-Authenticate": scheme], body: Data("no".utf8))
        }
        #expect(response.status == 401)
        #expect(response.body == Data("no".utf8))
        #expect(requests.value == 1)
    }

    /// A service at `address`, of which nothing but its image service is known.
    private func service(at address: String, retries: Int, timeout: Duration = .seconds(30)) throws -> ImageService {
        try ImageService(
            environment: ["OS_TOKEN": "token", "OS_IMAGE_ENDPOINT_OVERRIDE": address],
            connection: ServiceConnection(retry: RetryPolicy(retries: retries), timeout: timeout)
        )
    }

    @Test("Reports that nothing was sent when the time limit ends before the connection")
    func slowHandshake() async throws {
        // It waits for the end of a request that never comes: the client greets it in TLS.
        let server = try LoopbackServer { _ in .answer(204) }
        defer { server.stop() }
        let service = try service(
            at: "https://127.0.0.1:\(server.port)",
            retries: 0,
            timeout: .milliseconds(300)
        )
        do {
            try await service.delete(imageWithID: Sample.id(1))
            Issue.record("no error")
        } catch {
            let error = try #require(error.serviceError)
            #expect(error.kind == .unreachable)
            #expect(!error.mayHaveActed)
            #expect(error.message == "no connection within 0.3 s")
        }
    }

    @Test("Keeps no cookie")
    func cookies() async throws {
        let transport = try CurlTransport()
        let seen = Locked<[String?]>([])
        let server = try LoopbackServer { request in
            seen.withLock { $0.append(request.headers["cookie"]) }
            return .answer(200, headers: ["Set-Cookie": "session=1; Path=/"])
        }
        defer { server.stop() }
        let request = HTTPRequest(url: server.url)
        _ = try await transport.send(request)
        _ = try await transport.send(request)
        #expect(seen.value == [nil, nil])
    }

    @Test("Sends and receives a token of 64 KB")
    func longToken() async throws {
        let token = String(repeating: "t", count: 65_536)
        let server = try LoopbackServer { request in
            .answer(request.headers["x-auth-token"] == token ? 201 : 400, headers: ["X-Subject-Token": token])
        }
        defer { server.stop() }
        let request = HTTPRequest(url: server.url, headers: ["X-Auth-Token": token])
        let response = try await CurlTransport().send(request)
        #expect(response.status == 201)
        #expect(response.headers["X-Subject-Token"] == token)
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
        "Stops an endless body and sends the next request",
        arguments: Flood.allCases
    )
    func endless(flood: Flood) async throws {
        let transport = try CurlTransport(maximumBodyBytes: 1 << 20)
        let server = try LoopbackServer { _ in flood.reply }
        defer { server.stop() }
        let error = await #expect(throws: TransportError.self) {
            _ = try await transport.send(HTTPRequest(url: server.url))
        }
        #expect(error?.kind == .oversizedAnswer)
        #expect(try await send(with: transport) { _ in .answer(204) }.status == 204)
    }

    @Test("Reports that nothing was sent to an unreachable server")
    func unreachable() async throws {
        let url = URL(string: "http://127.0.0.1:\(try LoopbackServer.closedPort())/")!
        let error = await #expect(throws: TransportError.self) {
            _ = try await CurlTransport().send(HTTPRequest(url: url))
        }
        #expect(error?.kind == .unreachable)
    }

    @Test("Reports a possible effect when a response breaks off at any byte")
    func brokenAnywhere() async throws {
        let whole = Data("HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n".utf8)
        // Whole but for the last line feed, which says nothing more.
        let body = Data("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r".utf8)
        let transport = try CurlTransport()
        for bytes in [whole, body] {
            for count in 0..<bytes.count {
                let error = await #expect(throws: TransportError.self, "\(count) bytes") {
                    _ = try await send(with: transport) { _ in .bytes(bytes.prefix(count)) }
                }
                #expect(error?.kind == .connectionLost)
            }
        }
    }

    static let breakages: [(String, TransportError.Kind)] = [
        ("\u{0}\u{1}garbage\r\n\r\n", .connectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc", .connectionLost),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n0\r\n\r\n", .connectionLost),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", .connectionLost),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nabc\r\n0\r\n\r\n", .connectionLost),
        ("HTTP/1.1 200 OK\r\n" + String(repeating: "X-A: b\r\n", count: 200_000) + "\r\n", .oversizedAnswer),
        (String(repeating: "HTTP/1.1 103 Hints\r\nX-A: b\r\n\r\n", count: 200_000), .oversizedAnswer),
        ("HTTP/1.1 200 OK\r\nX-A: " + String(repeating: "b", count: 1 << 20) + "\r\n\r\n", .oversizedAnswer),
    ]

    @Test("Reports a possible effect when a response is malformed", arguments: breakages.indices)
    func broken(index: Int) async throws {
        let (bytes, kind) = Self.breakages[index]
        let error = await #expect(throws: TransportError.self) {
            _ = try await send { _ in .bytes(Data(bytes.utf8)) }
        }
        #expect(error?.kind == kind, "\(String(describing: error))")
    }

    @Test("Reports a possible effect when the connection is reset")
    func reset() async throws {
        let error = await #expect(throws: TransportError.self) { _ = try await send { _ in .reset } }
        #expect(error?.kind == .connectionLost)
    }

    @Test("Reports a server without TLS, to which nothing was sent")
    func plainPort() async throws {
        let server = try LoopbackServer(greeting: .bytes(Data("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)))
        defer { server.stop() }
        let url = URL(string: "https://127.0.0.1:\(server.port)/")!
        let error = await #expect(throws: TransportError.self) {
            _ = try await CurlTransport().send(HTTPRequest(url: url))
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.description.hasPrefix("the server does not speak TLS on this port") == true)
    }

    @Test(
        "Rejects an invalid request before sending it",
        arguments: [
            "ftp://127.0.0.1/", "http:///x", "http://me@127.0.0.1/", "http://me:secret@127.0.0.1/",
            "http://127.0.0.1/#x", "http://b%C3%BCcher.example/", "http://127.0.0.1:99999/", "file:///etc/passwd",
        ]
    )
    func badAddress(text: String) async throws {
        let url = try #require(URL(string: text))
        let error = await #expect(throws: TransportError.self) {
            _ = try await CurlTransport().send(HTTPRequest(url: url))
        }
        #expect(error?.kind == .invalidRequest)
    }

    @Test(
        "Rejects a header or a method that would begin another",
        arguments: [
            ("GET", "X-A", "a\r\nX-Evil: b"), ("GET", "X-A", "a\nb"), ("GET", "X-A", "a\rb"), ("GET", "X-A", "a\0b"),
            ("GET", "X-A", "a\u{7F}b"), ("GET", "X-A: b\r\nX-B", "a"), ("GET", "X A", "a"), ("GET", "", "a"),
            ("GET / HTTP/1.1\r\nX-A: b\r\n\r\nGET", "X-A", "a"), ("", "X-A", "a"),
        ]
    )
    func badHeader(method: String, name: String, value: String) async throws {
        let server = try LoopbackServer { _ in .answer(204) }
        defer { server.stop() }
        let request = HTTPRequest(method: method, url: server.url, headers: HTTPHeaders([name: value]))
        let error = await #expect(throws: TransportError.self) { _ = try await CurlTransport().send(request) }
        #expect(error?.kind == .invalidRequest)
        #expect(server.connectionCount == 0)
    }

    @Test("Connects to an IPv6 literal, a name in uppercase, and a URL of 64 KB")
    func addresses() async throws {
        let capitals = try LoopbackServer { request in .answer(200, body: Data("\(request.path.utf8.count)".utf8)) }
        defer { capitals.stop() }
        let long = "/" + String(repeating: "x", count: 65_535)
        let url = try #require(URL(string: "HTTP://LOCALHOST:\(capitals.port)\(long)"))
        #expect(try await CurlTransport().send(HTTPRequest(url: url)).body == Data("65536".utf8))
        // A machine may have no IPv6.
        guard let server = try? LoopbackServer(isIPv6: true, answer: { _ in .answer(204) }) else { return }
        defer { server.stop() }
        for host in ["[::1]", "[0:0:0:0:0:0:0:1]"] {
            let url = try #require(URL(string: "http://\(host):\(server.port)/"))
            #expect(try await CurlTransport().send(HTTPRequest(url: url)).status == 204)
        }
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

    @Test("Supports fractional time limits and names the limit in the message")
    func fraction() async throws {
        let outcome = try await deletion(timeout: .milliseconds(250)) { .drip(Data(), every: 3600, again: Data()) }
        guard let error = outcome.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .timedOut)
        #expect(error.message == "no complete response within 0.25 s")
    }

    @Test("Ends a slow response at the time limit")
    func dripping() async throws {
        let head = Data("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".utf8)
        let outcome = try await deletion(timeout: .seconds(1)) { .drip(head, every: 0.05, again: Data("x".utf8)) }
        #expect(outcome.result == .failed)
        guard let error = outcome.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .timedOut)
        #expect(error.mayHaveActed)
    }

    @Test("Ends without a response at the time limit")
    func silence() async throws {
        let outcome = try await deletion(timeout: .seconds(1)) { .drip(Data(), every: 3600, again: Data()) }
        guard let error = outcome.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .timedOut)
    }

    @Test("Ends a canceled request at once")
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

    @Test("Reuses connections")
    func keepAlive() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(20))
        let service = try ImageService(environment: cloud.environment)
        let ids = try (1...20).map { try ImageID(Sample.id($0)) }
        let deleter = service.deleter(for: DeletionPlan(deleting: ids), options: .test(concurrency: 2))
        let outcomes = await deleter.carryOut()
        #expect(outcomes.allSatisfy { $0.result == .deleted })
        #expect(cloud.requests.count == 21)
        #expect(cloud.connections <= 3)
    }

    @Test("Closes its connections when released")
    func gone() async throws {
        let server = try LoopbackServer { _ in .answer(204) }
        defer { server.stop() }
        var transport: CurlTransport? = try CurlTransport()
        _ = try await transport?.send(HTTPRequest(url: server.url))
        #expect(server.openConnectionCount == 1)
        transport = nil
        while server.openConnectionCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("Ends requests that are canceled at any time, and completes the others")
    func storm() async throws {
        let server = try LoopbackServer { request in .answer(200, body: Data(request.path.utf8)) }
        defer { server.stop() }
        let transport = try CurlTransport()
        try await withThrowingTaskGroup { group in
            for number in 0..<300 {
                let request = HTTPRequest(url: server.url.appendingPathComponent("\(number)"))
                let task = Task { try await transport.send(request) }
                if number.isMultiple(of: 3) { task.cancel() }
                group.addTask {
                    if number % 3 == 1 {
                        try await Task.sleep(for: .microseconds(number * 10))
                        task.cancel()
                    }
                    switch await task.result {
                    case .success(let response): #expect(response.body == Data(request.url.path.utf8))
                    case .failure(let error):
                        #expect(
                            [.cancelled, .unreachable].contains((error as? TransportError)?.kind) && number % 3 < 2
                        )
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("Sends a request at most twice when a reused connection closes")
    func resent() async throws {
        let place = Locked<DemoCloud?>(nil)
        let cloud = try LoopbackCloud(images: Sample.images(2)) { request, earlier in
            guard request.method == "DELETE", earlier == 1 else { return nil }
            await place.value?.remove(Sample.id(2))
            return .bytes(Data())
        }
        place.withLock { $0 = cloud.cloud }
        let service = try ImageService(
            environment: cloud.environment,
            connection: ServiceConnection(retry: RetryPolicy(retries: 1, random: { 0 }))
        )
        let plan = DeletionPlan(deleting: [try ImageID(Sample.id(1)), try ImageID(Sample.id(2))])
        let outcomes = await service.deleter(for: plan, options: .test(concurrency: 1)).carryOut()
        #expect(outcomes.map(\.result) == [.deleted, .deleted])
        #expect(outcomes.map(\.attempts) == [1, 2])
        #expect(cloud.requests.count { $0.method == "DELETE" } == 3)
    }
}
