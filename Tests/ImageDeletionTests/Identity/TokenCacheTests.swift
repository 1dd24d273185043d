import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import ImageDeletion

/// The file that tokens are kept in between runs.
@Suite("Token cache", .timeLimit(.minutes(10)))
struct TokenCacheTests {
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("work/deep/token-cache.json")
    }

    private var cache: TokenCache { .file(file) }

    private func mode(_ url: URL) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? NSNumber)?.intValue
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path).sorted()
    }

    /// What was told about the cache.
    private func told(_ fixture: ServiceFixture) -> [ServiceEvent] {
        fixture.events.value.filter { event in
            switch event {
            case .tokenCacheNotWritten, .tokenCacheNotTrusted: true
            default: false
            }
        }
    }

    // MARK: What is kept

    @Test("Creates the folder and a file for its owner only")
    func made() async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service(tokenCache: cache).signIn()
        #expect(try mode(file) == 0o600)
        #expect(try mode(file.deletingLastPathComponent()) == 0o700)
        #expect(try names() == ["token-cache.json", "token-cache.json.lock"])
        #expect(told(fixture) == [])
    }

    @Test("Caches the token and the endpoint for the next run")
    func shared() async throws {
        let fixture = ServiceFixture()
        let first = try await fixture.service(tokenCache: cache).signIn()
        let second = try fixture.service(tokenCache: cache)
        #expect(try await second.signIn() == first)
        try await second.delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.requests.map(\.method) == ["POST", "DELETE"])
    }

    @Test("Caches nothing without a file")
    func none() async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service().signIn()
        _ = try await fixture.service().signIn()
        #expect(fixture.transport.count("POST") == 2)
    }

    static let others: [[String: String?]] = [
        ["OS_PROJECT_ID": "70c77dc6bbfa40dbb5f00e6705972d6f"], ["OS_USER_DOMAIN_NAME": "Other"],
        ["OS_AUTH_URL": "https://other.example"], ["OS_USERNAME": "jo"], ["OS_USER_ID": "u1"],
        ["OS_USER_DOMAIN_NAME": nil, "OS_USER_DOMAIN_ID": "Default"], ["OS_PROJECT_DOMAIN_NAME": "Other"],
        ["OS_APPLICATION_CREDENTIAL_ID": "a", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil],
    ]

    @Test("Keeps one entry per identity", arguments: others.indices)
    func identities(index: Int) async throws {
        let fixture = ServiceFixture { request, earlier in
            request.method == "POST" ? SampleTokenResponse { $0.token = "token-\(earlier)" }.fault : .answer(204)
        }
        for changes in [[:], Self.others[index], [:], Self.others[index]] {
            try await fixture.service(changes, tokenCache: cache).delete(imageWithID: Sample.id(1))
        }
        #expect(fixture.transport.count("POST") == 2)
        #expect(
            fixture.transport.requests.filter { $0.method == "DELETE" }.map { $0.header("X-Auth-Token") }
                == ["token-0", "token-1", "token-0", "token-1"]
        )
    }

    @Test("Caches an endpoint per region")
    func region() async throws {
        let fixture = ServiceFixture { request, _ in
            guard request.method == "POST" else { return .answer(204) }
            return SampleTokenResponse {
                $0.imageEndpoints = [.init("east", "https://east.example"), .init("west", "https://west.example")]
            }.fault
        }
        for region in ["east", "west"] {
            try await fixture.service(["OS_REGION_NAME": region], tokenCache: cache).delete(imageWithID: Sample.id(1))
        }
        #expect(fixture.transport.requests.map(\.url.host) == ["iam.demo.example", "east.example", "west.example"])
    }

    @Test("Does not cache a token from OS_TOKEN")
    func foreign() async throws {
        let fixture = ServiceFixture { _, _ in SampleTokenResponse { $0.status = 200 }.fault }
        _ = try await fixture.service(["OS_TOKEN": "from-elsewhere"], tokenCache: cache).signIn()
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    // MARK: How long

    @Test("Uses a token until five minutes before its expiry")
    func margin() async throws {
        let fixture = ServiceFixture(tokenLifetime: 3600)
        let first = try fixture.service(tokenCache: cache)
        _ = try await first.signIn()
        fixture.clock.advance(by: 3600 - 300 - 1)
        _ = try await first.signIn()
        _ = try await fixture.service(tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 1)
        fixture.clock.advance(by: 1)
        _ = try await fixture.service(tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 2)
        // The older run takes what the newer one brought.
        _ = try await first.signIn()
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test("Uses a short-lived token only in its own run")
    func shortLived() async throws {
        let fixture = ServiceFixture(tokenLifetime: 240)
        let first = try fixture.service(tokenCache: cache)
        _ = try await first.signIn()
        fixture.clock.advance(by: 239)
        _ = try await first.signIn()
        #expect(fixture.transport.count("POST") == 1)
        _ = try await fixture.service(tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 2)
        fixture.clock.advance(by: 1)
        _ = try await first.signIn()
        #expect(fixture.transport.count("POST") == 3)
    }

    // MARK: Files that are not to be trusted

    enum Damage: CaseIterable {
        case damaged, truncated, empty, otherSchema, groupReadable, worldReadable, groupWritable, symbolicLink
        case hardLink, enormous

        func apply(_ file: URL, _ other: URL) throws {
            let content = try Data(contentsOf: file)
            func write(_ data: Data) throws {
                let handle = try FileHandle(forWritingTo: file)
                try handle.truncate(atOffset: 0)
                try handle.write(contentsOf: data)
                try handle.close()
            }
            func change(mode: Int) throws {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
            }
            switch self {
            case .damaged: try write(Data("{".utf8) + content)
            case .truncated: try write(content.prefix(content.count / 2))
            case .empty: try write(Data())
            case .otherSchema:
                let text = String(decoding: content, as: UTF8.self)
                try write(Data(text.replacingOccurrences(of: "token-cache/", with: "token-cache/9").utf8))
            case .groupReadable: try change(mode: 0o640)
            case .worldReadable: try change(mode: 0o604)
            case .groupWritable: try change(mode: 0o620)
            case .symbolicLink:
                try FileManager.default.moveItem(at: file, to: other)
                try FileManager.default.createSymbolicLink(at: file, withDestinationURL: other)
            case .hardLink: try FileManager.default.linkItem(at: file, to: other)
            case .enormous: try write(content + Data(repeating: 0x20, count: 5 << 20))
            }
        }
    }

    @Test("Replaces an untrusted file and warns once", arguments: Damage.allCases)
    func notTrusted(damage: Damage) async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service(tokenCache: cache).signIn()
        let other = folder.file("other")
        try damage.apply(file, other)
        let elsewhere = try? Data(contentsOf: other)
        try await fixture.service(tokenCache: cache).delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.count("POST") == 2)
        let events = told(fixture)
        #expect(events.count == 1)
        guard case .tokenCacheNotTrusted(let path, let reason)? = events.first else {
            Issue.record("told \(events)")
            return
        }
        #expect(path == file.path)
        #expect(!reason.isEmpty)
        #expect(try mode(file) == 0o600)
        let untouched = try? Data(contentsOf: other)
        #expect(untouched == elsewhere)
        _ = try await fixture.service(tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 2)
        #expect(told(fixture).count == 1)
        #expect(try names() == ["token-cache.json", "token-cache.json.lock"])
    }

    @Test("Warns about a folder in place of the file")
    func directory() async throws {
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        let fixture = ServiceFixture()
        try await fixture.service(tokenCache: cache).delete(imageWithID: Sample.id(1))
        let events = told(fixture)
        #expect(events.count == 2)
        guard case .tokenCacheNotTrusted? = events.first, case .tokenCacheNotWritten? = events.last else {
            Issue.record("told \(events)")
            return
        }
        #expect(try names() == ["token-cache.json", "token-cache.json.lock"])
    }

    @Test("Continues without a cache when no file can be created")
    func notWritable() async throws {
        try Data().write(to: folder.file("file"))
        let path = folder.file("file/work/token-cache.json")
        let fixture = ServiceFixture()
        try await fixture.service(tokenCache: .file(path)).delete(imageWithID: Sample.id(1))
        #expect(await fixture.remaining().contains(Sample.id(1)) == false)
        guard case .tokenCacheNotWritten(let toldPath, let reason)? = told(fixture).first else {
            Issue.record("told \(told(fixture))")
            return
        }
        #expect(toldPath == path.path)
        #expect(!reason.isEmpty)
        #expect(told(fixture).count == 1)
    }

    @Test("Reports no token or password in events")
    func events() async throws {
        let fixture = ServiceFixture()
        _ = try await fixture.service(tokenCache: cache).signIn()
        try Damage.truncated.apply(file, file)
        let service = try fixture.service(tokenCache: cache)
        try await service.delete(imageWithID: Sample.id(1))
        try await service.forgetToken()
        let token = try #require(fixture.transport.requests.last?.header("X-Subject-Token"))
        var said = "\(fixture.events.value)"
        dump(fixture.events.value, to: &said)
        #expect(said.contains("tokenCacheNotTrusted"))
        #expect(!said.contains(token.prefix(40)))
        #expect(!said.contains("demo-pa55w0rd"))
    }

    // MARK: Many at once

    /// A service whose waits are real, so that many of them can wait for each other.
    private func patientService(_ fixture: ServiceFixture) throws -> ImageService {
        try ImageService(
            environment: fixture.cloud.environment,
            tokenCache: cache,
            connection: ServiceConnection(
                transport: fixture.transport,
                clock: WallClock(now: { fixture.clock.now }, sleep: { try await Task.sleep(for: $0) })
            )
        )
    }

    @Test("Requests one token for concurrent tasks")
    func tasks() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(tokenCache: cache)
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 { group.addTask { try await service.signIn() } }
            let first = try await group.next()
            for try await session in group { #expect(session == first) }
        }
        #expect(fixture.transport.count("POST") == 1)
    }

    @Test("Requests one token for concurrent processes")
    func processes() async throws {
        let fixture = ServiceFixture()
        let services = try (0..<12).map { _ in try patientService(fixture) }
        try await withThrowingTaskGroup { group in
            for service in services { group.addTask { try await service.signIn() } }
            let first = try await group.next()
            for try await session in group { #expect(session == first) }
        }
        #expect(fixture.transport.count("POST") == 1)
        #expect(try names() == ["token-cache.json", "token-cache.json.lock"])
    }

    // Of the file itself, and without a pause: a sign-in waits for its turn among all the tests that run beside it, and
    // thousands of them for minutes.
    @Test("Reads a consistent file while another process replaces it")
    func replaced() async throws {
        let content = Data("a token".utf8)
        let cache = PrivateFile(url: file)
        try cache.replace(with: content)
        let isOver = Locked(false)
        let (end, ended) = AsyncStream<Void>.makeStream()
        Thread.detachNewThread { [file] in
            let draft = file.appendingPathExtension("draft").path
            let owner: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            while !isOver.value {
                guard FileManager.default.createFile(atPath: draft, contents: content, attributes: owner) else { break }
                rename(draft, file.path)
            }
            ended.finish()
        }
        let read = Result { try (0..<20_000).allSatisfy { _ in try cache.read() == content } }
        isOver.withLock { $0 = true }
        for await _ in end {}
        #expect(try read.get())
    }

    @Test("Waits silently for another process for up to two seconds")
    func waiting() async throws {
        let fixture = ServiceFixture()
        let other = Locked<File?>(try cache.tryLock())
        let service = try ImageService(
            environment: fixture.cloud.environment,
            tokenCache: cache,
            connection: ServiceConnection(
                transport: fixture.transport,
                timeout: .seconds(31),
                clock: WallClock(
                    now: { fixture.clock.now },
                    sleep: { duration in
                        try await fixture.clock.clock.sleep(duration)
                        guard fixture.clock.waits.reduce(.zero, +) > .milliseconds(1500) else { return }
                        other.withLock { lock in
                            lock?.close()
                            lock = nil
                        }
                    }
                ),
                report: { event in fixture.events.withLock { $0.append(event) } }
            )
        )
        _ = try await service.signIn()
        #expect(told(fixture) == [])
        #expect(!fixture.events.value.contains(.waitingForTokenCache(path: file.path)))
    }

    @Test("Stops waiting for a process that hangs")
    func hanging() async throws {
        let barrier = Barrier(of: 2)
        let fixture = ServiceFixture { request, earlier in
            guard request.method == "POST", earlier == 0 else { return nil }
            await barrier.arrive()
            return .silence
        }
        let hanging = try fixture.service(tokenCache: cache)
        let task = Task { try await hanging.signIn() }
        await barrier.arrive()
        _ = try await fixture.service(tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 2)
        #expect(fixture.clock.waits.allSatisfy { (.milliseconds(20)...(.milliseconds(320))).contains($0) })
        // For as long as one request may take, and not in silence.
        #expect((Duration.seconds(31)..<(.seconds(32))).contains(fixture.clock.waits.reduce(.zero, +)))
        #expect(fixture.events.value.count { $0 == .waitingForTokenCache(path: file.path) } == 1)
        task.cancel()
        _ = await task.result
    }

    // MARK: Forgetting

    @Test("Revokes and removes only its own identity's token")
    func forget() async throws {
        let fixture = ServiceFixture()
        let other: [String: String?] = ["OS_PROJECT_ID": "70c77dc6bbfa40dbb5f00e6705972d6f"]
        _ = try await fixture.service(tokenCache: cache).signIn()
        _ = try await fixture.service(other, tokenCache: cache).signIn()
        #expect(try await fixture.service(tokenCache: cache).forgetToken())
        let revocation = try #require(fixture.transport.requests.last)
        #expect(revocation.line == "DELETE /v3/auth/tokens")
        #expect(revocation.header("X-Subject-Token") == revocation.header("X-Auth-Token"))
        #expect(revocation.header("X-Subject-Token")?.hasPrefix("MII") == true)
        _ = try await fixture.service(other, tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 2)
        #expect(try await fixture.service(tokenCache: cache).forgetToken() == false)
        #expect(fixture.transport.count("DELETE") == 1)
        _ = try await fixture.service(tokenCache: cache).signIn()
        #expect(fixture.transport.count("POST") == 3)
    }

    @Test("Removes the file with its last entry")
    func forgetLast() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(tokenCache: cache)
        _ = try await service.signIn()
        try await service.forgetToken()
        #expect(try names() == ["token-cache.json.lock"])
        // Nor does the service remember it itself.
        _ = try await service.signIn()
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test(
        "Treats an invalid token as revoked",
        arguments: [
            (401, ""), (404, #"{"error":{"code":404,"message":"Could not find token: MII."}}"#),
            (403, #"{"error":{"code":403,"message":"X-Auth-Token is invalid in the request","title":"Forbidden"}}"#),
        ]
    )
    func worthless(status: Int, body: String) async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(status, body: body) : nil }
        let service = try fixture.service(tokenCache: cache)
        _ = try await service.signIn()
        #expect(try await service.forgetToken())
    }

    @Test("Reports a token that could not be revoked", arguments: [403, 404, 500])
    func notRevoked(status: Int) async throws {
        let fixture = ServiceFixture { request, _ in request.method == "DELETE" ? .answer(status) : nil }
        let service = try fixture.service(tokenCache: cache, retries: 0)
        _ = try await service.signIn()
        do {
            try await service.forgetToken()
            Issue.record("no error")
        } catch {
            #expect(error.serviceError?.status == status)
        }
    }

    @Test("Does not revoke a token from OS_TOKEN")
    func forgetForeign() async throws {
        let fixture = ServiceFixture()
        let service = try fixture.service(["OS_TOKEN": "from-elsewhere"], tokenCache: cache)
        #expect(try await service.forgetToken() == false)
        #expect(fixture.transport.requests.isEmpty)
    }
}
