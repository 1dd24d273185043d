public import ImageDeletionEssentials

/// A request to one of the services that did not do what it was for.
///
/// It holds facts, not advice: the command makes its sentences from them, and so can any other program. No field
/// ever contains a token, password or passcode. Texts that come from a server may contain control characters.
public struct ServiceError: Error, Sendable, Hashable {
    /// The services that are spoken to. The raw values are for logs.
    public enum Service: String, Sendable, Hashable {
        /// Keystone v3; IAM on Open Telekom Cloud.
        case identity
        /// Glance v2; IMS on Open Telekom Cloud.
        case image
        /// Nova v2, and the ECS API of Open Telekom Cloud: which images servers were made from.
        case compute
        /// Cinder v3: which images servers' volumes were made from.
        case volume
    }

    /// What the failure means.
    public enum Kind: Sendable, Hashable {
        /// The request cannot be sent as it is, for example because the token contains a line break. Nothing was sent.
        case invalidRequest
        /// No connection could be made. Nothing was sent.
        case unreachable
        /// The server's certificate is not trusted. Nothing was sent.
        case untrusted
        /// The connection broke before the answer was complete, or what came was no HTTP.
        case connectionLost
        /// The answer was not complete within the deadline.
        case timedOut
        /// The answer was larger than is taken.
        case oversizedAnswer
        /// The caller's task was cancelled while the request was under way.
        case cancelled
        /// The server points to another address, which is never followed.
        case redirected
        /// The token (image service) or the credentials (identity service) are not accepted.
        case unauthorized
        /// The credentials are correct, but the account requires further authentication methods: the message names them.
        case incompleteCredentials
        /// The identity service does not know the token from `OS_TOKEN`: it is invalid, expired, or revoked.
        case invalidToken
        /// The service does not accept the signature: the access key is unknown or locked, or its secret key is wrong.
        case invalidSignature
        /// The signature's time is too far from the service's, because this machine's clock is wrong.
        case expiredSignature
        /// The security token of a temporary access key has expired.
        case expiredSecurityToken
        /// The account certainly lacks the permission for this operation.
        case lacksPermission
        /// Refused, for whatever reason: a foreign or public image, a missing right, an address filter.
        case forbidden
        /// There is no such image, or none that this project can see.
        case notFound
        /// The image is protected from deletion.
        case protected
        /// The image is public.
        case notPrivate
        /// Too many requests.
        case throttled
        /// The service, or a gateway before it, cannot answer at the moment.
        case unavailable
        /// The request is refused for a reason of its own: see status and code.
        case rejected
        /// The answer makes no sense for this request, like a 200 for a deletion or a token response without token.
        case unexpected
    }

    /// The service that was asked.
    public let service: Service
    /// What the failure means.
    public internal(set) var kind: Kind
    /// The HTTP status; nil where there was no answer.
    public let status: Int?
    /// The service's or the gateway's own code, like `IMG.0028` or `APIGW.0301`.
    public let code: String?
    /// The server's words as plain text, cut to 300 characters, or the transport's.
    public internal(set) var message: String?
    /// The ID under which the provider's support finds the request (`X-Openstack-Request-Id`).
    public internal(set) var requestID: String?
    /// How many times the request was sent; 0 where another's failure was taken for this one's.
    public internal(set) var attempts: Int
    /// Whether an earlier try of the same request may have been carried out, its answer being lost.
    var followsLostAnswer: Bool
    /// How many attempts may have been processed without a response that says so: see ``isUncertain(retryAfter:)``.
    var uncertainAttempts = 0
    /// Whether any try, this or an earlier one, may have been carried out although no answer tells so.
    public internal(set) var mayHaveActed: Bool
    /// How many seconds this machine's clock is ahead of the service's, if ``kind-swift.property`` is
    /// ``Kind-swift.enum/expiredSignature`` and the response says.
    public internal(set) var clockDifference: TimeInterval?

    init(
        _ service: Service,
        _ kind: Kind,
        status: Int? = nil,
        code: String? = nil,
        message: String? = nil,
        requestID: String? = nil,
        attempts: Int = 1
    ) {
        self.service = service
        self.kind = kind
        self.status = status
        self.code = code
        self.message = message
        self.requestID = requestID
        self.attempts = attempts
        followsLostAnswer = false
        mayHaveActed = false
        // Whatever else it says, with the status of a success or of a failure on the way a service may have done it.
        let isDoubtful = status.map { (200..<300).contains($0) || $0 >= 500 && $0 != 503 } ?? false
        mayHaveActed = losesAnswer || isDoubtful
    }

