import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// The executable against servers that do what no honest one does. It ends by itself, in bounded time and memory, says
/// nothing of an image that it does not know, and gives nothing away.
@Suite("Hostile servers", .serialized, .timeLimit(.minutes(10)))
struct HostileServerTests {
    /// What a run may ask for; one that reads a body of 16 MB asks for half of it.
    private static let megabytes = 512

    /// Lent out, so that its members are asked for.
    private static let image = DemoImage(id: Sample.id(1), name: "nightly", visibility: "shared", members: ["p"])

    /// A run whose image is hostile at `kind`: it is not deleted there, whatever is answered.
    fileprivate static func run(
        _ kind: RequestKind,
        _ options: [String],
        environment: [String: String] = [:],
        reply: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply
    ) async throws -> (run: Executable.Finished, cloud: LoopbackCloud, asked: Int) {
        let asked = Locked(0)
        let cloud = try LoopbackCloud(images: [image]) { request, _ in
            guard kind.takes(request) else { return nil }
            asked.withLock { $0 += 1 }
            return reply(request)
        }
        let program =
            Executable.canLimit
            ? Executable.deleteImage.bounded(megabytes: megabytes) : Executable.deleteImage
        let run = try await program.run(
            ["--no-token-cache"] + options + kind.arguments,
            environment: cloud.environment.merging(environment) { $1 }
        )
        return (run, cloud, asked.value)
    }

