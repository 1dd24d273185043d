import ImageDeletionEssentials

/// A request's signature by an access key (SDK-HMAC-SHA256).
///
/// Huawei Cloud: "AK/SK Signing and Authentication Algorithm"; Open Telekom Cloud: "AK/SK Authentication".
struct RequestSignature: Sendable {
    /// The text whose digest is signed.
    let canonicalRequest: String
    /// The signature, in hexadecimal digits.
    let signature: String
    /// The value of the `Authorization` header field.
    let authorization: String

    /// Signs `request`, whose `X-Sdk-Date` is set.
    ///
    /// - Parameter names: The header fields that are signed, in lower case and in alphabetical order.
    init(of request: HTTPRequest, by key: Credentials.AccessKey, signing names: [String] = ["host", "x-sdk-date"]) {
        let fields = names.map { name in
            "\(name):\(name == "host" ? request.url.hostField : request.headers[name] ?? "")\n"
        }
        let signedHeaders = names.joined(separator: ";")
        canonicalRequest = [
            request.method, request.url.canonicalPath, request.url.canonicalQuery, fields.joined(), signedHeaders,
            SHA256.hexadecimal(SHA256.hash(Array(request.body ?? Data()))),
        ].joined(separator: "\n")
        let stringToSign = [
            Self.algorithm, request.headers["X-Sdk-Date"] ?? "",
            SHA256.hexadecimal(SHA256.hash(Array(canonicalRequest.utf8))),
        ].joined(separator: "\n")
        signature = SHA256.hexadecimal(
            SHA256.authenticationCode(of: Array(stringToSign.utf8), key: Array(key.secret.value.utf8))
        )
        authorization = "\(Self.algorithm) Access=\(key.id), SignedHeaders=\(signedHeaders), Signature=\(signature)"
    }

    private static let algorithm = "SDK-HMAC-SHA256"

    /// Returns `date` as `X-Sdk-Date` has it, like `20191115T033655Z`.
    static func text(_ date: Date) -> String {
        date.formatted(ServiceDate.compact)
    }
}

extension Credentials.AccessKey {
    /// Signs `request` for an attempt at `date`, and returns the signature, which nobody may see.
    func sign(_ request: inout HTTPRequest, at date: Date) -> Secret {
        request.headers["X-Sdk-Date"] = RequestSignature.text(date)
        let signature = RequestSignature(of: request, by: self)
        request.headers["Authorization"] = signature.authorization
        return Secret(signature.signature)
    }
}

extension URL {
    /// The `Host` that a client sends: with the port, unless it is the scheme's own.
    fileprivate var hostField: String {
        let address = absoluteString
        let start = address.firstRange(of: "://")?.upperBound ?? address.startIndex
        let host = String(address[start...].prefix { !"/?".contains($0) })
        let ownPort = scheme?.lowercased() == "http" ? ":80" : ":443"
        return host.hasSuffix(ownPort) ? String(host.dropLast(ownPort.count)) : host
    }

    /// The path with everything escaped but the unreserved characters; it ends with a slash.
    fileprivate var canonicalPath: String {
        let parts = path(percentEncoded: true).split(separator: "/", omittingEmptySubsequences: false)
        let path = parts.map { [UInt8](percentEncoded: $0).percentEncoded }.joined(separator: "/")
        return path.hasSuffix("/") ? path : path + "/"
    }

    /// The query's items in the order of their names and values before they are escaped.
    fileprivate var canonicalQuery: String {
        let items = (query(percentEncoded: true) ?? "").split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: [UInt8](percentEncoded: parts[0]), value: [UInt8](percentEncoded: parts.dropFirst().joined()))
        }
        return items.sorted { one, other in
            one.name == other.name
                ? one.value.lexicographicallyPrecedes(other.value) : one.name.lexicographicallyPrecedes(other.name)
        }.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
    }
}
