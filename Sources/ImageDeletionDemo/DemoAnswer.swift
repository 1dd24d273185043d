import Foundation
import ImageDeletion

/// An answer on its way out, in the shapes of the real services.
struct DemoAnswer {
    var status: Int
    var headers: [String: String] = [:]
    var body = Data()

    static func json(_ status: Int, _ object: [String: Any], headers: [String: String] = [:]) -> DemoAnswer {
        DemoAnswer(
            status: status,
            headers: headers.merging(["Content-Type": "application/json"]) { $1 },
            body: (try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])) ?? Data()
        )
    }

    /// Keystone's error.
    static func keystone(_ status: Int, _ title: String, _ message: String) -> DemoAnswer {
        json(status, ["error": ["code": status, "title": title, "message": message]])
    }

    /// Glance's error: the status again for a code, and markup in the message.
    static func glance(_ status: Int, _ message: String) -> DemoAnswer {
        let titles = [401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"]
        let title = titles[status, default: "Error"]
        return json(
            status,
            ["message": message + "<br /><br />\n\n\n", "code": "\(status) \(title)", "title": title]
        )
    }

    func response(at now: Date) -> HTTPResponse {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = .gmt
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let headers = headers.merging([
            "Date": format.string(from: now), "X-Openstack-Request-Id": "req-\(UUID().uuidString.lowercased())",
        ]) { $1 }
        return HTTPResponse(
            status: status,
            headers: HTTPHeaders(headers.map { .init(name: $0, value: $1) }),
            body: body
        )
    }
}