    @Test("Continues with a true report and receipt when a response breaks off in its head")
    func brokenHead() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(3)) { request, earlier in
            request.method == "DELETE" && earlier == 1 ? .bytes(Data("HTTP/1.1 204 No Content\r\nX-".utf8)) : nil
        }
        let folder = try TemporaryFolder()
        let arguments = ["--json", "--retries", "0", "--concurrency", "1", "--receipt", folder.file("receipt").path]
        let run = try await cloud.run(arguments + (1...3).map(Sample.id))
        #expect(run.status == 1)
        #expect(try run.report().images.map(\.outcome) == ["deleted", "failed", "deleted"])
        let again = try await cloud.run(arguments + (1...3).map(Sample.id))
        #expect(try again.report().images.map(\.outcome) == ["deleted", "deleted", "deleted"])
        #expect(await cloud.remaining().isEmpty)
    }

    @Test(
        "Ends, reports the failure, and deletes nothing, whatever a server sends",
        arguments: Sampling.of(
            Sampling.pairs(HostileResponse.allCases.filter { $0 != .twoAnswers }, RequestKind.allCases),
            15
        )
    )
    func hostile(response: HostileResponse, kind: RequestKind) async throws {
        // The second try is where a lost answer matters.
        let retries = kind == .deletion ? "1" : "0"
        let options = ["--json", "-v", "--retries", retries, "--timeout", "20"]
        let (run, cloud, asked) = try await Self.run(kind, options) { _ in response.reply(kind.status) }
        let what: Comment = "\(kind) \(response): \(run.output) \(run.errors.suffix(500))"
        #expect(asked > 0, what)
        #expect(kind.exits.contains(run.status), what)
        let report = try run.report()
        #expect(report.summary["deleted"] == 0, what)
        #expect(await cloud.remaining() == [Sample.id(1)], what)
        #expect(run.isFitForATerminal, what)
        #expect(run.keeps(cloud.environment["OS_PASSWORD"]), what)
        #expect(run.keeps(cloud.requests.lazy.compactMap { $0.headers["x-auth-token"] }.first), what)
        #expect(run.output.utf8.count + run.errors.utf8.count < 20_000, what)
        if kind == .deletion, let row = report.images.first {
            // Without a whole answer, nobody knows.
            #expect(row.status != nil || row.detail?.contains("It may be gone nevertheless") == true, what)
        }
    }

    @Test(
        "Sends nothing to the target of a redirect",
        arguments: Sampling.pairs(RequestKind.allCases, [301, 302, 303, 307, 308])
    )
    func redirect(kind: RequestKind, status: Int) async throws {
        let received = Locked(0)
        let elsewhere = try LoopbackServer { _ in
            received.withLock { $0 += 1 }
            return .answer(204)
        }
        defer { elsewhere.stop() }
        for form in ["http://localhost:%/x", "//localhost:%/x", "http://iam.example@localhost:%/", "HTTP:localhost:%"] {
            let address = form.replacing("%", with: "\(elsewhere.port)")
            let (run, cloud, asked) = try await Self.run(kind, ["--json", "--retries", "1"]) { _ in
                .answer(status, headers: ["Location": address, "Refresh": "0; url=\(address)"])
            }
            #expect(asked == 1)
            #expect(kind.exits.contains(run.status))
            #expect(run.output.contains("Redirects are not followed"))
            #expect(await cloud.remaining() == [Sample.id(1)])
        }
        #expect(elsewhere.connectionCount == 0)
        #expect(received.value == 0)
    }

    @Test("Does not follow a redirect on the endpoint's own host", arguments: [301, 307])
    func redirectHome(status: Int) async throws {
        let (run, cloud, _) = try await Self.run(.deletion, []) { request in
            .answer(status, headers: ["Location": request.path.replacing(Sample.id(1), with: Sample.id(2))])
        }
        #expect(run.status == 1)
        #expect(cloud.count("DELETE") == 1)
    }

    @Test("Does not use a second response for the next request")
    func smuggled() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1)) { request, earlier in
            guard request.method == "DELETE" else { return nil }
            return earlier == 0 ? HostileResponse.twoAnswers.reply(409) : .answer(409, body: Data("in use".utf8))
        }
        let run = try await cloud.run(["--json", "--retries", "1", "--timeout", "3", Sample.id(1)])
        #expect(cloud.count("DELETE") > 0)
        #expect(try run.report().images.map(\.outcome) == ["failed"])
    }

    @Test(
        "Accepts a 204 with unusual headers",
        arguments: ["1.0 204 No Content", "1.1 204 OK\r\nContent-Length: 5"]
    )
    func noContent(line: String) async throws {
        let (run, _, asked) = try await Self.run(.deletion, ["--json"]) { _ in
            .bytes(Data("HTTP/\(line)\r\n\r\nhello".utf8))
        }
        #expect(asked == 1)
        #expect(try run.report().images.map(\.outcome) == ["deleted"])
    }

    @Test(
        "Does not report an image as missing when a gateway does not know the API",
        arguments: ["APIG", "APIGW"],
        ["0101", "0103"]
    )
    func gateway(prefix: String, number: String) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1)) { request, earlier in
            guard request.method == "DELETE" else { return nil }
            // The first answer is lost, so that a 404 would mean that the deletion was done.
            return earlier == 0
                ? HostileResponse.cutBody.reply(500)
                : .answer(404, body: Data(#"{"error_code":"\#(prefix).\#(number)","error_msg":"no API"}"#.utf8))
        }
        let run = try await cloud.run(["--json", "--retries", "1", Sample.id(1)])
        #expect(run.status == 1)
        let row = try #require(try run.report().images.first)
        #expect(row.outcome == "failed")
        #expect(row.code == "\(prefix).\(number)")
        #expect(row.detail?.contains("No such API there") == true)
        #expect(row.detail?.contains("It may be gone nevertheless") == true)
    }

    @Test(
        "Sends nothing when the catalog has an unsafe address",
        arguments: [
            "file:///etc/passwd", "ftp://127.0.0.1/", "javascript:alert(1)", "http://user:pass@127.0.0.1/",
            "http://127.0.0.1/#x", "http://127.0.0.1/?x=", "gopher://127.0.0.1", "http://", "//127.0.0.1/", "",
            "http://ims.example/", "http://127.0.0.1.example/", "http://0x7f000001/", "http://127.1/",
            "http://\u{1B}[2J/", "http://127.0.0.1\r\nX-A: b/", "unix:/run/x.sock", "data:,x",
        ]
    )
    func catalog(url: String) async throws {
        let (run, cloud, asked) = try await Self.run(.signIn, []) { _ in
            SampleTokenResponse {
                $0.imageEndpoints = [.init("eu-demo", url)]
                $0.expiresAt = "2999-01-01T00:00:00Z"
            }.reply
        }
        #expect(asked == 1)
        #expect(run.status == 78)
        #expect(cloud.requests.count == 1)
        #expect(run.isFitForATerminal)
    }

    @Test(
        "Does not send a token with a line break",
        arguments: ["\r\n", "\n", "\r"]
    )
    func tokenWithLineBreak(lineBreak: String) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let variables = [
            "OS_TOKEN": "token\(lineBreak)X-Evil: yes",
            "OS_IMAGE_ENDPOINT_OVERRIDE": cloud.cloud.imageURL.absoluteString,
        ]
        let run = try await Executable.deleteImage.run(
            ["--no-token-cache", Sample.id(1), Sample.id(2)],
            environment: variables
        )
        #expect(run.status == 78, "\(run.errors)")
        #expect(run.errors.contains("the header X-Auth-Token contains a line break"), "\(run.errors)")
        #expect(cloud.connections == 0)
    }

    @Test("Reads a catalog with thousands of entries")
    func bigCatalog() async throws {
        let (run, cloud, _) = try await Self.run(.signIn, ["--json"]) { request in
            SampleTokenResponse {
                $0.imageEndpoints = [.init("eu-demo", "http://\(request.headers["host"] ?? "")/image")]
                $0.otherTypes = (0..<Sampling.count(100_000, sample: 20_000)).map { "type-\($0)" }
                $0.expiresAt = "2999-01-01T00:00:00Z"
            }.reply
        }
        // The token is of the test's making, so the image service takes it for none.
        #expect(run.status == 77)
        #expect(cloud.count("DELETE") == 2)
    }
}

