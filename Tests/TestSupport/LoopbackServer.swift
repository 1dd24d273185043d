public import Foundation

/// A small HTTP/1.1 server on a loopback port, which also does what no HTTP library would.
///
/// It reads and writes sockets directly, a thread a connection, so that a test decides about every byte.
public final class LoopbackServer: Sendable {
    /// A request as it came.
    public struct Request: Sendable {
        public var method: String
        public var path: String
        /// The fields, their names in lower case.
        public var headers: [String: String]
        public var body: Data
    }

    /// What the client gets.
    public enum Reply: Sendable {
        /// An ordinary answer; the connection stays open.
        case answer(Int, headers: [String: String] = [:], body: Data = Data())
        /// These bytes, then the end of the connection.
        case bytes(Data)
        /// These bytes, then no more, while the server's other ear stays open.
        case halfClosed(Data)
        /// These bytes again and again, with a pause between, until the client has enough or the server stops.
        case drip(Data, every: TimeInterval, again: Data)
        /// A reset connection.
        case reset
        /// Passes everything on to the server at this port, and so many bytes of what that says; then the end.
        case relay(to: UInt16, limit: Int)

        /// An ordinary answer with this JSON.
        public static func json(_ object: [String: Any]) -> Reply {
            .answer(
                200,
                headers: ["Content-Type": "application/json"],
                body: (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
            )
        }
    }

    public let port: UInt16
    private let listener: Int32
    private let answer: @Sendable (Request) async -> Reply
    /// The reply to the first bytes of a connection, if they need not be a request.
    private let greeting: Reply?
    private let connections = Locked<Set<Int32>>([])
    private let accepted = Locked(0)
    private let listenerIsClosed = DispatchSemaphore(value: 0)

    /// How many connections are open now.
    public var openConnectionCount: Int { connections.value.count }
    /// How many connections were made so far.
    public var connectionCount: Int { accepted.value }

    /// Where an image would be.
    public var url: URL { URL(string: "http://127.0.0.1:\(port)/v2/images/x")! }

    /// Listens at once, on `port` or, for 0, on one that is free.
    public convenience init(
        port: UInt16 = 0,
        isIPv6: Bool = false,
        answer: @escaping @Sendable (Request) async -> Reply
    ) throws {
        try self.init(port: port, isIPv6: isIPv6, greeting: nil, answer: answer)
    }

    /// A server that replies to whatever comes first.
    public convenience init(greeting: Reply) throws {
        try self.init(port: 0, isIPv6: false, greeting: greeting, answer: { _ in .reset })
    }

    private init(
        port wanted: UInt16,
        isIPv6: Bool,
        greeting: Reply?,
        answer: @escaping @Sendable (Request) async -> Reply
    ) throws {
        self.answer = answer
        self.greeting = greeting
        (listener, port) = try Self.bound(to: wanted, isIPv6: isIPv6)
        guard listen(listener, 128) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        Thread.detachNewThread { self.accept() }
    }

    /// A port at which nobody listens, and nobody else will as long as this process lives: its socket is never closed.
    public static func closedPort() throws -> UInt16 { try bound(to: 0).port }

    /// The last port that ``freePort()`` returned.
    private static let lastPort = Locked(UInt16.random(in: 10_000..<20_000))

    /// A free port for a server that another program starts. It is below those that the system gives out by itself, so that
    /// no other test can get it before that server does.
    public static func freePort() -> UInt16 {
        while true {
            let port = lastPort.withLock { port in
                port += 1
                return port
            }
            guard let (socket, _) = try? bound(to: port) else { continue }
            close(socket)
            return port
        }
    }

    /// Whether somebody listens at `port`.
    public static func isListening(at port: UInt16) -> Bool {
        guard let connection = try? connected(to: port) else { return false }
        close(connection)
        return true
    }

