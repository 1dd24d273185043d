import ImageDeletionCurl
import ImageDeletionEssentials

/// One request on its way through libcurl, and its response as it comes in.
///
/// What libcurl changes is touched by one thread at a time: by the caller until the transfer is started, then by
/// ``CurlThread``. The caller's continuation has a lock.
final class CurlTransfer: @unchecked Sendable {
    private enum Caller {
        case absent
        case waiting(CheckedContinuation<HTTPResponse, any Error>)
        case gone
    }

    /// What the caller and the thread both use.
    private struct State {
        var caller = Caller.absent
        /// How often libcurl was about to send the request.
        var sendings = 0
    }

    /// The maximum length of all heads and trailers of a response. A token takes 64 KiB of it at most.
    private static let maximumHeadBytes = 256 << 10

    let easy: UnsafeMutableRawPointer
    private let libcurl: Libcurl
    private let state = Locked(State())
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: 256)
    private var headers: UnsafeMutableRawPointer?
    private let timeLimit: Duration?
    private let maximumBodyBytes: Int
    private var head = ResponseHead()
    private var headBytes = 0
    private var body = Data()
    /// Why this side broke the transfer off.
    private var refusal: TransportError?

    init(
        _ request: HTTPRequest,
        _ libcurl: Libcurl,
        _ certificates: CertificateFiles,
        _ timeLimit: Duration?,
        _ maximumBodyBytes: Int
    ) throws(TransportError) {
        guard let easy = libcurl.functions.easy_init() else { throw TransportError(.unreachable, "out of memory") }
        self.easy = easy
        self.libcurl = libcurl
        self.timeLimit = timeLimit
        self.maximumBodyBytes = maximumBodyBytes
        errorText.pointee = 0
        configure(request)
        present(certificates)
        installCallbacks(mayResend: request.method == "GET")
    }

    deinit {
        libcurl.functions.easy_cleanup(easy)
        libcurl.functions.slist_free_all(headers)
        errorText.deallocate()
    }

    // MARK: The caller

    /// Notes who waits for the response. Returns false if the transfer was cancelled before, and must not start.
    func begin(_ continuation: CheckedContinuation<HTTPResponse, any Error>) -> Bool {
        let isCancelled = state.withLock { state in
            if case .gone = state.caller { return true }
            state.caller = .waiting(continuation)
            return false
        }
        if isCancelled { continuation.resume(throwing: Self.unsent) }
        return !isCancelled
    }

    /// Resumes the caller. A request that was not about to be sent by now is not sent any more.
    func cancel() {
        finish { state in
            let isUnsent = self.libcurl.announcesSending && state.sendings == 0
            return .failure(isUnsent ? Self.unsent : TransportError(.cancelled, "cancelled"))
        }
    }

    private static let unsent = TransportError(.unreachable, "cancelled before the request was sent")

    /// Whether the response still has somebody to go to.
    var isWaitedFor: Bool {
        state.withLock { state in if case .waiting = state.caller { true } else { false } }
    }

    /// Resumes the caller, unless that was done before.
    private func finish(_ result: (State) -> Result<HTTPResponse, TransportError>) {
        let before = state.withLock { state in
            defer { state.caller = .gone }
            return state
        }
        guard case .waiting(let continuation) = before.caller else { return }
        continuation.resume(with: result(before).mapError { $0 })
    }

    /// Resumes the caller with what the transfer came to, which libcurl calls `code`.
    func end(_ code: Int32) {
        let status = Int(ImageDeletionStatus(easy))
        finish { state in
            if code == 0, status > 0, head.isOver {
                return .success(HTTPResponse(status: status, headers: HTTPHeaders(head.fields), body: body))
            }
            // nil if this libcurl does not say.
            let mayHaveSent = libcurl.announcesSending ? state.sendings > 0 : nil
            var error = refusal ?? TransportError(curl: code, words(for: code), mayHaveSent: mayHaveSent)
            if code == 28, let timeLimit { error.noteTimeLimit(timeLimit) }
            if head.isOver, status >= 200 { error.status = status }
            return .failure(error)
        }
    }

    private func words(for code: Int32) -> String {
        if code == 0 { return "the response is incomplete" }
        let words = String(cString: errorText)
        // An address may be that of a proxy, with its password.
        let isSafe = !words.isEmpty && !words.contains("://") && !words.contains("@")
        return isSafe ? words : String(cString: libcurl.functions.easy_strerror(code))
    }

    // MARK: What libcurl calls

    private func installCallbacks(mayResend: Bool) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        set(.bodyContext, context)
        set(.headerContext, context)
        ImageDeletionSetReceive(easy, CurlOption.receiveBody.rawValue) { bytes, size, count, context in
            CurlTransfer.in(context).receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        ImageDeletionSetReceive(easy, CurlOption.receiveHeader.rawValue) { bytes, size, count, context in
            CurlTransfer.in(context).receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        // If a kept connection closes before the response, libcurl sends the request again by itself. A deletion that was
        // done would come back as "not found".
        if libcurl.announcesSending {
            set(.sendingContext, context)
            ImageDeletionSetBeforeSending(easy, CurlOption.beforeSending.rawValue) { context, _, _, _, _ in
                CurlTransfer.in(context).isAboutToSend()
            }
        } else if !mayResend {
            set(.freshConnection, 1)
            set(.forbidReuse, 1)
        }
    }

    private static func `in`(_ context: UnsafeMutableRawPointer) -> CurlTransfer {
        Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func isAboutToSend() -> Int32 {
        let sendings = state.withLock { state in
            // Whoever has given up was told that nothing was sent.
            if case .gone = state.caller { return 2 }
            state.sendings += 1
            return state.sendings
        }
        guard sendings > 1 else { return 0 }
        refusal = TransportError(.connectionLost, "the connection closed before a response")
        return 1
    }

    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        headBytes += line.count
        guard headBytes <= Self.maximumHeadBytes else {
            return refuse("the response's header exceeds \(Self.maximumHeadBytes) bytes")
        }
        head.add(line: line)
        return line.count
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard body.count + bytes.count <= maximumBodyBytes else {
            return refuse("the response exceeds \(maximumBodyBytes) bytes")
        }
        if let start = bytes.baseAddress { body.append(start.assumingMemoryBound(to: UInt8.self), count: bytes.count) }
        return bytes.count
    }

    private func refuse(_ words: String) -> Int {
        refusal = TransportError(.oversizedAnswer, words)
        // Any other number than that of the bytes received ends the transfer.
        return 0
    }

    // MARK: What libcurl is told

    private func configure(_ request: HTTPRequest) {
        set(.errorBuffer, errorText)
        set(.noSignal, 1)
        if let timeLimit { set(.timeLimit, Int(min(max(1, timeLimit / .milliseconds(1)), Double(Int32.max)))) }
        // A name lookup that nobody waits for any more must not hold up the thread.
        set(.quickExit, 1)
        let (http, https) = (1, 2)
        set(.protocols, http | https)
        set(.pathAsIs, 1)
        set(.suppressProxyHeaders, 1)
        set(.acceptedEncoding, "gzip")
        set(.url, request.url.absoluteString)
        // What is sent to this machine is not encrypted, because it stays here.
        if LoopbackHost.contains(request.url.host ?? "") { set(.proxy, "") }
        set(.method, request.method)
        if request.method == "HEAD" { set(.noBody, 1) }
        if let body = request.body {
            set(.bodySize, body.count)
            // Never a null pointer, which would mean no body.
            (Array(body) + [0]).withUnsafeBytes { set(.copiedBody, $0.baseAddress) }
        }
        for field in request.headers.fields {
            add(header: field.value.isEmpty ? field.name + ";" : "\(field.name): \(field.value)")
        }
        // What libcurl would add by itself.
        for name in ["Accept", "Content-Type", "Expect"] where request.headers[name] == nil { add(header: name + ":") }
        set(.headers, headers)
    }

    private func present(_ certificates: CertificateFiles) {
        if let authorities = certificates.authorities {
            set(.authorities, authorities)
            set(.authorityFolder, UnsafeRawPointer?.none)
        }
        guard let certificate = certificates.certificate else { return }
        set(.certificate, certificate)
        set(.key, certificates.key ?? certificate)
        // Without one, OpenSSL would ask at the terminal.
        set(.keyPassword, "")
    }

    private func add(header: String) { headers = libcurl.functions.slist_append(headers, header) ?? headers }

    private func set(_ option: CurlOption, _ value: Int) { ImageDeletionSetNumber(easy, option.rawValue, value) }

    private func set(_ option: CurlOption, _ value: UnsafeRawPointer?) {
        ImageDeletionSetPointer(easy, option.rawValue, value)
    }

    private func set(_ option: CurlOption, _ value: String) {
        value.withCString { ImageDeletionSetPointer(easy, option.rawValue, $0) }
    }
}
