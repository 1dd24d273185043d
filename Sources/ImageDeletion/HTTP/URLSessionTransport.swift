public import Foundation

#if canImport(FoundationNetworking)
    public import FoundationNetworking
#endif

/// The transport of the command: one `URLSession` that follows no redirect, keeps no cookie, answers no challenge
/// and reads no body beyond a bound.
///
/// Proxies are those of the system (Linux: `https_proxy`, `all_proxy`, `no_proxy`, but never for loopback addresses).
/// Certificates are checked against the system's store.
public final class URLSessionTransport: HTTPTransport {
    private let session: URLSession
    private let exchanges: Exchanges

    /// A transport with a session of its own; one is enough for a process.
    ///
    /// - Parameter maximumBodyBytes: An answer with a longer body ends as ``TransportError/Kind/oversizedAnswer``;
    ///   16 MiB unless said.
    public init(maximumBodyBytes: Int = 16 << 20) {
        #if canImport(Darwin)
            let configuration = URLSessionConfiguration.ephemeral
        #else
            let configuration = LinuxEnvironment.ephemeralConfiguration
        #endif
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.httpMaximumConnectionsPerHost = 64
        // The deadline of a request is kept around the transport; URLSession's own would only come in its way.
        configuration.timeoutIntervalForRequest = 24 * 60 * 60
        exchanges = Exchanges(maximumBodyBytes: maximumBodyBytes)
        // One session for the life of the process: on Linux, tearing a session down is what crashes.
        #if canImport(Darwin)
            session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: nil)
        #else
            session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: DirectQueue())
        #endif
    }

    /// Sends `request`, once.
    ///
    /// - Returns: The body, which may be empty, and the response, whatever its status.
    /// - Throws: ``TransportError``.
    public func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let task = session.dataTask(with: request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                exchanges.begin(task, continuation)
                task.resume()
            }
        } onCancel: {
            // URLSession on Linux may take its time to report a cancelled task, so the caller is not made to wait.
            exchanges.end(task, throwing: TransportError(.cancelled, "cancelled"))
            elsewhere { task.cancel() }
        }
    }
}

#if !canImport(Darwin)
    /// What URLSession on Linux takes from the environment, because it has no setting for it.
    private enum LinuxEnvironment {
        /// A configuration, made once. Reading it also makes sure that no proxy is used for this machine's own addresses:
        /// what is sent there is not encrypted, because it stays here.
        static let ephemeralConfiguration: URLSessionConfiguration = {
            let excluded = variable("no_proxy") ?? variable("NO_PROXY") ?? ""
            if excluded != "*" {
                let loopback = "localhost,127.0.0.0/8,127.0.0.1,::1"
                setenv("no_proxy", excluded.isEmpty ? loopback : excluded + "," + loopback, 1)
            }
            // Even a configuration without cache and cookies makes folders for them, unless it cannot.
            let folders = ["XDG_CACHE_HOME", "XDG_DATA_HOME"]
            let before = folders.map(variable)
            for name in folders { setenv(name, "/dev/null", 1) }
            defer {
                for (name, value) in zip(folders, before) {
                    if let value { setenv(name, value, 1) } else { unsetenv(name) }
                }
            }
            return .ephemeral
        }()

        private static func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }
        }
    }

    /// Runs the delegate's work where URLSession asks for it, on the queue on which it reads.
    ///
    /// URLSession on Linux reads as fast as the server sends, whatever its delegate is busy with: behind an ordinary
    /// queue, an endless body fills the memory before anybody can say that it is enough.
    private final class DirectQueue: OperationQueue, @unchecked Sendable {
        override func addOperation(_ block: @escaping @Sendable () -> Void) { block() }
    }
#endif

/// Does what ends a request on another queue. On Linux it waits for the queue on which URLSession reads: for ever on that
/// queue itself, and on any other as long as a server keeps sending.
private func elsewhere(_ end: @escaping @Sendable () -> Void) {
    DispatchQueue.global().async(execute: end)
}

