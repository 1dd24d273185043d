public import ImageDeletionEssentials

/// A complete HTTP response.
public struct HTTPResponse: Sendable, Hashable {
    /// The status, like 204. Never that of an interim response (1xx).
    public var status: Int
    /// The header fields. Trailers are not among them.
    public var headers: HTTPHeaders
    /// The body, without any transfer or content encoding; empty if there is none.
    public var body: Data

    /// Creates a response.
    public init(status: Int, headers: HTTPHeaders = [:], body: Data = Data()) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
