import ImageDeletionEssentials

/// A request before it is sent, with what its answer should be and which of its parts nobody may see.
struct ServiceRequest: Sendable {
    var service: CloudService
    var method: String
    /// The address of the service; nil until an ``Authorization`` sets it.
    var endpoint: URL?
    var path: String
    var query: [(name: String, value: String)] = []
    var headers: [String: String] = [:]
    var body: Data?
    var contentType = "application/json"
    /// The statuses that mean that the request did what it was for.
    var expects: Set<Int> = [200]
    var secrets: [Secret] = []
    /// The number of attempts of which nobody may learn whether they were processed, for a request that must not be
    /// repeated freely; nil for any other.
    var maximumUncertainAttempts: Int?
    /// Adds a proof that holds for an attempt at this time only, and returns the part of it that nobody may see; nil if
    /// the headers prove enough.
    var sign: (@Sendable (inout HTTPRequest, Date) -> Secret)?

    /// Returns the request for an attempt at `date`, and what keeps its secrets out of all that is reported about it.
    func attempt(at date: Date) -> (request: HTTPRequest, redact: Redaction) {
        var request = httpRequest
        let proof = sign?(&request, date)
        return (request, Redaction(secrets + [proof].compactMap { $0 }))
    }

    private var httpRequest: HTTPRequest {
        guard let endpoint else { preconditionFailure("an Authorization sets it") }
        // Not `*/*`: Glance and gateways would answer in HTML.
        var fields: HTTPHeaders = ["Accept": "application/json", "User-Agent": "delete-image/\(Version.current)"]
        if body != nil { fields["Content-Type"] = contentType }
        for (name, value) in headers { fields[name] = value }
        let url = endpoint.appendingPathComponent(path).with(query)
        return HTTPRequest(method: method, url: url, headers: fields, body: body)
    }
}

/// An answer as it was hoped for.
struct Reply: Sendable {
    var service: ServiceError.Service
    var status: Int
    var body: Data
    var headers: HTTPHeaders
    var requestID: String?
    var attempts: Int

    func header(_ name: String) -> String? { headers[name] }

    /// The service's own time.
    var date: Date? { header("Date").flatMap(HTTPDate.parse) }
}