    /// Whether nobody is told what became of this very try: it has no answer, or only that of a gateway before the service.
    /// An answer that says what it means is none of these, whatever its status.
    var losesAnswer: Bool {
        !isRefusal && (kind.losesAnswer || kind == .unavailable && [502, 504].contains(status))
    }

    /// Whether the service refused the request before the connection broke: then a later 404 says that the image was
    /// missing all along.
    private var isRefusal = false

    /// Notes the status of a response that broke off after its head.
    mutating func noteBroken(status: Int) { isRefusal = (400..<500).contains(status) && status != 408 }

    /// Takes over what `earlier`, the failure of a try before, leaves in doubt.
    mutating func follow(_ earlier: ServiceError) {
        followsLostAnswer = followsLostAnswer || earlier.followsLostAnswer || earlier.losesAnswer
        mayHaveActed = mayHaveActed || earlier.mayHaveActed
    }

    /// Returns whether the service may have processed this very attempt without saying so. A service that names a time
    /// to come back at has not.
    func isUncertain(retryAfter: String?) -> Bool {
        if kind.losesAnswer { return true }
        guard let status, status >= 500 || [408, 429].contains(status) else { return false }
        return ![429, 503].contains(status) || retryAfter == nil
    }

    /// Whether every other image would meet the same: then a run stops instead of failing image by image.
    var affectsEveryImage: Bool {
        switch kind {
        case .invalidRequest, .unreachable, .untrusted, .unauthorized, .lacksPermission: true
        default: service == .identity || kind.isRefusedSignature
        }
    }

    /// Whether the same request may well succeed a moment later.
    var isTransient: Bool {
        switch kind {
        case .unreachable, .connectionLost, .timedOut: true
        default: status.map(RetryPolicy.retryableStatuses.contains) ?? false
        }
    }
}

extension ServiceError.Kind {
    /// Whether the request may have been carried out without anybody being told.
    fileprivate var losesAnswer: Bool {
        switch self {
        case .connectionLost, .timedOut, .oversizedAnswer, .cancelled: true
        default: false
        }
    }

    /// Whether the service refused the signature of an access key.
    package var isRefusedSignature: Bool {
        [.invalidSignature, .expiredSignature, .expiredSecurityToken].contains(self)
    }

    init(_ kind: TransportError.Kind) {
        self =
            switch kind {
            case .invalidRequest: .invalidRequest
            case .unreachable: .unreachable
            case .untrusted: .untrusted
            case .connectionLost: .connectionLost
            case .timedOut: .timedOut
            case .oversizedAnswer: .oversizedAnswer
            case .cancelled: .cancelled
            }
    }

    /// What an answer means. The service's code decides before the status: IMS tells that an image is missing,
    /// protected or public as a 400 with an `IMG.` code, and gateways have codes for rights and rates.
    ///
    /// The codes are those of the IMS, IAM and API gateway "Error Codes" pages of Open Telekom Cloud.
    init(service: ServiceError.Service, status: Int, code: String?, message: String?) {
        let words = (message ?? "").lowercased()
        // What only the image service can know, nobody else's answer may tell: a gateway that mixes up its answers must
        // not make an image pass for missing.
        let isImage = service == .image
        let code = isImage || !(code ?? "").hasPrefix("IMG.") ? code : nil
        self =
            switch (code ?? "", status) {
            case ("IMG.0027", _), ("IMG.0144", _): .notFound
            case ("IMG.0028", _): .protected
            case ("IMG.0083", _), ("IMG.0094", _): .notPrivate
            case ("IMG.0026", _), ("IMG.0161", _), ("IAM.0002", _), ("IAM.0003", _): .lacksPermission
            case ("IMG.0087", _), ("1101", 400), ("1103", 400): .unauthorized
            // Gateways write the same numbers as APIG and, older ones, APIGW.
            case ("APIG.0302", _), ("APIGW.0302", _), ("APIG.0802", _), ("APIGW.0802", _): .lacksPermission
            // No such API, no backend for it: nothing is said about the image, although the status is 404.
            case ("APIG.0101", _), ("APIGW.0101", _), ("APIG.0103", _), ("APIGW.0103", _): .rejected
            case (_, 401): .unauthorized
            case (_, _) where words.contains("token need to refresh"): .unauthorized
            // Glance's own words; its 403 has no code.
            case (_, 403) where isImage && words.contains("is protected"): .protected
            case (_, 403) where words.contains("policy doesn't allow"): .lacksPermission
            case (_, 403): .forbidden
            case (_, 404), (_, 410): isImage ? .notFound : .rejected
            case (_, 429): .throttled
            case (_, 408), (_, 500...): .unavailable
            case (_, 300..<400): .redirected
            case (_, 400..<500): .rejected
            default: .unexpected
            }
    }
}
