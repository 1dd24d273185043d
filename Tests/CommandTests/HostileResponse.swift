import Foundation
import ImageDeletionDemo
import TestSupport

/// A kind of request, and the arguments of a run that sends it.
enum RequestKind: String, CaseIterable, Sendable {
    case signIn, list, look, deletion, servers, members

    var arguments: [String] {
        switch self {
        case .signIn, .deletion: [Sample.id(1)]
        case .list: ["--yes", "--match", "*"]
        case .look: ["--dry-run", Sample.id(1)]
        case .servers: ["--unless-in-use", Sample.id(1)]
        case .members: ["--unless-shared", Sample.id(1)]
        }
    }

    /// The status of a successful response, or, for a deletion, of a refusal.
    var status: Int {
        switch self {
        case .signIn: 201
        case .deletion: 409
        case .list, .look, .servers, .members: 200
        }
    }

    /// The exit statuses that the contract has for a server that fails here.
    var exits: Set<Int32> {
        switch self {
        case .signIn, .list: [69, 77, 78]
        case .deletion, .look: [1, 77]
        // Nobody can say whether the image is in use, so it is kept, and the run says that it could not be checked.
        case .servers: [69, 77]
        case .members: [0, 69, 77]
        }
    }

    func takes(_ request: LoopbackServer.Request) -> Bool {
        let isList = request.path.contains("/v2/images?")
        return switch self {
        case .signIn: request.method == "POST"
        case .deletion: request.method == "DELETE"
        case .list: isList
        case .look: request.method == "GET" && request.path.hasSuffix(Sample.id(1))
        case .servers: request.path.contains("/servers/")
        case .members: request.path.hasSuffix("/members")
        }
    }
}

/// A malformed or hostile response. None of them reports that an image is deleted.
enum HostileResponse: String, CaseIterable, Sendable {
    case closed, reset, halfClosed, garbage, binary, noHead, http2, cutHead, cutBody
    case noStatus, hugeStatus, zeroStatus, switching, notModified, passing
    case negativeLength, wordLength, twoLengths, hugeLength, hugeChunk, wordChunk, cutChunk, shortChunk, lengthAndChunks
    case longHeader, manyHeaders, nullInHeader, foldedHeader, foreignHeader
    case continues, hints, twoAnswers
    case gzipGarbage, bomb, unknownEncoding
    case nested, nestedObjects, manyNothings, hugeNumber, infinity, loneSurrogate, nullByte, badUTF8, byteOrder
    case openTags, openHeads, entities, combining
    case basic, digest, proxy

