import ImageDeletion
import ImageDeletionEssentials

/// The identity service of the demo cloud: one user, one project, and any number of tokens.
struct DemoIdentity {
    static let userName = "demo"
    static let password = "demo-pa55w0rd"
    static let domainName = "Default"
    static let projectName = "ci"
    static let projectID = "70c77dc6bbfa40dbb5f00e6705972d6f"
    static let region = "eu-demo"

    private struct Grant {
        var expiresAt: Date
        var project: String?
    }

    private let imageURL: URL
    private let computeURL: URL
    private let volumeURL: URL
    private let tokenLifetime: TimeInterval
    private let now: @Sendable () -> Date
    private var grants: [String: Grant] = [:]
    private(set) var issued = 0

    init(
        imageURL: URL,
        computeURL: URL,
        volumeURL: URL,
        tokenLifetime: TimeInterval,
        now: @escaping @Sendable () -> Date
    ) {
        self.imageURL = imageURL
        self.computeURL = computeURL
        self.volumeURL = volumeURL
        self.tokenLifetime = tokenLifetime
        self.now = now
    }

    mutating func revokeAll() { grants.removeAll() }

    /// The project of a token that is worth something; an unscoped token is worth an empty one.
    func project(of token: String?) -> String? {
        guard let grant = token.flatMap({ grants[$0] }), grant.expiresAt > now() else { return nil }
        return grant.project ?? ""
    }

    mutating func answer(_ method: String, _ request: HTTPRequest) -> DemoAnswer {
        let subject = request.headers["X-Subject-Token"]
        switch method {
        case "POST":
            return issue(request.body ?? Data())
        case "GET":
            guard let subject, let grant = grants[subject], grant.expiresAt > now() else { return Self.unknownToken }
            return .json(200, description(of: grant), headers: ["X-Subject-Token": subject])
        case "DELETE":
            guard let subject, grants.removeValue(forKey: subject) != nil else { return Self.unknownToken }
            return DemoAnswer(status: 204)
        default:
            return .keystone(405, "Method Not Allowed", "The method is not allowed for the requested URL.")
        }
    }

    private static let unknownToken = DemoAnswer.keystone(404, "Not Found", "Failed to validate token")

    private mutating func issue(_ body: Data) -> DemoAnswer {
        guard let auth = (try? JSONValue(body))?["auth"], let identity = auth["identity"] else {
            return .keystone(400, "Bad Request", "'identity' is a required property")
        }
        let user = identity["password"]?["user"]
        let project = auth["scope"]?["project"]
        let isProject = project.map {
            $0["id"]?.string == Self.projectID || $0["name"]?.string == Self.projectName
        }
        guard identity["methods"] == ["password"], user?["name"]?.string == Self.userName,
            user?["password"]?.string == Self.password, isProject ?? true
        else { return .keystone(401, "Unauthorized", "The request you have made requires authentication.") }

        issued += 1
        // As long as Open Telekom Cloud's, to show that long tokens pass everywhere.
        let token = "MII" + (0..<128).map { _ in UUID().uuidString.replacing("-", with: "") }.joined()
        let grant = Grant(
            expiresAt: now().addingTimeInterval(tokenLifetime),
            project: project == nil ? nil : Self.projectID
        )
        grants[token] = grant
        return .json(201, description(of: grant), headers: ["X-Subject-Token": token])
    }

    private func description(of grant: Grant) -> JSONValue {
        var token: [String: JSONValue] = [
            "methods": ["password"],
            "expires_at": .text(
                grant.expiresAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            ),
            "user": ["name": .text(Self.userName), "domain": ["name": .text(Self.domainName)]],
        ]
        if let project = grant.project {
            token["project"] = [
                "id": .text(project), "name": .text(Self.projectName),
                "domain": ["id": "default", "name": .text(Self.domainName)],
            ]
            func service(_ type: String, _ name: String, _ url: URL) -> JSONValue {
                let endpoint: JSONValue = [
                    "region_id": .text(Self.region), "interface": "public", "url": .text(url.absoluteString),
                ]
                return ["type": .text(type), "name": .text(name), "endpoints": [endpoint]]
            }
            token["catalog"] = [
                ["type": "identity", "name": "keystone", "endpoints": []],
                service("image", "glance", imageURL), service("compute", "nova", computeURL),
                service("volumev3", "cinderv3", volumeURL),
            ]
        }
        return ["token": .object(token)]
    }
}
