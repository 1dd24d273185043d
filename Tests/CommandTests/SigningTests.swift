import Foundation
import TestSupport
import Testing

@testable import ImageDeletion

/// The Python that `Tests/Signing/verify.py` runs with.
enum SigningPython {
    /// A Python that has huaweicloudsdkcore; nil if there is none.
    static let executable: URL? = {
        let variables = ProcessInfo.processInfo.environment
        let state = variables["DELETE_IMAGE_REAL_CLOUD_STATE"].map { URL(fileURLWithPath: $0) }
        let environments = [
            variables["DELETE_IMAGE_PYTHON_ENVIRONMENT"].map { URL(fileURLWithPath: $0) },
            (state ?? package.appendingPathComponent(".build/real-cloud")).appendingPathComponent("venv"),
        ]
        return environments.compactMap { $0 }.first { environment in
            let libraries = environment.appendingPathComponent("lib")
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries.path)) ?? []
            return versions.contains { version in
                let library = libraries.appendingPathComponent("\(version)/site-packages/huaweicloudsdkcore")
                return FileManager.default.fileExists(atPath: library.path)
            }
        }?.appendingPathComponent("bin/python")
    }()

    static let reason: Comment = "no Python environment with huaweicloudsdkcore: Tests/RealCloud/real-cloud.sh install"

    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardized
}

/// Signatures that the provider's own library verifies. `Tests/Signing/verify.py` has what is checked.
@Suite("Signing", .timeLimit(.minutes(10)), .enabled(if: SigningPython.executable != nil, SigningPython.reason))
struct SigningTests {
    private func verify(_ arguments: [String]) async throws -> Executable.Finished {
        let script = SigningPython.package.appendingPathComponent("Tests/Signing/verify.py").path
        return try await Executable(url: try #require(SigningPython.executable)).run([script] + arguments)
    }

    @Test("The program's requests are signed as the provider's library signs them")
    func program() async throws {
        let run = try await verify([Executable.deleteImage.url.path])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("every signature is verified"))
    }

    @Test("So are requests with any characters in paths, queries and bodies")
    func requests() async throws {
        let key = Credentials.AccessKey(
            id: "QTWAOYTTINDUT2QVKYUC",
            secret: Secret("MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc")
        )
        let lines = try (1...500).map { _ in
            var request = Self.request()
            _ = key.sign(&request, at: Date(timeIntervalSince1970: .random(in: 0...4_000_000_000)))
            let parts = try #require(request.url.absoluteString.wholeMatch(of: #/https?:\/\/([^\/?]+)(.*)/#)).output
            var headers = Dictionary(request.headers.fields.map { ($0.name, $0.value) }) { $1 }
            headers["Host"] = String(parts.1)
            let sent: [String: Any] = [
                "method": request.method, "target": parts.2.isEmpty ? "/" : String(parts.2), "headers": headers,
                "body": (request.body ?? Data()).base64EncodedString(),
            ]
            return String(decoding: try JSONSerialization.data(withJSONObject: sent), as: UTF8.self)
        }
        let folder = try TemporaryFolder()
        let file = folder.file("requests.jsonl")
        try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        let run = try await verify(["--requests", file.path])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.contains("500 signatures, 0 of them wrong"))
    }

    private static func request() -> HTTPRequest {
        let hosts = ["https://ims.eu-de.otc.t-systems.com", "http://127.0.0.1:9292", "https://[::1]:8443"]
        var url = URL(string: hosts.randomElement()!)!
        for _ in 0..<Int.random(in: 0...4) { url.appendPathComponent(text(in: "a9-._~ *+%&='(),;:@!$ü日")) }
        let query = (0..<Int.random(in: 0...5)).map { _ in
            (
                name: ["tag", "name", "limit", "marker"].randomElement()!,
                value: text(in: "a9-._~ *+%&=?#/:'\"\\<>[]{}|^`ü日😀\n")
            )
        }
        return HTTPRequest(
            method: ["DELETE", "GET", "PATCH", "POST", "PUT"].randomElement()!,
            url: url.with(query),
            headers: ["Content-Type": "application/openstack-images-v2.1-json-patch", "Accept": "application/json"],
            body: Bool.random() ? nil : Data((0..<Int.random(in: 0...200)).map { _ in UInt8.random(in: 0...255) })
        )
    }

    private static func text(in characters: String) -> String {
        String((0..<Int.random(in: 1...6)).map { _ in characters.randomElement()! })
    }
}
