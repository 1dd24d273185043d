public import ImageDeletionEssentials

/// What is worth telling while requests go out: see ``ServiceConnection/report``. Nothing in it is secret.
public enum ServiceEvent: Sendable, Hashable {
    /// A request was sent, and answered or not; a further try is another event.
    case request(RequestRecord)
    /// The token cache could not be written, so the next run asks the identity service again.
    case tokenCacheNotWritten(path: String, reason: String)
    /// The token cache, or this identity's entry in it, is not trusted. It is not used, and is replaced.
    case tokenCacheNotTrusted(path: String, reason: String)
    /// Another process holds the lock beside the token cache, and this one has waited for it for two seconds.
    case waitingForTokenCache(path: String)
    /// This machine's clock differs from the identity service's by this many seconds; positive: it is ahead.
    case clockDiffers(seconds: TimeInterval)
    /// This image, which an interrupted run left unprotected, is protected again.
    case protectionRestored(imageID: String)
    /// This image may have been left unprotected by an interrupted run, and stays so because the receipt is only read.
    case protectionMissing(imageID: String)
}

/// One try of one request. Headers and bodies are not in it, so no secret can be.
public struct RequestRecord: Sendable, Hashable {
    /// The service that was asked.
    public let service: ServiceError.Service
    /// The HTTP method.
    public let method: String
    /// The address with its query, which never holds a secret.
    public let url: URL
    /// Which try it was; the first is 1.
    public let attempt: Int
    /// The HTTP status, where there was an answer.
    public let status: Int?
    /// What went wrong, where something did.
    public let failure: ServiceError?
    /// The ID under which the provider's support finds the request.
    public let requestID: String?
    /// How long it took until its last byte, in seconds.
    public let duration: TimeInterval

    init(
        _ service: ServiceError.Service,
        _ request: HTTPRequest,
        attempt: Int,
        status: Int?,
        failure: ServiceError?,
        requestID: String?,
        duration: TimeInterval
    ) {
        self.service = service
        method = request.method
        url = request.url
        self.attempt = attempt
        self.status = status
        self.failure = failure
        self.requestID = requestID
        self.duration = duration
    }
}
