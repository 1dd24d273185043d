import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@testable import delete_image

/// What a refusal to sign in says, and that it does not deny what the service said.
@Suite("Sign-in error messages")
struct SignInMessageTests {
    private func run(
        _ line: String,
        _ fault: FaultyTransport.Fault,
        _ variables: [String: String?] = [:]
    ) async throws -> (words: String, status: delete_image.ExitStatus) {
        var situation = Situation(when: "refused", fault: { request, _ in request.line == line ? fault : nil })
        situation.variables = variables
        let (words, status) = try await situation.run()
        return (words.joined(separator: "\n"), status)
    }

    private static let signIn = "POST /v3/auth/tokens"

    @Test("Asks for OS_PASSCODE when the password is correct")
    func receipt() async throws {
        let body =
            #"{"receipt": {"methods": ["password"], "user": {"name": "demo"}}, "required_auth_methods": [["totp", "password"]]}"#
        let (words, status) = try await run(
            Self.signIn,
            .answer(401, headers: ["Openstack-Auth-Receipt": "secret-receipt"], body: body)
        )
        #expect(status == .denied)
        #expect(words.contains("The password is correct, but the account also requires a passcode. Set OS_PASSCODE."))
        #expect(!words.contains("wrong"))
        #expect(!words.contains("secret-receipt"))
    }

    @Test("Names a required authentication method that is not supported")
    func unsupported() async throws {
        let body = #"{"receipt": {"methods": ["password"]}, "required_auth_methods": [["password", "hwtoken"]]}"#
        let (words, status) = try await run(
            Self.signIn,
            .answer(401, headers: ["Openstack-Auth-Receipt": "r"], body: body)
        )
        #expect(status == .denied)
        #expect(words.contains("hwtoken"))
        #expect(!words.contains("OS_PASSCODE"))
    }

    @Test(
        "Quotes the service's reason",
        arguments: [
            "mfa totp code verify fail",
            "The password is expired and needs to be changed for user: 0ca8f6.",
            "The account is locked for user: 0ca8f6.",
        ]
    )
    func reason(message: String) async throws {
        let (words, status) = try await run(
            Self.signIn,
            .answer(401, body: #"{"error":{"code":401,"message":"\#(message)","title":"Unauthorized"}}"#)
        )
        #expect(status == .denied)
        #expect(words.contains(message.prefix(25)))
        for guess in ["does not say", "wrong password", "unknown user"] { #expect(!words.contains(guess), "\(words)") }
    }

    @Test("Lists possible causes of a refusal without a reason")
    func generic() async throws {
        let message = "The request you have made requires authentication."
        let (words, _) = try await run(
            Self.signIn,
            .answer(401, body: #"{"error":{"code":401,"message":"\#(message)","title":"Unauthorized"}}"#)
        )
        #expect(words.contains("wrong password"))
    }

    @Test(
        "Reports a revoked OS_TOKEN as an invalid token",
        arguments: ["Failed to validate token", "Could not recognize Fernet token", "Could not find token: abc."]
    )
    func revoked(message: String) async throws {
        let (words, status) = try await run(
            "GET /v3/auth/tokens",
            .answer(404, body: #"{"error":{"code":404,"message":"\#(message)","title":"Not Found"}}"#),
            ["OS_TOKEN": "revoked", "OS_PASSWORD": nil]
        )
        #expect(status == .denied)
        #expect(words.contains("invalid, expired, or revoked"))
        #expect(!words.contains("no identity service"))
    }

    @Test("Reports an OS_TOKEN that gets a 401 as an invalid token")
    func unauthorized() async throws {
        let (words, status) = try await run(
            "GET /v3/auth/tokens",
            .answer(401),
            ["OS_TOKEN": "old", "OS_PASSWORD": nil]
        )
        #expect(status == .denied)
        #expect(words.contains("invalid, expired, or revoked"))
        #expect(!words.contains("password"))
    }

    @Test("Reports an address without an identity service")
    func wrongAddress() async throws {
        let html = "<title>404 Not Found</title><p>The requested URL was not found on the server.</p>"
        let (words, status) = try await run(
            "GET /v3/auth/tokens",
            .answer(404, body: html),
            ["OS_TOKEN": "token", "OS_PASSWORD": nil]
        )
        #expect(status == .configuration)
        #expect(words.contains("OS_AUTH_URL"))
    }

    @Test("77: Rejects a token without a project and one that cannot be looked up", arguments: [true, false])
    func unscoped(hasAuthURL: Bool) async throws {
        var situation = Situation(when: "a token of no project")
        situation.fault = { request, _ in
            switch (request.method, request.url.path) {
            case (_, "/v2/images/\(Sample.id(1))"): .answer(404)
            case ("GET", "/v3/auth/tokens"):
                SampleTokenResponse {
                    $0.status = 200
                    $0.projectID = nil
                }.fault
            default: nil
            }
        }
        situation.variables = [
            "OS_TOKEN": "unscoped", "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example", "OS_PROJECT_NAME": nil,
            "OS_PASSWORD": nil,
        ]
        if !hasAuthURL { situation.variables["OS_AUTH_URL"] = .some(nil) }
        for arguments in [[Sample.id(1)], [Sample.id(1), "--ignore-missing"], [Sample.id(1), "--dry-run"]] {
            situation.arguments = arguments
            let (words, status) = try await situation.run()
            #expect(status == .denied)
            #expect(words.contains { $0.contains("project") }, "\(words)")
            #expect(!words.contains { $0.contains("deleted already") }, "\(words)")
        }
    }

    @Test("78: Reports an address without an image service")
    func address() async throws {
        var situation = Situation(when: "an address with too much in it")
        situation.variables = ["OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example/v2/images"]
        for arguments in [[Sample.id(1), "--ignore-missing"], [Sample.id(1), "--dry-run"]] {
            situation.arguments = arguments
            let (words, status) = try await situation.run()
            #expect(status == .configuration)
            #expect(words.contains { $0.contains("https://ims.demo.example/v2/images/v2") }, "\(words)")
        }
    }
}