    /// Returns the reply to a request whose response should have `status`.
    func reply(_ status: Int) -> LoopbackServer.Reply {
        switch self {
        case .closed: .bytes(Data())
        case .reset: .reset
        case .halfClosed: .halfClosed(Self.head(status, ["Content-Length: 9"]) + Data("{".utf8))
        case .garbage: .bytes(Data("what do you want?\r\n\r\n".utf8))
        case .binary: .bytes(Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7919) }))
        case .noHead: .bytes(Data("{}".utf8))
        case .http2: .bytes(Data("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u{12}\u{4}\0\0\0\0\0".utf8))
        case .cutHead: .bytes(Self.head(status, ["Content-Length: 0"]).dropLast(5))
        case .cutBody: .bytes(Self.head(status, ["Content-Length: 100"]) + Data("{}".utf8))
        case .noStatus: .bytes(Data("HTTP/1.1 \r\n\r\n".utf8))
        case .hugeStatus: .bytes(Data("HTTP/1.1 99999999999 X\r\nContent-Length: 0\r\n\r\n".utf8))
        case .zeroStatus: .bytes(Data("HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n".utf8))
        case .switching: .bytes(Data("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".utf8))
        case .notModified: .bytes(Self.head(304))
        case .passing: .bytes(Self.head(503, ["Retry-After: -99999999999", "Content-Length: 0"]))
        case .negativeLength: .bytes(Self.head(status, ["Content-Length: -5"]) + Data("{}".utf8))
        case .wordLength: .bytes(Self.head(status, ["Content-Length: two"]) + Data("{}".utf8))
        case .twoLengths: .bytes(Self.head(status, ["Content-Length: 1", "Content-Length: 2"]) + Data("{}".utf8))
        case .hugeLength: .bytes(Self.head(status, ["Content-Length: 9999999999999999999999"]) + Data("{}".utf8))
        case .hugeChunk: .bytes(Self.chunked(status) + Data("FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n".utf8))
        case .wordChunk: .bytes(Self.chunked(status) + Data("two\r\n{}\r\n0\r\n\r\n".utf8))
        case .cutChunk: .bytes(Self.chunked(status) + Data("7fffffff\r\n{}".utf8))
        case .shortChunk: .bytes(Self.chunked(status) + Data("1\r\n{}\r\n0\r\n\r\n".utf8))
        case .lengthAndChunks:
            .bytes(
                Self.head(status, ["Content-Length: 2", "Transfer-Encoding: chunked"])
                    + Data("4\r\nnull\r\n0\r\n\r\n".utf8)
            )
        case .longHeader: .bytes(Self.head(status, ["X-Subject-Token: " + String(repeating: "t", count: 1 << 20)]))
        case .manyHeaders: .bytes(Self.head(status, [String](repeating: "X-A: b", count: 200_000)))
        case .nullInHeader: .bytes(Self.head(status, ["X-A: \0\u{1}", "X-Subject-Token: a\0b", "Content-Length: 0"]))
        case .foldedHeader: .bytes(Self.head(status, ["X-Subject-Token: a", "\tb", "Content-Length: 0"]))
        case .foreignHeader:
            .bytes(Self.head(status, ["X-Subject-Token: tökén", "Content-Length: 2"]) + Data("{}".utf8))
        case .continues:
            .bytes(Self.interim("100 Continue") + Self.head(status, ["Content-Length: 2"]) + Data("{}".utf8))
        case .hints: .bytes(Self.interim("103 Hints") + Self.head(status, ["Content-Length: 2"]) + Data("{}".utf8))
        // A client that reads on would take the second for the answer to what it asks next.
        case .twoAnswers:
            .drip(
                Self.head(503, ["Content-Length: 0"]) + Self.head(204) + Self.head(204),
                every: 3600,
                again: Data()
            )
        case .gzipGarbage:
            .bytes(Self.head(status, ["Content-Encoding: gzip", "Content-Length: 5"]) + Data("hello".utf8))
        case .bomb: .bytes(Self.head(status, ["Content-Encoding: gzip"]) + Self.zeros)
        case .unknownEncoding:
            .bytes(Self.head(status, ["Content-Encoding: rot13", "Transfer-Encoding: rot13"]) + Data("{}".utf8))
        case .nested: Self.body(status, String(repeating: "[", count: 1 << 20))
        case .nestedObjects: Self.body(status, String(repeating: #"{"images":{"error":"#, count: 100_000))
        case .manyNothings:
            Self.body(
                status,
                #"{"images":[0"# + String(repeating: ",{}", count: 4_000_000) + #"],"servers":{},"members":{}}"#
            )
        case .hugeNumber:
            Self.body(status, #"{"code":\#(String(repeating: "9", count: 100_000)),"images":1e999999999}"#)
        case .infinity: Self.body(status, #"{"images":[{"id":1e999}],"servers":1e999,"token":NaN,"code":-1e999}"#)
        case .loneSurrogate: Self.body(status, #"{"message":"\ud800","images":"\udc00\ud800","code":"\ud800x"}"#)
        case .nullByte: Self.body(status, "\0{\"message\":\"\\u0000\0\",\"images\":[\0]}\0")
        case .badUTF8:
            .answer(
                status,
                body: Data(#"{"message":""#.utf8) + Data([0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80]) + Data("\"}".utf8)
            )
        case .byteOrder: .answer(status, body: Data([0xFF, 0xFE]) + Data("{}".utf8))
        case .openTags: Self.body(status, String(repeating: "<a", count: 1 << 20))
        case .openHeads: Self.body(status, String(repeating: "<head>", count: 1 << 18))
        case .entities: Self.body(status, String(repeating: "&lt;", count: 1 << 20))
        case .combining:
            Self.body(status, #"{"message":"e"# + String(repeating: "\u{301}", count: 1 << 20) + #"","code":"x"}"#)
        case .basic: .answer(401, headers: ["WWW-Authenticate": #"Basic realm="x""#])
        case .digest: .answer(401, headers: ["WWW-Authenticate": #"Digest realm="x", nonce="1", algorithm=MD5"#])
        case .proxy: .answer(407, headers: ["Proxy-Authenticate": #"Basic realm="x""#])
        }
    }

    private static func head(_ status: Int, _ fields: [String] = []) -> Data {
        Data(("HTTP/1.1 \(status) Status\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
    }

    private static func chunked(_ status: Int) -> Data { head(status, ["Transfer-Encoding: chunked"]) }

    private static func interim(_ status: String) -> Data {
        Data(String(repeating: "HTTP/1.1 \(status)\r\nLink: <a>\r\n\r\n", count: 100_000).utf8)
    }

    private static func body(_ status: Int, _ text: String) -> LoopbackServer.Reply {
        .answer(status, headers: ["Content-Type": "application/json"], body: Data(text.utf8))
    }

    /// 400 MB of zeros as gzip writes them.
    private static let zeros: Data = {
        // A block with fixed codes (RFC 1951, 3.2.6): a zero byte, then again and again 258 bytes from one byte before.
        let bits = Array(("110" + "00110000" + String(repeating: "1100010100000", count: 16)).utf8)
        let bytes = (0..<15).map { byte in
            (0..<8).reduce(UInt8(0)) { $0 | (bits[byte * 8 + $1] == UInt8(ascii: "1") ? 1 << UInt8($1) : 0) }
        }
        // 8 of them are 13 bytes.
        let again = [[UInt8]](repeating: Array(bytes[2...]), count: 200_000).joined()
        return Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bytes[..<2] + again)
    }()
}
