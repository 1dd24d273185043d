import Foundation
public import ImageDeletion
public import ImageDeletionDemo

/// The demo cloud as it would be behind a gateway that takes signatures instead of tokens. It looks at the form of a
/// signature only: `Tests/Signing` verifies the rest.
public final class SignedCloud: HTTPTransport {
    private let cloud: DemoCloud
    private let projects: [(id: String, name: String)]
    private let token = Locked<String?>(nil)

    /// - Parameter projects: What the account has.
    public init(_ cloud: DemoCloud, projects: [(id: String, name: String)] = [(DemoImage.projectID, "ci")]) {
        self.cloud = cloud
        self.projects = projects
    }

    public static let secretKey = "sk-example-0123456789-abcdefghij"

    /// The variables that use it with an access key.
    public static func environment(_ cloud: DemoCloud, _ changes: [String: String?] = [:]) -> [String: String] {
        let environment: [String: String?] = [
            "OS_AUTH_URL": cloud.identityURL.absoluteString, "OS_ACCESS_KEY": "AKEXAMPLE",
            "OS_SECRET_KEY": secretKey, "OS_PROJECT_ID": DemoImage.projectID,
            "OS_REGION_NAME": "eu-demo",
        ]
        return environment.merging(changes) { $1 }.compactMapValues { $0 }
    }

    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard
            request.headers["Authorization"]?.wholeMatch(
                of: #/SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=host;x-sdk-date, Signature=[0-9a-f]{64}/#
            ) != nil,
            request.headers["X-Sdk-Date"]?.wholeMatch(of: #/\d{8}T\d{6}Z/#) != nil,
            request.headers["X-Auth-Token"] == nil
        else { return HTTPResponse(status: 401) }
        switch request.url.path {
        case "/v3/projects":
            let query = URLComponents(url: request.url, resolvingAgainstBaseURL: false)?.queryItems
            let name = query?.first { $0.name == "name" }?.value
            // Some services ignore filters, so that all projects are listed.
            return try json([
                "projects": projects.map { ["id": $0.id, "name": $0.name, "domain_id": "d1"] }, "for": name ?? "",
            ])
        case "/v3/auth/catalog":
            guard request.headers["X-Project-Id"] == DemoImage.projectID else { return HTTPResponse(status: 403) }
            return try json([
                "catalog": [
                    ("image", cloud.imageURL), ("compute", cloud.computeURL), ("volumev3", cloud.volumeURL),
                ].map { type, url in
                    let endpoint = ["region_id": "eu-demo", "interface": "public", "url": url.absoluteString]
                    return ["type": type, "endpoints": [endpoint]] as [String: Any]
                }
            ])
        default:
            guard request.headers["X-Project-Id"] == DemoImage.projectID else { return HTTPResponse(status: 403) }
            var request = request
            request.headers["X-Auth-Token"] = try await validToken()
            return try await cloud.send(request)
        }
    }

    private func validToken() async throws -> String {
        if let token = token.value { return token }
        let auth: [String: Any] = [
            "identity": [
                "methods": ["password"],
                "password": [
                    "user": [
                        "name": "demo", "password": cloud.environment["OS_PASSWORD", default: ""],
                        "domain": ["name": "Default"],
                    ]
                ],
            ], "scope": ["project": ["id": DemoImage.projectID]],
        ]
        let response = try await cloud.send(
            HTTPRequest(
                method: "POST",
                url: cloud.identityURL.appendingPathComponent("auth/tokens"),
                body: JSONSerialization.data(withJSONObject: ["auth": auth])
            )
        )
        let token = response.headers["X-Subject-Token"] ?? ""
        self.token.withLock { $0 = token }
        return token
    }

    private func json(_ object: [String: Any]) throws -> HTTPResponse {
        HTTPResponse(status: 200, body: try JSONSerialization.data(withJSONObject: object))
    }
}

/// A cloud that takes signatures, what was sent to it, and services that use it.
public struct SignedBench: Sendable {
    public let cloud: DemoCloud
    public let transport: FaultyTransport
    public let clock = TestClock()
    public let events = Locked<[ServiceEvent]>([])

    public init(
        images: [DemoImage] = Sample.images(5),
        projects: [(id: String, name: String)] = [(DemoImage.projectID, "ci")],
        fault: @escaping @Sendable (SentRequest, Int) async -> FaultyTransport.Fault? = { _, _ in nil }
    ) {
        cloud = DemoCloud(images: images, now: { [clock] in clock.now })
        transport = FaultyTransport(SignedCloud(cloud, projects: projects), fault: fault)
    }

    /// A service with a memory of its own.
    public func service(
        _ changes: [String: String?] = [:],
        tokenCache: TokenCache = .disabled
    ) throws(ImageDeletionError) -> ImageService {
        try ImageService(
            environment: SignedCloud.environment(cloud, changes),
            tokenCache: tokenCache,
            connection: ServiceConnection(
                transport: transport,
                retry: RetryPolicy(random: { 0.5 }),
                timeout: .seconds(31),
                clock: clock.clock,
                report: { event in events.withLock { $0.append(event) } }
            )
        )
    }

    /// What was sent, as "DELETE /v2/images/…".
    public var lines: [String] { transport.requests.map(\.line) }
}
