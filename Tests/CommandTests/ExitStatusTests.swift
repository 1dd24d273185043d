import Foundation
import TestSupport
import Testing

@Suite("Exit statuses", .serialized)
struct ExitStatusTests {
    @Test("78: Reports all missing settings by name before any request")
    func missing() async throws {
        let run = try await Executable.deleteImage.run(["--no-token-cache", Sample.id(1)])
        #expect(run.status == 78)
        for name in ["OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME", "OS_PROJECT_NAME"] {
            #expect(run.errors.contains("\(name) "))
        }
    }

    @Test(
        "78: Rejects contradictory or unusable settings",
        arguments: [
            (["OS_TENANT_NAME": "other"], "OS_PROJECT_NAME and OS_TENANT_NAME contradict"),
            (["OS_AUTH_URL": "http://iam.example/v3"], "is not encrypted"),
            (["OS_AUTH_URL": "iam"], "is no URL"),
            (["OS_AUTH_URL": "ftp://iam.example"], "is no https URL"),
            (["OS_AUTH_URL": "not a url"], "is no URL"),
            (["OS_REGION_NAME": "mars"], "no public endpoint in region mars; it has: eu-demo public"),
            (["OS_IMAGE_ENDPOINT_OVERRIDE": "http://image.example"], "is not encrypted"),
            (["OS_AUTH_TYPE": "v3oidcpassword"], "OS_AUTH_TYPE=v3oidcpassword"),
        ] as [([String: String], String)]
    )
    func configuration(changes: [String: String], words: String) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1))
        let run = try await cloud.run([Sample.id(1)], changes.mapValues(Optional.some))
        #expect(run.status == 78)
        #expect(run.errors.contains(words))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("77: Sends a wrong password once")
    func wrongPassword() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run(["--json", Sample.id(1), Sample.id(2)], ["OS_PASSWORD": "wrong-one"])
        #expect(run.status == 77)
        let report = try run.report()
        #expect(report.error?.kind == "denied")
        #expect(report.images.map(\.outcome) == ["pending", "pending"])
        #expect(cloud.requestLines == ["POST /identity/v3/auth/tokens"])
        #expect(!(run.output + run.errors).contains("wrong-one"))
    }

    @Test("77: Stops after one refusal when the account may not delete images")
    func noPermission() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(8)) { request, _ in
            request.method == "DELETE"
                ? .answer(403, body: Data("You are not authorized to complete delete_image action.".utf8)) : nil
        }
        let run = try await cloud.run(["--json", "--yes", "--match", "*"])
        #expect(run.status == 77)
        #expect(cloud.count("DELETE") == 1)
        #expect(run.errors.contains("The account lacks the permission in this project (ims:images:delete"))
        #expect(try run.report().summary["pending"] == 7)
    }

    @Test("69: Stops when the service fails image after image", arguments: [true, false])
    func inTrouble(isDryRun: Bool) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(40)) { request, _ in
            request.path.hasPrefix("/image/") ? .answer(503) : nil
        }
        let options = ["--json", "--retries", "0", "--concurrency", "1"] + (isDryRun ? ["--dry-run"] : [])
        let run = try await cloud.run(options + (1...40).map(Sample.id))
        #expect(run.status == 69)
        #expect(run.errors.contains("stopped, because image after image failed. The image service answered 503"))
        #expect(cloud.requests.count == 1 + 3)
        if !isDryRun { #expect(try run.report().summary["pending"] == 37) }
    }

    @Test("77: Stops when the image service accepts no token")
    func noToken() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(5)) { request, _ in
            request.method == "DELETE" ? .answer(401, headers: ["WWW-Authenticate": "Basic realm=\"x\""]) : nil
        }
        let run = try await cloud.run(["--json", "--concurrency", "1"] + (1...5).map(Sample.id))
        #expect(run.status == 77)
        #expect(try run.report().images.map(\.outcome) == ["failed", "pending", "pending", "pending", "pending"])
        #expect(cloud.count("DELETE") == 2)
        #expect(cloud.count("POST") == 2)
    }

    @Test("77: Stops a dry run when the image service accepts no token")
    func noTokenToLook() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2)) { request, _ in
            request.method == "GET" ? .answer(401) : nil
        }
        let run = try await cloud.run(["--json", "--dry-run", Sample.id(1), Sample.id(2)])
        #expect(run.status == 77)
        #expect(try run.report().error?.kind == "denied")
        #expect(try run.report().images.map(\.outcome) == ["failed", "failed"])
    }

    @Test("77: Reports a missing permission")
    func noRight() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(5)) { request, _ in
            request.method == "DELETE"
                ? .answer(403, body: Data(#"{"error":{"code":"IMG.0026","message":"The role is invalid."}}"#.utf8))
                : nil
        }
        let run = try await cloud.run(["--json", "--concurrency", "1", Sample.id(1), Sample.id(2)])
        #expect(run.status == 77)
        #expect(try run.report().error?.message.contains("ims:images:delete") == true)
        #expect(cloud.count("DELETE") == 1)
    }

    @Test("69: Reports an identity service that is unreachable or keeps failing", arguments: [true, false])
    func noIdentity(isThere: Bool) async throws {
        let cloud = try LoopbackCloud { _, _ in isThere ? .answer(503, body: Data("busy".utf8)) : .reset }
        let run = try await cloud.run(["--retries", "1", "--json", Sample.id(1)])
        #expect(run.status == 69)
        #expect(try run.report().error?.kind == "unavailable")
        #expect(cloud.count("POST") == 2)
    }

    @Test("69: Reports an image service that is unreachable")
    func noImageService() async throws {
        let port = try LoopbackServer.closedPort()
        let cloud = try LoopbackCloud()
        let run = try await cloud.run(
            ["--retries", "1", "--concurrency", "1", "--json", Sample.id(1), Sample.id(2)],
            ["OS_IMAGE_ENDPOINT_OVERRIDE": "http://127.0.0.1:\(port)"]
        )
        #expect(run.status == 69)
        #expect(try run.report().images.map(\.outcome) == ["failed", "pending"])
    }

    @Test("1: Deletes the other images when one fails")
    func failed() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(3)) { request, earlier in
            request.method == "DELETE" && earlier == 1 ? .answer(409, body: Data("in use".utf8)) : nil
        }
        let run = try await cloud.run(["--json", "--concurrency", "1"] + (1...3).map(Sample.id))
        #expect(run.status == 1)
        #expect(try run.report().images.map(\.outcome) == ["deleted", "failed", "deleted"])
        #expect(try run.report().images[1].detail?.hasPrefix("Answered 409: in use.") == true)
    }

    @Test(
        "Rejects an invalid token response or one without its header",
        arguments: ["", #"{"token":{}}"#, "<html>"]
    )
    func noTokenInAnswer(body: String) async throws {
        let cloud = try LoopbackCloud { request, _ in
            request.method == "POST"
                ? .answer(201, headers: body.isEmpty ? [:] : ["X-Subject-Token": "t"], body: Data(body.utf8)) : nil
        }
        let run = try await cloud.run([Sample.id(1)])
        #expect(run.status == 69)
        #expect(run.errors.contains("The identity service answered 201"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Names the clock when a new token has already expired")
    func ended() async throws {
        let cloud = try LoopbackCloud(images: Sample.images(1), tokenLifetime: -3600)
        let run = try await cloud.run([Sample.id(1)])
        #expect(run.status == 78)
        #expect(run.errors.contains("set this machine's clock"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Names a proxy that refuses connections and reports that nothing was sent")
    func proxy() async throws {
        let proxy = try LoopbackServer { request in
            request.method == "CONNECT"
                ? .answer(407, headers: ["Proxy-Authenticate": #"Basic realm="x""#]) : .answer(500)
        }
        let cloud = try LoopbackCloud()
        let run = try await cloud.run(
            ["--retries", "0", Sample.id(1)],
            ["OS_AUTH_URL": "https://iam.example/v3", "https_proxy": "http://127.0.0.1:\(proxy.port)"]
        )
        #expect(run.status == 69)
        #expect(
            run.errors.contains("The identity service cannot be reached: CONNECT tunnel failed, response 407. Check ")
        )
        #expect(run.errors.contains("https_proxy"))
    }
}
