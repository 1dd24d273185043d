import Foundation
import TestSupport
import Testing

/// Tokens, projects and addresses that are not what they should be.
extension RealCloudTests {
    private func address(_ path: String) -> [String: String] { ["OS_IMAGE_ENDPOINT_OVERRIDE": cloud.endpoint + path] }

    /// The variables for a token instead of a password, with the image service's address.
    private func variables(token: String) -> [String: String] {
        address("").merging(["OS_TOKEN": token, "OS_PROJECT_NAME": "", "OS_PROJECT_DOMAIN_NAME": ""]) { $1 }
    }

    @Test("Sends nothing to the address in a planted cache", arguments: [401, 204])
    func planted(status: Int) async throws {
        let (first, second) = (try await cloud.makeImage(), try await cloud.makeImage())
        #expect(try await run([first]).status == 0)
        let seen = Locked<[String]>([])
        let attacker = try LoopbackServer { request in
            seen.withLock { $0.append(request.headers["x-auth-token"] ?? "") }
            return .answer(status)
        }
        defer { attacker.stop() }
        let file = folder.file("token-cache.json")
        let content = try String(contentsOf: file, encoding: .utf8)
        let planted = content.replacing(cloud.endpoint, with: "http://127.0.0.1:\(attacker.port)")
            .replacing(try cachedToken(), with: "invented")
        #expect(planted.contains("invented") && planted.contains(":\(attacker.port)"))
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(planted.utf8))
        try handle.close()
        let run = try await run([second])
        #expect(run.status == 0)
        #expect(try outcomes(run) == ["deleted"])
        #expect(seen.value == [])
        #expect(run.errors.contains("is not trusted"))
        #expect(try await cloud.has(second) == false)
    }

    @Test("A cloud in clouds.yaml signs in, whatever the variables say")
    func cloudsFile() async throws {
        let id = try await cloud.makeImage()
        let keys = RealCloud.environment().map { "\($0.key.dropFirst(3).lowercased()): \"\($0.value)\"" }.sorted()
        let file = folder.file("clouds.yaml")
        try Data("clouds: {real: {auth: {\(keys.joined(separator: ", "))}}}\n".utf8).write(to: file)
        let variables = ["OS_CLOUD": "real", "OS_CLIENT_CONFIG_FILE": file.path, "OS_PASSWORD": "wrong"]
        let run = try await run([id], variables)
        #expect(try outcomes(run) == ["deleted"])
        #expect(try await cloud.has(id) == false)
        let wrong = try String(contentsOf: file, encoding: .utf8).replacing("pa55w0rd", with: "wrong")
        try Data(wrong.utf8).write(to: file)
        #expect(
            try await self.run([id, "--no-token-cache"], variables.merging(["OS_PASSWORD": ""]) { $1 }).status == 77
        )
    }

    @Test(
        "Accepts version suffixes of the image service's address",
        arguments: ["", "/v1", "/v2", "/v2.0", "/v2.9"]
    )
    func suffix(path: String) async throws {
        let id = try await cloud.makeImage()
        #expect(try await outcomes(run([id], address(path))) == ["deleted"])
        #expect(try await cloud.has(id) == false)
    }

    @Test("78: Reports a wrong address instead of a missing image")
    func wrongAddress() async throws {
        let id = try await cloud.makeImage()
        for path in ["/v2/images", "/v2/\(try await cloud.projectID())"] {
            for arguments in [[id], [id, "--ignore-missing"], [id, "--dry-run"]] {
                let run = try await run(arguments, address(path))
                #expect(run.status == 78)
                #expect(try outcomes(run) == ["failed"])
            }
        }
        #expect(try await cloud.has(id))
    }

    @Test("77: Reports no missing image with a token without a project", arguments: [true, false])
    func unscoped(hasAuthURL: Bool) async throws {
        let id = try await cloud.makeImage()
        var variables = variables(token: try await cloud.unscopedToken())
        if !hasAuthURL { variables["OS_AUTH_URL"] = "" }
        for arguments in [[id], [id, "--ignore-missing"], [id, "--dry-run"]] {
            let run = try await run(arguments, variables)
            #expect(run.status == 77)
            #expect(try outcomes(run) == ["failed"])
        }
        #expect(try await cloud.has(id))
    }

    @Test("Reports a missing image with a project's OS_TOKEN")
    func scoped() async throws {
        let id = try await cloud.makeImage()
        try await cloud.delete(id)
        #expect(try await outcomes(run([id], variables(token: cloud.token))) == ["missing"])
    }

    @Test("78: Rejects another project than the token's by name, ID and domain")
    func otherProject() async throws {
        let id = try await cloud.makeImage()
        let project = try await cloud.projectID()
        for changes in [
            ["OS_PROJECT_NAME": "admin"], ["OS_PROJECT_ID": "0123456789abcdef0123456789abcdef"],
            ["OS_PROJECT_ID": project, "OS_PROJECT_NAME": "admin"], ["OS_PROJECT_DOMAIN_NAME": "Other"],
        ] {
            #expect(try await run([id], variables(token: cloud.token).merging(changes) { $1 }).status == 78)
        }
        #expect(try await run([id], ["OS_PROJECT_ID": project, "OS_PROJECT_NAME": "admin"]).status == 78)
        #expect(try await cloud.has(id))
        let fitting = ["OS_PROJECT_ID": project, "OS_PROJECT_NAME": "ci", "OS_PROJECT_DOMAIN_NAME": "Default"]
        #expect(try await run([id], variables(token: cloud.token).merging(fitting) { $1 }).status == 0)
    }

    @Test("77: Reports a revoked OS_TOKEN")
    func revokedToken() async throws {
        let other = try await RealCloud()
        let id = try await cloud.makeImage()
        try await RealCloud.revoke(other.token)
        let run = try await run([id], ["OS_TOKEN": other.token])
        #expect(run.status == 77)
        #expect(run.errors.contains("invalid, expired, or revoked"))
        #expect(try await cloud.has(id))
    }

    @Test("Revokes the token of an exposed cache with --forget-token")
    func forgetExposed() async throws {
        let id = try await cloud.makeImage()
        #expect(try await run([id]).status == 0)
        let token = try cachedToken()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644],
            ofItemAtPath: folder.file("token-cache.json").path
        )
        let run = try await run(["--forget-token"])
        #expect(run.status == 0)
        await #expect(throws: RealCloud.Unexpected.self) { try await RealCloud.revoke(token) }
    }
}
