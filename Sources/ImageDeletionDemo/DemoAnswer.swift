import ImageDeletion
import ImageDeletionEssentials

/// An answer on its way out, in the shapes of the real services.
struct DemoAnswer {
    var status: Int
    var headers: [String: String] = [:]
    var body = Data()

    static func json(_ status: Int, _ object: JSONValue, headers: [String: String] = [:]) -> DemoAnswer {
        DemoAnswer(
            status: status,
            headers: headers.merging(["Content-Type": "application/json"]) { $1 },
            body: (try? JSONWriter.data(object)) ?? Data()
        )
    }

    /// Keystone's error.
    static func keystone(_ status: Int, _ title: String, _ message: String) -> DemoAnswer {
        json(status, ["error": ["code": .number("\(status)"), "title": .text(title), "message": .text(message)]])
    }

    /// Glance's error: the status again for a code, and markup in the message.
    static func glance(_ status: Int, _ message: String) -> DemoAnswer {
        let titles = [401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"]
        let title = titles[status, default: "Error"]
        return json(
            status,
            ["message": "\(message)<br /><br />\n\n\n", "code": "\(status) \(title)", "title": .text(title)]
        )
    }

    func response(at now: Date) -> HTTPResponse {
        let headers = headers.merging([
            "Date": HTTPDate.text(now), "X-Openstack-Request-Id": "req-\(UUID().uuidString.lowercased())",
        ]) { $1 }
        return HTTPResponse(
            status: status,
            headers: HTTPHeaders(headers.map { .init(name: $0, value: $1) }),
            body: body
        )
    }
}
