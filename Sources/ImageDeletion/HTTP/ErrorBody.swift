import Foundation

/// What the body of an answer says about a failure, whatever its shape.
///
/// In the wild: IMS `{"error":{"code","message"}}`, Keystone with a number for code, Glance
/// `{"message","code":"403 Forbidden"}` with markup inside, IAM and gateways `{"error_code","error_msg"}`, Nova
/// `{"itemNotFound":{…}}`, and HTML, XML or plain text from proxies and from policies on the native APIs.
struct ErrorBody: Sendable {
    private(set) var code: String?
    private(set) var message: String?
    private(set) var requestID: String?

    init(_ body: Data, status: Int, redact: Redaction) {
        if let object = try? JSONSerialization.jsonObject(with: body) as? [String: Any] {
            read(object, status: status, depth: 0)
        } else {
            read(text: String(decoding: body, as: UTF8.self))
        }
        // Redacted before it is cut, so that no half of a secret stays at the end.
        code = code.map { String(redact($0).prefix(64)) }
        requestID = requestID.map { String(redact($0).prefix(128)) }
        message = message.map { PlainText.strippingMarkup(String(redact($0).prefix(65_536))) }.flatMap { text in
            text.isEmpty ? nil : text.count > 300 ? text.prefix(300) + "…" : text
        }
    }

    private mutating func read(_ object: [String: Any], status: Int, depth: Int) {
        requestID = requestID ?? object["request_id"] as? String
        message = ["error_msg", "message", "error_description"].lazy.compactMap { object[$0] as? String }.first
        code = ["error_code", "code"].lazy.compactMap { Self.code(object[$0], status: status) }.first
        guard message == nil, code == nil, depth < 3 else { return }
        // The error object first, then any fault wrapper; sorted, so that the choice is always the same.
        for key in object.keys.sorted(by: { ($0 == "error" ? 0 : 1, $0) < ($1 == "error" ? 0 : 1, $1) }) {
            if let inner = object[key] as? [String: Any] {
                read(inner, status: status, depth: depth + 1)
            } else if key == "error" {
                message = object[key] as? String
            }
            if message != nil || code != nil { return }
        }
    }

    /// A service's own code. Keystone, Nova and Glance repeat the status there ("403", "403 Forbidden"): no code.
    private static func code(_ value: Any?, status: Int) -> String? {
        let text = (value as? String) ?? (value as? Int).map(String.init)
        guard let text, !text.isEmpty, text != "\(status)", !text.hasPrefix("\(status) ") else { return nil }
        return text
    }

    private mutating func read(text: String) {
        code = ["error_code", "code"].lazy.compactMap { PlainText.element($0, in: text) }.first
        message = ["error_msg", "message"].lazy.compactMap { PlainText.element($0, in: text) }.first ?? text
    }
}

/// Text out of HTML and XML: enough for error pages, which is all that is ever read so.
enum PlainText {
    static func element(_ name: String, in text: String) -> String? {
        guard let start = text.range(of: "<\(name)>"),
            let end = text.range(of: "</\(name)>", range: start.upperBound..<text.endIndex)
        else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
    }

    static func strippingMarkup(_ markup: String) -> String {
        // What is said twice (title and heading of an error page) goes when something else is said as well.
        let body = removing("<head.*?</head>|<style.*?</style>|<script.*?</script>|<h1.*?</h1>", from: markup)
        let short = words(in: body)
        return short.isEmpty ? words(in: markup) : short
    }

    private static func words(in markup: String) -> String {
        var text = removing("<[/!?a-z][^>]*>", from: markup)
        for (entity, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&"),
        ] {
            text = text.replacingOccurrences(of: entity, with: character)
        }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func removing(_ pattern: String, from text: String) -> String {
        text.replacingOccurrences(of: "(?is)" + pattern, with: " ", options: .regularExpression)
    }
}
