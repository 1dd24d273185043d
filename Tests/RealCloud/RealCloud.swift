import Foundation
import ImageDeletion
import TestSupport

/// The servers that `real-cloud.sh run` has started, as a test sees them: it makes images and looks what is there.
struct RealCloud: Sendable {
    static var isThere: Bool { variable("DELETE_IMAGE_REAL_CLOUD") != nil }
    static let reason = "no real cloud here: Tests/RealCloud/real-cloud.sh run swift test --filter RealCloudTests"

    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// Signed in as this user, in this project.
    let user: String
    let project: String
    private let transport: CurlTransport
    let token: String
    /// The image service's address in the catalog.
    let endpoint: String

    init(_ user: String = "ci", project: String = "ci") async throws {
        self.user = user
        self.project = project
        transport = try CurlTransport()
        let (secret, body) = try await Self.signIn(Self.environment(user, project: project), transport)
        token = secret
        let catalog = ((body["token"] as? [String: Any])?["catalog"] as? [[String: Any]]) ?? []
        let image = catalog.first { $0["type"] as? String == "image" }
        guard let url = (image?["endpoints"] as? [[String: Any]])?.first?["url"] as? String else { throw Unexpected() }
        endpoint = url
    }

    struct Unexpected: Error {}

    /// The variables of this user for the command.
    static func environment(_ user: String = "ci", project: String = "ci", brief: Bool = false) -> [String: String] {
        [
            "OS_AUTH_URL": variable(brief ? "DELETE_IMAGE_BRIEF_IDENTITY" : "DELETE_IMAGE_REAL_CLOUD") ?? "",
            "OS_USERNAME": user, "OS_PASSWORD": "\(user)-pa55w0rd", "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_NAME": project, "OS_PROJECT_DOMAIN_NAME": "Default",
        ]
    }

    /// Makes an image and says its ID.
    func makeImage(_ properties: [String: any Sendable] = [:], data: Data? = Data("x".utf8)) async throws -> String {
        let defaults: [String: any Sendable] = [
            "name": "real", "disk_format": "raw", "container_format": "bare", "visibility": "private",
        ]
        let image = try await send("POST", "/v2/images", json: defaults.merging(properties) { $1 })
        guard let id = image.json["id"] as? String else { throw Unexpected() }
        if let data { _ = try await send("PUT", "/v2/images/\(id)/file", data, "application/octet-stream") }
        return id
    }

    /// Lends an image to another project.
    func share(_ id: String, with project: String) async throws {
        _ = try await send("POST", "/v2/images/\(id)/members", json: ["member": project])
    }

    /// Changes a property of an image, as somebody else might between a plan and its application.
    func rename(_ id: String, to name: String) async throws {
        let change = #"[{"op":"replace","path":"/name","value":"\#(name)"}]"#
        let media = "application/openstack-images-v2.1-json-patch"
        guard try await send("PATCH", "/v2/images/\(id)", Data(change.utf8), media).status == 200 else {
            throw Unexpected()
        }
    }

    /// Returns the tags of an image.
    func tags(_ id: String) async throws -> [String] {
        try await send("GET", "/v2/images/\(id)").json["tags"] as? [String] ?? []
    }

    /// Returns whether ordinary lists leave an image out.
    func isHidden(_ id: String) async throws -> Bool {
        try await send("GET", "/v2/images/\(id)").json["os_hidden"] as? Bool ?? false
    }

    /// Adds a tag to an image.
    func addTag(_ tag: String, to id: String) async throws {
        guard try await send("PUT", "/v2/images/\(id)/tags/\(tag)").status == 204 else { throw Unexpected() }
    }

    /// Deletes an image behind the command's back.
    func delete(_ id: String) async throws {
        guard try await send("DELETE", "/v2/images/\(id)").status == 204 else { throw Unexpected() }
    }

    /// Makes images older than they are. No API can do that, so it is written into Glance's database.
    static func backdate(_ ids: [String], days: Int) async throws {
        let state = URL(fileURLWithPath: variable("DELETE_IMAGE_REAL_CLOUD_STATE") ?? "/nonexistent")
        let run = try await Executable(url: state.appendingPathComponent("venv/bin/python")).run(
            [
                "-c",
                """
                import sqlite3, sys
                database = sqlite3.connect(sys.argv[1], timeout=30)
                for id in sys.argv[3:]:
                    # With six decimals, as Glance writes them: it compares the text.
                    database.execute("update images set created_at = strftime('%Y-%m-%d %H:%M:%f000', created_at, ?) where id = ?", (sys.argv[2], id))
                database.commit()
                """, state.appendingPathComponent("glance.db").path, "-\(days) days",
            ] + ids
        )
        guard run.status == 0 else { throw Unexpected() }
    }

