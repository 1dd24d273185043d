import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Proxies come from the environment, as curl reads it, and never apply to this machine's own addresses.
@Suite("Proxies", .timeLimit(.minutes(10)))
struct ProxyTests {
    /// A run whose identity service is at `host`, and how many requests the proxy got.
    private func run(
        at host: String,
        _ variables: [String: String],
        proxyPort: UInt16? = nil
    ) async throws -> (run: Executable.Finished, proxied: Int) {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let seen = Locked(0)
        let proxy = try LoopbackServer { _ in
            seen.withLock { $0 += 1 }
            return .answer(403)
        }
        defer { proxy.stop() }
        let port = cloud.cloud.identityURL.port ?? 0
        let proxyAddress = "http://127.0.0.1:\(proxyPort ?? proxy.port)"
        var changes: [String: String?] = variables.mapValues { $0.replacing("PROXY", with: proxyAddress) }
        changes["OS_AUTH_URL"] = "http://\(host):\(port)/identity/v3"
        let run = try await cloud.run(["--allow-http", "--retries", "0", Sample.id(1)], changes)
        return (run, seen.value)
    }

    @Test(
        "Uses no proxy for loopback addresses",
        arguments: ["http_proxy", "all_proxy", "ALL_PROXY"],
        ["127.0.0.1", "localhost", "LOCALHOST"]
    )
    func loopback(variable: String, host: String) async throws {
        let (run, proxied) = try await run(at: host, [variable: "PROXY", "no_proxy": "example.com"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(proxied == 0)
    }

    // libcurl reads 127.1 as 127.0.0.1, and no rule of ours does: it stands for any other host.
    @Test(
        "Uses the proxy for other hosts unless no_proxy names them",
        arguments: [
            (["http_proxy": "PROXY"], 1), (["all_proxy": "PROXY"], 1), (["http_proxy": "PROXY", "no_proxy": "*"], 0),
            (["http_proxy": "PROXY", "no_proxy": "example.com,127.0.0.1"], 0),
            (["http_proxy": "PROXY", "NO_PROXY": "example.com 127.0.0.1"], 0),
            (["http_proxy": "PROXY", "no_proxy": "example.com"], 1), (["HTTP_PROXY": "PROXY"], 0),
        ]
    )
    func other(variables: [String: String], proxied: Int) async throws {
        let (run, seen) = try await run(at: "127.1", variables)
        #expect(seen == proxied, "\(run.errors)")
        #expect(run.status == (proxied == 0 ? 0 : 77), "\(run.errors)")
    }

    @Test("Redacts the password in a malformed proxy address", arguments: ["s3cret/x@", "s3cret#x@"])
    func password(rest: String) async throws {
        let (run, _) = try await run(at: "127.1", ["http_proxy": "http://alice:\(rest)127.0.0.1:3128"])
        #expect(run.status == 69)
        #expect(run.errors.contains("The identity service cannot be reached"))
        #expect(!run.errors.contains("s3cret"), "\(run.errors)")
    }

    @Test("Reports that nothing was sent when the proxy is unreachable")
    func absent() async throws {
        let port = try LoopbackServer.closedPort()
        let (run, _) = try await run(at: "127.1", ["http_proxy": "PROXY"], proxyPort: port)
        #expect(run.status == 69)
        #expect(run.errors.contains("The identity service cannot be reached"))
    }
}
