import Foundation
import ImageDeletion
import Synchronization

/// A cloud that has an answer to each request of a rehearsal and needs no network. It counts requests, as real ones do.
actor RehearsalCloud: HTTPTransport {
    static let environment = [
        "OS_AUTH_URL": "https://identity.cloud.example/v3", "OS_USERNAME": "ci", "OS_PASSWORD": "not a secret",
        "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_NAME": "web",
    ]
    static let branches = ["main", "feature/Login"]

    private let pause: TimeInterval
    private let clock: WallClock
    private var latest = Date.distantPast
    private var images = [
        "5e0e1c52-93f4-4a5f-8f0e-0c3a7b1d9a01": "branch-main",
        "5e0e1c52-93f4-4a5f-8f0e-0c3a7b1d9a02": "branch-feature-login",
        "5e0e1c52-93f4-4a5f-8f0e-0c3a7b1d9a03": "branch-fix-typo",
        "5e0e1c52-93f4-4a5f-8f0e-0c3a7b1d9a04": "branch-new-ui",
        "5e0e1c52-93f4-4a5f-8f0e-0c3a7b1d9a05": "branch-old-login",
        "5e0e1c52-93f4-4a5f-8f0e-0c3a7b1d9a06": "release-1.4",
    ]
    private static let usedByServer = "5e0e1c52-93f4-4a5f-8f0e-0c3a7b1d9a04"

    init(mostRequestsPerSecond: Double, clock: WallClock) {
        pause = 1 / mostRequestsPerSecond
        self.clock = clock
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (status, body) = answer(request.method, request.url)
        return HTTPResponse(
            status: status,
            headers: status == 201 ? ["X-Subject-Token": "made-up"] : [:],
            body: try JSONSerialization.data(withJSONObject: body)
        )
    }

    private func answer(_ method: String, _ url: URL) -> (status: Int, body: [String: Any]) {
        let now = clock.now()
        defer { latest = now }
        // A little less than the pause: a date is a rounded number.
        if now.timeIntervalSince(latest) < pause * 0.99 { return (429, [:]) }
        // Lists are read to their end: until a page is empty.
        let isPastTheEnd = (url.query ?? "").contains("marker=")
        switch (method, url.path) {
        case ("POST", "/v3/auth/tokens"):
            let services = ["image": "https://image.cloud.example", "compute": "https://compute.cloud.example/v2.1"]
            let catalog: [[String: Any]] = services.map { type, address in
                ["type": type, "endpoints": [["interface": "public", "url": address]]]
            }
            let project: [String: Any] = ["id": "4f1d", "name": "web"]
            return (201, ["token": ["expires_at": "2999-01-01T00:00:00Z", "project": project, "catalog": catalog]])
        case ("GET", "/v2/images"):
            return (200, ["images": isPastTheEnd ? [] : images.sorted { $0.key < $1.key }.map(Self.description)])
        case ("GET", "/v2/images/\(url.lastPathComponent)"):
            let id = url.lastPathComponent
            return images[id].map { (200, Self.description(id, $0)) } ?? (404, [:])
        case ("GET", "/v2.1/servers/detail"):
            let server: [String: Any] = ["id": "1", "name": "preview", "image": ["id": Self.usedByServer]]
            return (200, ["servers": isPastTheEnd ? [] : [server]])
        case ("DELETE", _):
            return (images.removeValue(forKey: url.lastPathComponent) == nil ? 404 : 204, [:])
        default:
            return (404, [:])
        }
    }

    private static func description(_ id: String, _ name: String) -> [String: Any] {
        [
            "id": id, "name": name, "owner": "4f1d", "visibility": "private", "status": "active",
            "created_at": "2026-11-01T08:00:00Z",
        ]
    }
}

/// A clock on which nobody waits: what is slept has passed.
final class RehearsalClock: Sendable {
    private let time = Mutex(Date(timeIntervalSince1970: 0))

    var wallClock: WallClock {
        WallClock(
            now: { self.time.withLock { $0 } },
            sleep: { length in self.time.withLock { $0 += length / .seconds(1) } }
        )
    }
}
