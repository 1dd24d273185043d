extension TransportError {
    /// Reads libcurl's result `code`.
    ///
    /// - Parameter mayHaveSent: Whether anything of the request may have been sent; nil if only the code says.
    init(curl code: Int32, _ words: String, mayHaveSent: Bool?) {
        let kind: Kind =
            switch code {
            case 51, 60: mayHaveSent == true ? .connectionLost : .untrusted
            // A malformed address; a certificate, a key or an authority that cannot be used.
            case 3, 58, 66, 77, 82, 83: mayHaveSent == true ? .connectionLost : .invalidRequest
            case _ where !(mayHaveSent ?? !Self.codesBeforeSending.contains(code)): .unreachable
            case 28: .timedOut
            // Out of memory is what libcurl calls a header line beyond its own limit; newer ones have a code for it.
            case 27, 63, 100: .oversizedAnswer
            default: .connectionLost
            }
        self.init(kind, Self.isPlainPort(code, words) ? "the server does not speak TLS on this port (\(words))" : words)
    }

    /// Says that `timeLimit` is over, and how far the request got.
    mutating func noteTimeLimit(_ timeLimit: Duration) {
        let missing = kind == .unreachable ? "connection" : "complete response"
        description = "no \(missing) within \(timeLimit.secondsText) s"
    }

    /// Proxy, host, connection; the TLS handshake and its files; the handshake with a proxy.
    private static let codesBeforeSending: Set<Int32> = [5, 6, 7, 35, 53, 54, 59, 80, 90, 91, 97]

    /// Whether the TLS library found something else than TLS in the server's first bytes. That of OpenSSL and LibreSSL says
    /// it like this.
    private static func isPlainPort(_ code: Int32, _ words: String) -> Bool {
        code == 35 && ["wrong version number", "unknown protocol", "packet length"].contains { words.contains($0) }
    }
}
