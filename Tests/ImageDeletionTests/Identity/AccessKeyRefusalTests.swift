import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// Access keys that are refused, and what is told of them.
@Suite("Access keys: refusals", .timeLimit(.minutes(10)))
struct AccessKeyRefusalTests {
    private func refusal(
        _ body: String,
        headers: [String: String] = [:],
        _ changes: [String: String?] = [:]
    ) async throws -> (error: ServiceError, requests: [String]) {
        let fixture = SignedBench { _, _ in .answer(401, headers: headers, body: body) }
        do {
            try await fixture.service(changes).delete(imageWithID: Sample.id(1))
        } catch {
            return (try #require(error.serviceError), fixture.lines)
        }
        throw CancellationError()
    }

    @Test("A wrong clock is told as such, by the response's Date")
    func wrongClock() async throws {
        let message =
            "Incorrect IAM authentication information: calc aksk signature fail:signature expired, "
            + "signature time:20260528T092752Z,server time:20260528T094410Z"
        let (error, requests) = try await refusal(
            #"{"error_msg":"\#(message)","error_code":"APIGW.0301","request_id":"r1"}"#,
            // TestClock begins at 2026-11-18T11:06:40Z.
            headers: ["Date": "Wed, 18 Nov 2026 11:23:40 GMT"]
        )
        #expect(error.kind == .expiredSignature)
        #expect(error.clockDifference == -1020.0)
        #expect(error.description.contains("this machine's clock is 17 minutes behind the service's"))
        #expect(error.description.contains("signature expired"))
        #expect(requests.count == 1)
    }

    @Test("The clock is not blamed for what it cannot have done")
    func rightClock() async throws {
        let date = ["Date": "Wed, 18 Nov 2026 11:16:40 GMT"]
        let body = #"{"error_msg":"verify aksk signature fail","error_code":"APIG.0301"}"#
        let (error, requests) = try await refusal(body, headers: date)
        #expect(error.kind == .invalidSignature)
        #expect(error.clockDifference == nil)
        #expect(error.message == "verify aksk signature fail")
        #expect(requests.count == 1)
        let (expired, _) = try await refusal(#"{"error_msg":"signature expired"}"#, headers: date)
        #expect(expired.kind == .expiredSignature)
        #expect(expired.clockDifference == nil)
    }

    @Test("A security token that has expired is told as such")
    func expiredSecurityToken() async throws {
        let body = #"{"error_msg":"the security token has expired","error_code":"APIGW.0301"}"#
        #expect(try await refusal(body, ["OS_SECURITY_TOKEN": "temporary"]).error.kind == .expiredSecurityToken)
        #expect(try await refusal(body).error.kind == .invalidSignature)
    }

    @Test("A refused key is not tried again: five refusals lock it")
    func refusedOnce() async throws {
        let fixture = SignedBench { _, _ in .answer(401) }
        let service = try fixture.service(["OS_PROJECT_ID": nil, "OS_PROJECT_NAME": "ci"])
        for _ in 1...3 {
            await #expect(throws: ImageDeletionError.self) { try await service.delete(imageWithID: Sample.id(1)) }
        }
        #expect(fixture.lines == ["GET /v3/projects"])
    }

    @Test("A refusal ends the run")
    func endsRun() async throws {
        let fixture = SignedBench { _, _ in .answer(401) }
        let image = ["OS_IMAGE_ENDPOINT_OVERRIDE": fixture.cloud.imageURL.absoluteString]
        let plan = DeletionPlan(deleting: try (1...5).map { try ImageID(Sample.id($0)) })
        let outcomes = try await fixture.service(image).deleter(for: plan, options: .test(concurrency: 1)).carryOut()
        #expect(outcomes.map(\.result) == [.failed, .pending, .pending, .pending, .pending])
        #expect(fixture.transport.requests.count == 1)
    }

    @Test(
        "A server that echoes a secret gives nothing away",
        arguments: ["the signature", "the security token", "the secret key"]
    )
    func redaction(what: String) async throws {
        let echoed = Locked("")
        let fixture = SignedBench { request, _ in
            let secret =
                switch what {
                case "the signature": String(request.header("Authorization")?.suffix(64) ?? "")
                case "the security token": request.header("X-Security-Token") ?? ""
                default: SignedCloud.secretKey
                }
            echoed.withLock { $0 = secret }
            return .answer(400, body: #"{"message":"you sent \#(secret)"}"#)
        }
        let service = try fixture.service(["OS_SECURITY_TOKEN": "temporary-security-token-of-some-length"])
        await #expect(throws: ImageDeletionError.self) { try await service.delete(imageWithID: Sample.id(1)) }
        #expect(echoed.value.count >= 32)
        let told = "\(fixture.events.value)"
        #expect(!told.contains(echoed.value))
        #expect(told.contains("(redacted)"))
    }
}
