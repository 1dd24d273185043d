import Foundation
import TestSupport
import Testing

/// The executable over real TLS and HTTP/2.
@Suite("Certificates", .enabled(if: TLSServer.isAvailable, .init(rawValue: TLSServer.reason)), .timeLimit(.minutes(10)))
struct CertificateTests {
    private let server: TLSServer

    init() async throws { server = try await TLSServer() }

    /// Deletes images at one of the server's ports, or at another address.
    private func run(
        _ variables: [String: String],
        _ arguments: [String] = [Sample.id(1)],
        at port: TLSServer.Port = .good,
        address: String? = nil,
        retries: Int = 0,
        with program: Executable = .deleteImage
    ) async throws -> Executable.Finished {
        let token = ["OS_TOKEN": "token", "OS_IMAGE_ENDPOINT_OVERRIDE": address ?? server.address(port)]
        return try await program.run(
            ["--json", "--retries", "\(retries)", "--no-token-cache"] + arguments,
            environment: token.merging(variables) { $1 }
        )
    }

    private func authority() -> [String: String] { ["OS_CACERT": server.path("ca.pem")] }

    @Test("Trusts the authority in OS_CACERT and uses HTTP/2")
    func trusted() async throws {
        #expect(try await run(authority()).status == 0)
        #expect(try server.requests() == ["DELETE /v2/images/\(Sample.id(1)) HTTP/2.0 204"])
    }

    @Test("Sends nothing to a server with an untrusted certificate and reports why")
    func untrusted() async throws {
        let other = ["OS_CACERT": server.path("other.pem")]
        for (port, variables, words) in [
            (TLSServer.Port.good, [:], "issuer certificate"), (.good, other, "certificate"),
            (.expired, authority(), "expired"), (.foreign, authority(), "localhost"),
        ] {
            let run = try await run(variables, at: port)
            #expect(run.status == 69, "\(run.output)")
            #expect(run.errors.contains("shows a certificate that this machine does not trust"), "\(run.errors)")
            #expect(run.errors.contains(words), "\(run.errors)")
        }
        #expect(try server.requests() == [])
    }

    @Test("Fails at once when a certificate file is invalid")
    func garbage() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("garbage.pem")
        try Data("-----BEGIN CERTIFICATE-----\ngarbage\n-----END CERTIFICATE-----\n".utf8).write(to: file)
        let run = try await run(["OS_CACERT": file.path], retries: 4)
        #expect(run.status == 78, "\(run.errors)")
        #expect(run.errors.contains("gets no request"), "\(run.errors)")
        #expect(try server.requests() == [])
    }

    @Test(
        "Trusts the system's certificate store unless OS_CACERT replaces it",
        .enabled(if: Confinement.canBind, "needs root, unshare, and the right to mount"),
        .enabled(
            if: FileManager.default.fileExists(atPath: "/etc/ssl/certs/ca-certificates.crt"),
            "needs Debian's store of certificates"
        )
    )
    func systemStore() async throws {
        let script = "mount --bind '\(server.path("system"))' /etc/ssl/certs && exec \"$@\""
        let words = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh"]
        let program = Executable.deleteImage.started(by: words)
        let trusted = try await run([:], with: program)
        #expect(trusted.status == 0, "\(trusted.errors)")
        let other = try await run(["OS_CACERT": server.path("other.pem")], with: program)
        #expect(other.status == 69, "\(other.errors)")
    }

    @Test("Authenticates with OS_CERT and OS_KEY, or with both in OS_CERT")
    func clientCertificate() async throws {
        let without = try await run(authority(), at: .mutual)
        #expect(try without.report().images.map(\.status) == [400])
        for files in [
            ["OS_CERT": server.path("client.pem"), "OS_KEY": server.path("client.key")],
            ["OS_CERT": server.path("both.pem")],
        ] {
            #expect(try await run(authority().merging(files) { $1 }, at: .mutual).status == 0)
        }
    }

    @Test("Reports the variable and path of an unusable file before sending anything")
    func badFiles() async throws {
        let (certificate, key) = (server.path("client.pem"), server.path("client.key"))
        for (variables, variable, words) in [
            (["OS_CACERT": "/nonexistent.pem"], "OS_CACERT", "/nonexistent.pem, cannot be read: No such file"),
            (["OS_CACERT": server.path("")], "OS_CACERT", "cannot be read: Is a directory"),
            (["OS_CACERT": server.path("nginx.conf")], "OS_CACERT", "nginx.conf, contains no certificate in PEM"),
            (["OS_CACERT": key], "OS_CACERT", "client.key, contains no certificate in PEM"),
            (["OS_CERT": certificate], "OS_CERT", "client.pem, contains no private key in PEM"),
            (["OS_CERT": key, "OS_KEY": key], "OS_CERT", "client.key, contains no certificate in PEM"),
            (["OS_CERT": certificate, "OS_KEY": certificate], "OS_KEY", "client.pem, contains no private key in PEM"),
            (["OS_CERT": certificate, "OS_KEY": server.path("encrypted.key")], "OS_KEY", "with a passphrase"),
            (["OS_KEY": key], "OS_CERT", "is not set"),
        ] {
            let run = try await run(authority().merging(variables) { $1 })
            #expect(run.status == 78, "\(run.errors)")
            #expect(run.errors.contains(variable) && run.errors.contains(words), "\(run.errors)")
        }
        #expect(try server.requests() == [])
    }

    @Test("Sends each request once per attempt when the server closes connections")
    func goingAway() async throws {
        let server = try await TLSServer(requestsPerConnection: 3)
        let run = try await run(
            ["OS_CACERT": server.path("ca.pem")],
            ["--concurrency", "16"] + (1...40).map(Sample.id),
            address: server.address(),
            retries: 4
        )
        let images = try run.report().images
        #expect(images.allSatisfy { $0.outcome == "deleted" }, "\(run.output)")
        let attempts = images.reduce(0) { $0 + $1.attempts }
        #expect((40...attempts).contains(try server.requests().count))
    }

    @Test("Reports nothing sent, or a possible deletion, when TLS breaks at any byte")
    func brokenOff() async throws {
        for limit in [0, 1, 5, 50, 200, 700, 900, 1000, 1100, 1200, 1300, 1400] {
            let relay = try LoopbackServer(greeting: .relay(to: server.number(.good), limit: limit))
            defer { relay.stop() }
            let before = try server.requests().count
            let run = try await run(authority(), address: "https://localhost:\(relay.port)")
            let hasArrived = try server.requests().count > before
            let row = try run.report().images.first
            if row?.outcome == "deleted" {
                #expect(hasArrived)
            } else {
                let mayBeGone = row?.detail?.contains("It may be gone nevertheless") ?? false
                #expect(mayBeGone || !hasArrived, "\(limit): \(run.output) \(run.errors)")
                #expect(mayBeGone || run.errors.contains("cannot be reached"), "\(limit): \(run.errors)")
            }
        }
    }
}