    private static func bound(to wanted: UInt16, isIPv6: Bool = false) throws -> (socket: Int32, port: UInt16) {
        #if os(Linux)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        let socket = socket(isIPv6 ? AF_INET6 : AF_INET, stream, 0)
        var isReused: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout.size(ofValue: isReused)))
        var address4 = sockaddr_in()
        address4.sin_family = sa_family_t(AF_INET)
        address4.sin_port = wanted.bigEndian
        address4.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var address6 = sockaddr_in6()
        address6.sin6_family = sa_family_t(AF_INET6)
        address6.sin6_port = wanted.bigEndian
        address6.sin6_addr = in6addr_loopback
        func bind<Address>(_ address: inout Address) -> Bool {
            var length = socklen_t(MemoryLayout<Address>.size)
            return withUnsafeMutableBytes(of: &address) {
                let address = $0.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                return Foundation.bind(socket, address, length) == 0 && getsockname(socket, address, &length) == 0
            }
        }
        let isBound = isIPv6 ? bind(&address6) : bind(&address4)
        guard isBound else {
            close(socket)
            throw POSIXError(.EADDRNOTAVAIL)
        }
        return (socket, UInt16(bigEndian: isIPv6 ? address6.sin6_port : address4.sin_port))
    }

    /// A connection to a server on loopback.
    static func connected(to port: UInt16) throws -> Int32 {
        #if os(Linux)
            let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let connection = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafeBytes(of: &address) {
            connect(connection, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count)) == 0
        }
        guard isConnected else {
            close(connection)
            throw POSIXError(.ECONNREFUSED)
        }
        return connection
    }

    /// Ends all connections and stops listening. After that, the port is free for another server.
    public func stop() {
        // The accepting thread closes it: closed here, its number could already be another server's there.
        shutdown(listener, Int32(SHUT_RDWR))
        #if !os(Linux)
            close(listener)
        #endif
        listenerIsClosed.wait()
        listenerIsClosed.signal()
        for connection in connections.value { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    private func accept() {
        while true {
            #if os(Linux)
                let connection = Glibc.accept(listener, nil, nil)
            #else
                let connection = Darwin.accept(listener, nil, nil)
            #endif
            guard connection >= 0 else {
                #if os(Linux)
                    close(listener)
                #endif
                listenerIsClosed.signal()
                return
            }
            connections.withLock { _ = $0.insert(connection) }
            accepted.withLock { $0 += 1 }
            Thread.detachNewThread {
                self.serve(connection)
                self.connections.withLock { _ = $0.remove(connection) }
                close(connection)
            }
        }
    }

    private func serve(_ connection: Int32) {
        var buffer = Data()
        if let greeting {
            if Self.receive(connection, &buffer) { _ = Self.reply(greeting, to: connection, &buffer) }
            return
        }
        while let request = Self.readRequest(connection, &buffer) {
            guard Self.reply(waitFor({ await self.answer(request) }), to: connection, &buffer) else { return }
        }
    }

    /// Returns whether the connection stays open.
    private static func reply(_ reply: Reply, to connection: Int32, _ buffer: inout Data) -> Bool {
        switch reply {
        case .answer(let status, let headers, let body):
            var fields = headers
            if status != 204 { fields["Content-Length"] = "\(body.count)" }
            let head = "HTTP/1.1 \(status) Status\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
            return send(Data(head.utf8) + body, to: connection)
        case .bytes(let bytes):
            _ = send(bytes, to: connection)
        case .halfClosed(let bytes):
            guard send(bytes, to: connection) else { return false }
            shutdown(connection, Int32(SHUT_WR))
            while receive(connection, &buffer) {}
        case .drip(let first, let pause, let again):
            var isOpen = send(first, to: connection)
            while isOpen {
                if pause > 0 { Thread.sleep(forTimeInterval: pause) }
                isOpen = send(again, to: connection)
            }
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        case .relay(let port, let limit):
            relay(connection, buffer, to: port, limit: limit)
        }
        return false
    }

    private static func relay(_ client: Int32, _ first: Data, to port: UInt16, limit: Int) {
        guard let server = try? connected(to: port) else { return }
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            var request = first
            repeat {
                guard send(request, to: server) else { break }
                request = Data()
            } while receive(client, &request)
            ended.signal()
        }
        var response = Data()
        var left = limit
        while left > 0, receive(server, &response) {
            guard send(response.prefix(left), to: client) else { break }
            left -= response.count
            response = Data()
        }
        for socket in [client, server] { shutdown(socket, Int32(SHUT_RDWR)) }
        ended.wait()
        close(server)
    }

    private static func send(_ data: Data, to connection: Int32) -> Bool {
        #if os(Linux)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let flags: Int32 = 0
        #endif
        var sent = 0
        while sent < data.count {
            let count = data.withUnsafeBytes {
                #if os(Linux)
                    Glibc.send(connection, $0.baseAddress! + sent, $0.count - sent, flags)
                #else
                    Darwin.send(connection, $0.baseAddress! + sent, $0.count - sent, flags)
                #endif
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func readRequest(_ connection: Int32, _ buffer: inout Data) -> Request? {
        let end = Data("\r\n\r\n".utf8)
        while buffer.range(of: end) == nil { guard receive(connection, &buffer) else { return nil } }
        guard let headEnd = buffer.range(of: end) else { return nil }
        let lines = String(decoding: buffer[..<headEnd.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces
            )
        }
        buffer.removeSubrange(..<headEnd.upperBound)
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < length { guard receive(connection, &buffer) else { return nil } }
        let body = Data(buffer.prefix(length))
        buffer.removeFirst(length)
        return Request(method: words[0], path: words[1], headers: headers, body: body)
    }

    private static func receive(_ connection: Int32, _ buffer: inout Data) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(connection, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer.append(contentsOf: chunk[..<count])
        return true
    }
}

/// Runs asynchronous work on behalf of a thread that has nothing else to do.
private func waitFor<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value {
    let done = DispatchSemaphore(value: 0)
    let result = Locked<Value?>(nil)
    // Before all the tests that are waiting to begin: whoever asks has a deadline.
    Task(priority: .high) {
        let value = await work()
        result.withLock { $0 = value }
        done.signal()
    }
    done.wait()
    guard let value = result.value else { preconditionFailure("the work is done") }
    return value
}
