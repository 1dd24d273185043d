import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Servers that echo what is secret, and that write to the terminal of whoever runs this.
@Suite("Hostile text", .serialized, .timeLimit(.minutes(10)))
struct HostileTextTests {
    /// A secret with everything in it that somebody spells in another way.
    private static let secret = #"pa"ss/w\rd&<ö>%20+two  blanks=?"#

    /// How a server may spell a secret.
    enum Spelling: CaseIterable {
        case plain, json, asciiJSON, escapedSlashes, html, percent, lowerPercent, path, form, markup, brokenLine

        func callAsFunction(_ text: String) -> String {
            let percent = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.intersection(.ascii)) ?? ""
            let json = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return switch self {
            case .plain: text
            case .json: json
            case .asciiJSON: json.replacing("ö", with: "\\u00f6")
            case .escapedSlashes: json.replacing("/", with: "\\/")
            case .html: text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            case .percent: percent
            case .lowerPercent:
                percent.replacing("%3C", with: "%3c").replacing("%C3%B6", with: "%c3%b6")
                    .replacing("%3E", with: "%3e").replacing("%2F", with: "%2f").replacing("%5C", with: "%5c")
                    .replacing("%2B", with: "%2b").replacing("%3D", with: "%3d").replacing("%3F", with: "%3f")
            case .path: percent.replacing("%2F", with: "/")
            case .form: percent.replacing("%20", with: "+")
            // What is left of these when markup and line ends are gone is the secret.
            case .markup: text.replacing("&", with: "&amp;").replacing("<ö>", with: "&lt;ö&gt;")
            case .brokenLine: text.replacing("  ", with: " \n ")
            }
        }
    }

    enum Shape: CaseIterable {
        case text, html, message, code, nested, requestID, statusLine, location

        func reply(_ text: String) -> LoopbackServer.Reply {
            let line = text.replacing("\n", with: " ")
            func json(_ object: [String: Any]) -> Data {
                (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
            }
            return switch self {
            case .text: .answer(409, body: Data("You sent \(text), really".utf8))
            case .html: .answer(409, body: Data("<html><p>You sent <b>\(text)</b></p></html>".utf8))
            case .message: .answer(409, body: json(["error": ["message": "You sent \(text)"]]))
            case .code: .answer(409, body: json(["error_code": text, "error_msg": "no", "request_id": text]))
            case .nested: .answer(409, body: json(["error": ["x": ["message": #"{"password":"\#(text)"}"#]]]))
            case .requestID: .answer(409, headers: ["X-Request-Id": line, "X-Openstack-Request-Id": "req-\(line)"])
            case .statusLine: .bytes(Data("HTTP/1.1 409 \(line)\r\nContent-Length: 0\r\n\r\n".utf8))
            case .location: .answer(302, headers: ["Location": "http://127.0.0.1:1/?\(line)"])
            }
        }
    }

    /// Only in plain text are blanks made fewer.
    private static let echoes =
        Sampling.pairs(Spelling.allCases.filter { $0 != .brokenLine }, Shape.allCases)
        + Sampling.pairs([.brokenLine], [.text, .html, .message])

    @Test("Redacts an echoed password in any spelling", arguments: echoes)
    func password(spelling: Spelling, shape: Shape) async throws {
        let echo = spelling(Self.secret)
        let cloud = try LoopbackCloud { request, _ in request.method == "POST" ? shape.reply(echo) : nil }
        for options in [["-v"], ["--json"]] {
            let run = try await cloud.run(options + [Sample.id(1)], ["OS_PASSWORD": Self.secret])
            #expect([77, 78, 69].contains(run.status))
            let shown = run.output + run.errors
            for part in [Self.secret, echo, "ö", "%C3%B6", "%c3%b6", "u00f6", "w\\rd", "w%5"] {
                #expect(!shown.contains(part), "\(spelling) \(shape): \(shown)")
            }
        }
    }

    @Test("Redacts a token that images, catalogs and projects have as a name")
    func tokenAsName() async throws {
        let token = "gAAAA/" + String(repeating: "t0ken+", count: 30)
        let cloud = try LoopbackCloud { request, _ in
            if request.method == "POST" {
                return SampleTokenResponse {
                    $0.token = token
                    $0.projectName = nil
                    $0.projectID = token
                    $0.expiresAt = "2999-01-01T00:00:00Z"
                    let host = request.headers["host"] ?? ""
                    $0.imageEndpoints = [.init("eu-demo", "http://\(host)/\(token)")]
                }.reply
            }
            return request.method == "GET"
                ? .json(["id": Sample.id(1), "name": "<\(token)>", "owner": token, "visibility": token])
                : .answer(409, body: Data("no".utf8))
        }
        for options in [["-v", "--dry-run"], ["--json", "--dry-run"], ["-v", "--unless-shared"]] {
            let run = try await cloud.run(
                options + [Sample.id(1)],
                ["OS_PROJECT_NAME": nil, "OS_PROJECT_ID": "(redacted)"]
            )
            #expect(cloud.count("GET") > 0, "\(run.output) \(run.errors)")
            #expect(!(run.output + run.errors).contains("t0ken"), "\(run.output) \(run.errors)")
        }
    }

    @Test(
        "Reads a list full of escapes in linear time",
        .enabled(if: Executable.canLimit, "needs prlimit")
    )
    func escapes() async throws {
        let name = String(repeating: #"\u00f6"#, count: 60)
        let images = (1...Sampling.count(20_000, sample: 5_000)).map {
            #"{"id":"\#(Sample.id($0))","name":"\#(name)","owner":"\#(DemoImage.projectID)","visibility":"private"}"#
        }
        let body = Data(#"{"images":[\#(images.joined(separator: ","))],"first":"/v2/images"}"#.utf8)
        let cloud = try LoopbackCloud { request, _ in
            request.method == "GET" && request.path.contains("/v2/images?")
                ? .answer(200, body: request.path.contains("marker=") ? Data(#"{"images":[]}"#.utf8) : body) : nil
        }
        // The same list in plain text takes a quarter of that.
        let run = try await Executable.deleteImage.limited("--cpu=\(Sampling.count(4, sample: 1))")
            .run(["--no-token-cache", "--match", "ü*", "--dry-run"], environment: cloud.environment)
        #expect(run.status == 0, "\(run.status) \(run.errors)")
    }

    /// Control sequences of 7 and 8 bits, marks that turn the writing direction, and ends of lines.
    private static let evil =
        "\u{1B}[2J\u{1B}]0;x\u{7}\u{9B}31m\u{85}\u{90}\u{202A}\u{202E}\u{2066}\u{2069}\u{200F}\u{FEFF}\u{2028}\r\u{8}\n"
        + "  deleted  \(Sample.id(1))\n"

    @Test(
        "Prints no control codes or line breaks from a server",
        arguments: Sampling.pairs(Shape.allCases, RequestKind.allCases)
    )
    func controls(shape: Shape, place: RequestKind) async throws {
        let image = DemoImage(id: Sample.id(1), name: Self.evil, visibility: "shared", members: [Self.evil])
        let cloud = try LoopbackCloud(images: [image]) { request, _ in
            place.takes(request) ? shape.reply(Self.evil) : nil
        }
        for options in [["-v"], ["--json"], []] {
            let run = try await cloud.run(options + place.arguments)
            #expect(run.status >= 0)
            #expect(run.isFitForATerminal, "\(run.output) \(run.errors)")
            #expect(!run.lines.contains { $0.hasPrefix("  deleted") }, "\(run.output)")
            if options == ["--json"] { #expect(try run.report().summary["deleted"] == 0) }
        }
    }
}

extension CharacterSet {
    fileprivate static let ascii = CharacterSet(charactersIn: "\u{20}"..."\u{7E}")
}