/// Servers whose responses never end. Each run waits for its time limit.
@Suite("Endless responses", .serialized, .timeLimit(.minutes(10)))
struct EndlessResponseTests {
    enum Endless: String, CaseIterable {
        case silence, body, redirectBody, headers, interim, trailers, chunkExtension, blanks

        func reply(_ status: Int) -> LoopbackServer.Reply {
            let block = String(repeating: "x", count: 0x10000)
            let chunked = "HTTP/1.1 \(status) X\r\nTransfer-Encoding: chunked\r\n"
            let (head, again) =
                switch self {
                case .silence: ("", "")
                case .body: (chunked + "\r\n", "10000\r\n\(block)\r\n")
                case .redirectBody:
                    (
                        chunked.replacing("\(status)", with: "302") + "Location: http://localhost:1/\r\n\r\n",
                        "10000\r\n\(block)\r\n"
                    )
                case .headers: ("HTTP/1.1 \(status) X\r\n", String(repeating: "X-A: b\r\n", count: 1000))
                case .interim: ("", String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1000))
                case .trailers: (chunked + "\r\n2\r\n{}\r\n0\r\n", String(repeating: "X-A: b\r\n", count: 1000))
                case .chunkExtension: (chunked + "\r\n2;a=", block)
                case .blanks: (chunked + "\r\n", "10000\r\n" + String(repeating: " ", count: 0x10000) + "\r\n")
                }
            return .drip(Data(head.utf8), every: self == .silence ? 3600 : 0, again: Data(again.utf8))
        }
    }

    @Test(
        "Stops reading a response that does not end",
        arguments: Sampling.pairs(Endless.allCases, [RequestKind.signIn, .list, .deletion])
    )
    func endless(endless: Endless, kind: RequestKind) async throws {
        let (run, cloud, asked) = try await HostileServerTests.run(
            kind,
            ["--json", "--retries", "0", "--timeout", "2"]
        ) { _ in
            endless.reply(kind.status)
        }
        #expect(asked == 1)
        #expect(kind.exits.contains(run.status))
        #expect(try run.report().summary["deleted"] == 0)
        #expect(await cloud.remaining() == [Sample.id(1)])
        if kind == .deletion {
            #expect(try run.report().images.first?.detail?.contains("It may be gone nevertheless") == true)
        }
    }
}
