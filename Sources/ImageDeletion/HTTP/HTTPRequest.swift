public import ImageDeletionEssentials

/// An HTTP request.
public struct HTTPRequest: Sendable, Hashable {
    /// The method, like `DELETE`.
    public var method: String
    /// The address.
    public var url: URL
    /// The header fields. A transport adds only what the protocol requires, like `Host` and `Content-Length`.
    public var headers: HTTPHeaders
    /// The body; nil for a request without one.
    public var body: Data?

    /// Creates a request.
    public init(method: String = "GET", url: URL, headers: HTTPHeaders = [:], body: Data? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
