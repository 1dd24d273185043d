import Foundation
import Testing

@testable import ImageDeletion

/// Signatures that others have computed.
@Suite("Request signature")
struct RequestSignatureTests {
    /// The key of the service's documentation, which it uses for its worked example.
    private static let key = Credentials.AccessKey(
        id: "QTWAOYTTINDUT2QVKYUC",
        secret: Secret("MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc")
    )

    private func request(
        _ method: String,
        _ address: String,
        headers: HTTPHeaders = [:],
        body: String? = nil
    ) throws -> HTTPRequest {
        HTTPRequest(
            method: method,
            url: try #require(URL(string: address)),
            headers: headers,
            body: body.map { Data($0.utf8) }
        )
    }

    private func canonicalRequest(_ method: String, _ address: String) throws -> [String] {
        try RequestSignature(of: request(method, address), by: Self.key).canonicalRequest
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("The signature of the documentation's example is the documentation's")
    func workedExample() throws {
        let request = try request(
            "GET",
            "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?"
                + "limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
            headers: ["Content-Type": "application/json", "X-Sdk-Date": "20191115T033655Z"]
        )
        let signature = RequestSignature(of: request, by: Self.key, signing: ["content-type", "host", "x-sdk-date"])
        #expect(
            SHA256.hexadecimal(SHA256.hash(Array(signature.canonicalRequest.utf8)))
                == "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"
        )
        #expect(
            signature.authorization
                == "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, "
                + "Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe"
        )
    }

    @Test("A signed request says when it was signed, and returns its signature as a secret")
    func sign() throws {
        var request = try request("DELETE", "https://ims.eu-de.otc.t-systems.com/v2/images/1")
        let secret = Self.key.sign(&request, at: Date(timeIntervalSince1970: 1_573_789_015))
        #expect(request.headers["X-Sdk-Date"] == "20191115T033655Z")
        let authorization = try #require(request.headers["Authorization"])
        #expect(authorization.contains("SignedHeaders=host;x-sdk-date, Signature="))
        #expect(authorization.hasSuffix(secret.value))
        #expect(secret.value.count == 64)
    }

    @Test(
        "The host is signed as clients send it",
        arguments: [
            ("https://ims.example/v2", "ims.example"), ("https://ims.example:443/v2", "ims.example"),
            ("https://ims.example:80/v2", "ims.example:80"), ("http://127.0.0.1:80", "127.0.0.1"),
            ("http://127.0.0.1:443/v2", "127.0.0.1:443"), ("https://ims.example:9292?limit=1", "ims.example:9292"),
            ("https://[::1]:9292/v2", "[::1]:9292"), ("https://[::1]:443/v2", "[::1]"),
        ]
    )
    func host(address: String, host: String) throws {
        #expect(try canonicalRequest("GET", address)[3] == "host:\(host)")
    }

    @Test(
        "The path is escaped once, and ends with a slash",
        arguments: [
            ("https://ims.example", "/"), ("https://ims.example/", "/"), ("https://ims.example/v2/", "/v2/"),
            ("https://ims.example/a%20b/%C3%BC/~*+", "/a%20b/%C3%BC/~%2A%2B/"),
        ]
    )
    func path(address: String, path: String) throws {
        #expect(try canonicalRequest("GET", address)[1] == path)
    }

    @Test(
        "The query is sorted before it is escaped",
        arguments: [
            ("", ""), ("?b=2&a=1", "a=1&b=2"), ("?tag=b&tag=a", "tag=a&tag=b"), ("?a", "a="), ("?a=1=2", "a=1%3D2"),
            ("?tag=a%3Ab&tag=a1", "tag=a1&tag=a%3Ab"), ("?tag=%C3%BC%2B%25~%2A%20", "tag=%C3%BC%2B%25~%2A%20"),
        ]
    )
    func query(query: String, canonical: String) throws {
        #expect(try canonicalRequest("GET", "https://ims.example/v2\(query)")[2] == canonical)
    }

    @Test("The body counts")
    func body() throws {
        let one = try request("PATCH", "https://ims.example/v2", body: "[]")
        let other = try request("PATCH", "https://ims.example/v2")
        #expect(
            RequestSignature(of: one, by: Self.key).signature != RequestSignature(of: other, by: Self.key).signature
        )
    }
}