    /// A compute and a block storage service that the catalog names, with these servers and volumes.
    static func compute(
        servers: [[String: any Sendable]],
        volumes: [[String: any Sendable]] = []
    ) throws -> LoopbackServer {
        try LoopbackServer(port: variable("DELETE_IMAGE_REAL_CLOUD_COMPUTE").flatMap { UInt16($0) } ?? 0) { request in
            let isLast = request.path.contains("marker=")
            if request.path.hasPrefix("/v2.1/servers/detail") { return .json(["servers": isLast ? [] : servers]) }
            if request.path.hasPrefix("/v3/volumes/detail") { return .json(["volumes": isLast ? [] : volumes]) }
            return .answer(404)
        }
    }

    /// Whether the image is there, as this user sees it.
    func has(_ id: String) async throws -> Bool {
        try await send("GET", "/v2/images/\(id)").status == 200
    }

    /// The ID of the project.
    func projectID() async throws -> String {
        let image = try await makeImage(data: nil)
        guard let owner = try await send("GET", "/v2/images/\(image)").json["owner"] as? String else {
            throw Unexpected()
        }
        return owner
    }

    /// Makes a token worthless.
    static func revoke(_ token: String) async throws {
        let request = HTTPRequest(
            method: "DELETE",
            url: URL(string: (variable("DELETE_IMAGE_REAL_CLOUD") ?? "") + "/auth/tokens")!,
            headers: ["X-Auth-Token": token, "X-Subject-Token": token]
        )
        guard try await CurlTransport().send(request).status == 204 else { throw Unexpected() }
    }

    /// What the command itself has sent so far to each server, by the servers' own logs: "POST /v3/auth/tokens 201".
    static func requestsOfTheCommand() throws -> [[String]] {
        try ["keystone", "brief", "glance"].map { server in
            let log = URL(fileURLWithPath: variable("DELETE_IMAGE_REAL_CLOUD_STATE") ?? "/nonexistent")
                .appendingPathComponent("\(server)-access.log")
            return String(decoding: try Data(contentsOf: log), as: UTF8.self).split(separator: "\n")
                .filter { $0.hasSuffix(" delete-image/\(Version.current)") }
                .map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
        }
    }

    private func send(
        _ method: String,
        _ path: String,
        _ body: Data? = nil,
        _ type: String = "application/json"
    ) async throws -> (status: Int, json: [String: Any]) {
        let request = HTTPRequest(
            method: method,
            url: URL(string: endpoint + path)!,
            headers: ["Content-Type": type, "X-Auth-Token": token],
            body: body
        )
        let response = try await transport.send(request)
        return (response.status, (try? JSONSerialization.jsonObject(with: response.body) as? [String: Any]) ?? [:])
    }

    private func send(
        _ method: String,
        _ path: String,
        json: [String: any Sendable]
    ) async throws -> (status: Int, json: [String: Any]) {
        let answer = try await send(method, path, JSONSerialization.data(withJSONObject: json))
        guard answer.status < 300 else { throw Unexpected() }
        return answer
    }

    /// Returns a token of this user that is for no project.
    func unscopedToken() async throws -> String {
        try await Self.signIn(Self.environment(user), transport, isScoped: false).0
    }

    private static func signIn(
        _ environment: [String: String],
        _ transport: CurlTransport,
        isScoped: Bool = true
    ) async throws -> (String, [String: Any]) {
        let domain = ["name": "Default"]
        let user: [String: Any] = [
            "name": environment["OS_USERNAME"]!, "password": environment["OS_PASSWORD"]!, "domain": domain,
        ]
        var auth: [String: Any] = ["identity": ["methods": ["password"], "password": ["user": user]]]
        auth["scope"] =
            isScoped ? ["project": ["name": environment["OS_PROJECT_NAME"]!, "domain": domain]] : "unscoped"
        let request = HTTPRequest(
            method: "POST",
            url: URL(string: environment["OS_AUTH_URL"]! + "/auth/tokens")!,
            headers: ["Content-Type": "application/json"],
            body: try JSONSerialization.data(withJSONObject: ["auth": auth])
        )
        let response = try await transport.send(request)
        guard let token = response.headers["X-Subject-Token"],
            let body = try JSONSerialization.jsonObject(with: response.body) as? [String: Any]
        else { throw Unexpected() }
        return (token, body)
    }
}
