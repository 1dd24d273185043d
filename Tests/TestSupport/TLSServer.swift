import Foundation

/// An nginx on loopback that speaks TLS and HTTP/2, and answers every request with 204. Its certificates are made for it.
public final class TLSServer: Sendable {
    /// Whether this machine has what it takes.
    public static let isAvailable = [nginx, openssl].allSatisfy(FileManager.default.isExecutableFile)
    public static let reason = "needs nginx and openssl (Debian: nginx-light, openssl)"

    private static let nginx = "/usr/sbin/nginx"
    private static let openssl = "/usr/bin/openssl"

    /// What one of its ports has to show.
    public enum Port: String, CaseIterable, Sendable {
        case good, expired, foreign, mutual
    }

    private let folder: TemporaryFolder
    private let ports: [Port: UInt16]
    private let process: Process

    /// Starts it.
    ///
    /// - Parameter requestsPerConnection: The number of requests after which it closes a connection.
    public init(requestsPerConnection: Int = 1000) async throws {
        folder = try TemporaryFolder()
        ports = Dictionary(uniqueKeysWithValues: Port.allCases.map { ($0, LoopbackServer.freePort()) })
        let made = try await Executable(url: URL(fileURLWithPath: "/bin/sh"))
            .run(["-c", Self.certificates], currentDirectory: folder.url)
        guard made.status == 0 else { throw Fault(words: made.errors) }
        let servers = ports.map { port, number in
            """
            server {
                listen 127.0.0.1:\(number) ssl http2;
                ssl_certificate \(port.rawValue).pem;
                ssl_certificate_key \(port.rawValue).key;
                \(port == .mutual ? "ssl_client_certificate ca.pem; ssl_verify_client on;" : "")
                location / { return 204; }
            }
            """
        }
        let configuration = """
            daemon off; master_process off; pid pid; error_log error.log;
            events { worker_connections 512; }
            http {
                log_format line '$request_method $uri $server_protocol $status';
                access_log access.log line;
                client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
                keepalive_requests \(requestsPerConnection);
                \(servers.joined(separator: "\n"))
            }
            """
        try Data(configuration.utf8).write(to: folder.file("nginx.conf"))
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.nginx)
        process.arguments = ["-p", folder.url.path, "-c", "nginx.conf", "-e", "error.log"]
        try process.run()
        for port in ports.values {
            while !LoopbackServer.isListening(at: port) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    deinit {
        // Foundation's Process starts it with SIGTERM blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    public struct Fault: Error {
        var words: String
    }

    /// The address of one of its ports.
    public func address(_ port: Port = .good) -> String { "https://localhost:\(number(port))" }

    public func number(_ port: Port) -> UInt16 { ports[port]! }

    /// The path of one of its files, like "ca.pem".
    public func path(_ file: String) -> String { folder.file(file).path }

    /// What it was asked, as "DELETE /v2/images/… HTTP/2.0 204".
    public func requests() throws -> [String] {
        try String(contentsOf: folder.file("access.log"), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Two authorities, a certificate for each port, and one for a client.
    private static let certificates = """
        set -e
        new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        openssl req -x509 $new -keyout ca.key -out ca.pem -subj /CN=authority -days 2
        openssl req -x509 $new -keyout other.key -out other.pem -subj /CN=other -days 2
        issue() {
            openssl req $new -keyout $1.key -out $1.csr -subj /CN=$1
            printf "subjectAltName=$2" > $1.names
            openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile $1.names -out $1.pem -days $3
        }
        issue good DNS:localhost 2
        issue mutual DNS:localhost 2
        issue expired DNS:localhost -1
        issue foreign DNS:elsewhere.example 2
        issue client DNS:client 2
        cat client.pem client.key > both.pem
        openssl ec -in client.key -aes128 -passout pass:secret -out encrypted.key
        mkdir system
        cp ca.pem system/ca-certificates.crt
        openssl rehash system
        """
}