/// The requests under way, fed by URLSession.
///
/// Only a session's delegate is asked about redirects and challenges on Linux, and only by these spellings with a
/// completion handler; a task's delegate and the `async` spellings are passed over there.
private final class Exchanges: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private struct Exchange {
        var continuation: CheckedContinuation<(Data, HTTPURLResponse), any Error>
        var body = Data()
        var refusedChallenge = false
    }

    private let maximumBodyBytes: Int
    private let lock = NSLock()
    private var exchanges: [Int: Exchange] = [:]
    private var cancelledEarly: Set<Int> = []

    init(maximumBodyBytes: Int) {
        self.maximumBodyBytes = maximumBodyBytes
    }

    func begin(_ task: URLSessionTask, _ continuation: CheckedContinuation<(Data, HTTPURLResponse), any Error>) {
        let cancelled = lock.withLock {
            guard cancelledEarly.remove(task.taskIdentifier) == nil else { return true }
            exchanges[task.taskIdentifier] = Exchange(continuation: continuation)
            return false
        }
        if cancelled { continuation.resume(throwing: TransportError(.cancelled, "cancelled")) }
    }

    func end(_ task: URLSessionTask, throwing error: TransportError) {
        let exchange = lock.withLock { () -> Exchange? in
            let exchange = exchanges.removeValue(forKey: task.taskIdentifier)
            // A task that was cancelled before it began is remembered, so that it never begins.
            if exchange == nil, task.state == .suspended { cancelledEarly.insert(task.taskIdentifier) }
            return exchange
        }
        exchange?.continuation.resume(throwing: error)
    }

    func urlSession(
        _ session: URLSession,
        dataTask: URLSessionDataTask,
        didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        guard response.expectedContentLength > maximumBodyBytes else { return completionHandler(.allow) }
        endOversized(dataTask)
        elsewhere { completionHandler(.cancel) }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        // What still comes for an exchange that has ended is dropped.
        let isTooLarge = lock.withLock {
            exchanges[dataTask.taskIdentifier]?.body.append(data)
            return (exchanges[dataTask.taskIdentifier]?.body.count ?? 0) > maximumBodyBytes
        }
        if isTooLarge { endOversized(dataTask) }
    }

    private func endOversized(_ task: URLSessionTask) {
        end(task, throwing: TransportError(.oversizedAnswer, "the answer exceeds \(maximumBodyBytes) bytes"))
        elsewhere { task.cancel() }
    }

    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        // Following would send the token, and the DELETE itself, to another host.
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        #if canImport(Darwin)
            if challenge.protectionSpace.authenticationMethod == NSURLAuthenticationMethodServerTrust {
                return completionHandler(.performDefaultHandling, nil)
            }
        #endif
        // Swift 6.3 on Linux hangs for good on a Basic or Digest challenge that gets the default handling. The
        // rejected task ends as cancelled, after its answer has come.
        lock.withLock { exchanges[task.taskIdentifier]?.refusedChallenge = true }
        elsewhere { completionHandler(.rejectProtectionSpace, nil) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let exchange = lock.withLock({ exchanges.removeValue(forKey: task.taskIdentifier) }) else { return }
        if let error, !exchange.refusedChallenge {
            exchange.continuation.resume(throwing: TransportError(error))
        } else if let response = task.response as? HTTPURLResponse {
            exchange.continuation.resume(returning: (exchange.body, response))
        } else {
            exchange.continuation.resume(throwing: TransportError(.connectionLost, "no HTTP answer"))
        }
    }
}

extension TransportError {
    /// Reads URLSession's error coarsely: macOS and Linux agree on few codes, so only those that are sure to mean
    /// that nothing was sent count as that.
    fileprivate init(_ error: any Error) {
        let words = (error as NSError).localizedDescription
        let kind: Kind =
            switch (error as? URLError)?.code {
            case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .notConnectedToInternet: .unreachable
            case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
                .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
                .untrusted
            // libcurl's words: on Linux a certificate's failure has no code of its own.
            case .unknown where words.contains("SSL") && words.contains("certificate"): .untrusted
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            // libcurl's words for a proxy that lets nothing through: the request is still here.
            case _ where words.contains("CONNECT tunnel failed"): .unreachable
            default: .connectionLost
            }
        self.init(kind, words)
    }
}
