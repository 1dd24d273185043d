import ImageDeletionEssentials

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
        // No service says more. A tree of 16 MB of braces would fill the memory.
        let body = body.prefix(1 << 20)
        if let object = (try? JSONValue(body, allowsDuplicateKeys: true))?.members {
            read(object, status: status, depth: 0)
        } else {
            read(text: String(decoding: body, as: UTF8.self))
        }
        // Redacted before it is cut, so that no half of a secret is left at the end, and again without the markup, which
        // may have stood between its letters.
        code = code.map { redact($0.cut(to: 65_536)).cut(to: 64) }
        requestID = requestID.map { redact($0.cut(to: 65_536)).cut(to: 128) }
        message = message.map { redact(PlainText.strippingMarkup(redact($0.cut(to: 65_536)))) }.flatMap { text in
            let short = text.cut(to: 300)
            return text.isEmpty ? nil : short == text ? text : short + "…"
        }
    }

    private mutating func read(_ object: [String: JSONValue], status: Int, depth: Int) {
        requestID = requestID ?? object["request_id"]?.string
        message = ["error_msg", "message", "error_description"].lazy.compactMap { object[$0]?.string }.first
        code = ["error_code", "code"].lazy.compactMap { Self.code(object[$0], status: status) }.first
        guard message == nil, code == nil, depth < 3 else { return }
        // The error object first, then any fault wrapper; sorted, so that the choice is always the same.
        for key in object.keys.sorted(by: { ($0 == "error" ? 0 : 1, $0) < ($1 == "error" ? 0 : 1, $1) }) {
            if let inner = object[key]?.members {
                read(inner, status: status, depth: depth + 1)
            } else if key == "error" {
                message = object[key]?.string
            }
            if message != nil || code != nil { return }
        }
    }

    /// A service's own code. Keystone, Nova and Glance repeat the status there ("403", "403 Forbidden"): no code.
    private static func code(_ value: JSONValue?, status: Int) -> String? {
        let text = value?.string ?? value?.wholeNumber.map(String.init)
        guard let text, !text.isEmpty, text != "\(status)", !text.hasPrefix("\(status) ") else { return nil }
        return text
    }

    private mutating func read(text: String) {
        code = ["error_code", "code"].lazy.compactMap { PlainText.element($0, in: text) }.first
        message = ["error_msg", "message"].lazy.compactMap { PlainText.element($0, in: text) }.first ?? text
    }
}

extension String {
    /// The first `count` Unicode scalars: a character may have any number of them.
    fileprivate func cut(to count: Int) -> String { String(unicodeScalars.prefix(count)) }
}
