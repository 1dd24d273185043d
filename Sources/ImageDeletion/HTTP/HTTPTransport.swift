/// The one seam to the network: a request in, the whole answer out.
///
/// ``CurlTransport`` is the transport of the command. Bring your own to send through another client,
/// or to test without a network. A transport sends each request once and as it is: it follows no redirect, answers
/// no authentication challenge, and retries nothing, because what surrounds it decides that in one place.
/// When its task is cancelled, it must return soon: the time limit of a request is kept by cancelling it. If nothing was
/// sent by then, the error is ``TransportError/Kind/unreachable``.
public protocol HTTPTransport: Sendable {
    /// Sends `request`, once.
    ///
    /// - Returns: The response, whatever its status.
    /// - Throws: ``TransportError`` where the transport knows whether the server can have acted. Any other error is
    ///   taken for ``TransportError/Kind/connectionLost``, the careful reading.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// Why no usable answer came.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What matters to whoever sent the request: can the server have acted, and is another try worth it?
    public enum Kind: Sendable, Hashable {
        /// The request cannot be sent as it is, for example because its address is malformed. Nothing was sent.
        case invalidRequest
        /// No connection was made, so nothing was sent.
        case unreachable
        /// The server's certificate is not trusted, so nothing was sent.
        case untrusted
        /// The connection broke, or what came was no HTTP. The server may have acted.
        case connectionLost
        /// No complete answer came in time. The server may have acted.
        case timedOut
        /// The answer is larger than the transport takes. The server may have acted.
        case oversizedAnswer
        /// The task was cancelled. The server may have acted.
        case cancelled
    }

    /// What happened.
    public var kind: Kind
    /// The transport's own words for it.
    public var description: String
    /// The status, if the response broke off after its head; nil otherwise.
    public var status: Int?

    /// An error of `kind`, described by the transport's own words.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
