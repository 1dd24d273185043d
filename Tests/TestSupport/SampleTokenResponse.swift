import Foundation

/// A token response of a test's own making, for what the demo cloud's identity service does not do.
public struct SampleTokenResponse: Sendable {
    /// An endpoint of the catalog's image service.
    public struct Endpoint: Sendable {
        var region: String?
        var interface: String
        var url: String

        public init(_ region: String?, _ url: String, interface: String = "public") {
            self.region = region
            self.interface = interface
            self.url = url
        }
    }

    /// The header; nil for an answer without one.
    public var token: String? = "made-by-a-test"
    /// A day after ``TestClock`` starts.
    public var expiresAt: String? = "2026-11-19T11:06:40.000000Z"
    /// Nil for a token without a project.
    public var projectID: String? = "70c77dc6bbfa40dbb5f00e6705972d6f"
    public var projectName: String? = "ci"
    public var imageEndpoints: [Endpoint] = [Endpoint("eu-demo", "https://ims.demo.example")]
    public var otherTypes: [String] = []
    public var headers: [String: String] = [:]
    public var status = 201

    public init(_ change: (inout SampleTokenResponse) -> Void = { _ in }) { change(&self) }

    /// The answer in the place of the identity service's own.
    public var fault: FaultyTransport.Fault {
        .answer(status, headers: fields, body: String(decoding: body, as: UTF8.self))
    }

    /// The same over a socket.
    public var reply: LoopbackServer.Reply { .answer(status, headers: fields, body: body) }

    private var fields: [String: String] {
        var fields = headers
        fields["X-Subject-Token"] = token
        return fields
    }

    private var body: Data {
        var token: [String: Any] = ["methods": ["password"]]
        token["expires_at"] = expiresAt
        if let projectID {
            var project: [String: Any] = ["id": projectID, "domain": ["id": "default", "name": "Default"]]
            project["name"] = projectName
            token["project"] = project
        }
        var catalog: [[String: Any]] = otherTypes.map { ["type": $0, "endpoints": [] as [Any]] }
        if !imageEndpoints.isEmpty {
            let endpoints: [[String: Any]] = imageEndpoints.map {
                ["region_id": $0.region ?? NSNull() as Any, "interface": $0.interface, "url": $0.url]
            }
            catalog.append(["type": "image", "endpoints": endpoints])
        }
        token["catalog"] = catalog
        guard let body = try? JSONSerialization.data(withJSONObject: ["token": token]) else {
            preconditionFailure("these parts are JSON")
        }
        return body
    }
}
