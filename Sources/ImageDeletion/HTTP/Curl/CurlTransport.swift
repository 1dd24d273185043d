/// The transport of the command: libcurl, as the machine has it.
///
/// It follows no redirect, answers no authentication challenge, keeps no cookie, reads no `.netrc`, and never sends a
/// request that changes something twice. It speaks HTTP/2 where the server offers it, and keeps connections open. One transport serves any number
/// of tasks, with at most 64 connections to a host.
///
/// Proxies are those of the environment (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`), as curl reads them, but a
/// request to a loopback address never uses one.
public final class CurlTransport: HTTPTransport {
    private let libcurl: Libcurl
    private let thread: CurlThread
    private let certificates: CertificateFiles
    private let maximumBodyBytes: Int

    /// Creates a transport; one is enough for a process.
    ///
    /// - Parameters:
    ///   - certificates: The files to use instead of the system's certificate store, and to prove who sends.
    ///   - maximumBodyBytes: The maximum length of a response's body, 16 MiB by default. A longer one ends as
    ///     ``TransportError/Kind/oversizedAnswer``.
    /// - Throws: ``ImageDeletionError/Code/configuration`` if libcurl is missing or too old, or a file cannot be used.
    public init(
        certificates: CertificateFiles = CertificateFiles(),
        maximumBodyBytes: Int = 16 << 20
    ) throws(ImageDeletionError) {
        try certificates.check()
        libcurl = try Libcurl.shared.get()
        thread = try CurlThread(libcurl)
        self.certificates = certificates
        self.maximumBodyBytes = maximumBodyBytes
    }

    deinit { thread.stop() }

    /// Loads libcurl, which takes longer once there are threads.
    package static func load() { _ = Libcurl.shared }

    /// Sends `request`, once.
    ///
    /// - Returns: The response, whatever its status.
    /// - Throws: ``TransportError``.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        if let fault = request.fault { throw TransportError(.invalidRequest, fault) }
        return try await send(request, within: nil)
    }

    /// Sends `request`, which has no fault, once, and waits for the response no longer than `timeLimit`.
    func send(_ request: HTTPRequest, within timeLimit: Duration?) async throws -> HTTPResponse {
        let transfer = try CurlTransfer(request, libcurl, certificates, timeLimit, maximumBodyBytes)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if transfer.begin(continuation) { thread.start(transfer) }
            }
        } onCancel: {
            transfer.cancel()
            thread.cancel(transfer)
        }
    }
}
