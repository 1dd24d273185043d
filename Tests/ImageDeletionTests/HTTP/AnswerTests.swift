import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// What the answers of real services, gateways and proxies to a deletion mean.
@Suite("Responses")
struct AnswerTests {
    struct Answer: Sendable, CustomTestStringConvertible {
        var status: Int
        var body: String
        var result: Outcome.Result
        var kind: ServiceError.Kind
        var code: String?
        var message: String?
        var requestID: String?
        var testDescription: String { "\(status) \(body.prefix(70))" }
    }

    static let answers: [Answer] = [
        // IMS extension APIs, whose code decides.
        Answer(
            status: 400,
            body: #"{"error":{"message":"The image ID in the request does not exist.","code":"IMG.0027"}}"#,
            result: .missing,
            kind: .notFound,
            code: "IMG.0027",
            message: "The image ID in the request does not exist."
        ),
        Answer(
            status: 400,
            body: #"{"error":{"message":"The image does not exist.","code":"IMG.0144"}}"#,
            result: .missing,
            kind: .notFound,
            code: "IMG.0144",
            message: "The image does not exist."
        ),
        Answer(
            status: 400,
            body: #"{"error":{"message":"The image in the request is protected.","code":"IMG.0028"}}"#,
            result: .kept(.protected),
            kind: .protected,
            code: "IMG.0028",
            message: "The image in the request is protected."
        ),
        Answer(
            status: 400,
            body: #"{"error":{"message":"The public image cannot be deleted.","code":"IMG.0094"}}"#,
            result: .kept(.notPrivate),
            kind: .notPrivate,
            code: "IMG.0094",
            message: "The public image cannot be deleted."
        ),
        Answer(
            status: 400,
            body: #"{"error":{"message":"The image being created cannot be deleted.","code":"IMG.0090"}}"#,
            result: .failed,
            kind: .rejected,
            code: "IMG.0090",
            message: "The image being created cannot be deleted."
        ),
        Answer(
            status: 403,
            body: #"{"error":{"message":"The role is invalid.","code":"IMG.0026"}}"#,
            result: .failed,
            kind: .lacksPermission,
            code: "IMG.0026",
            message: "The role is invalid."
        ),
        // Glance, as JSON and as HTML.
        Answer(
            status: 403,
            body:
                #"{"message": "Image e179 is protected and cannot be deleted.<br /><br />\n\n\n", "code": "403 Forbidden", "title": "Forbidden"}"#,
            result: .kept(.protected),
            kind: .protected,
            message: "Image e179 is protected and cannot be deleted."
        ),
        Answer(
            status: 403,
            body:
                "<html>\n <head>\n  <title>403 Forbidden</title>\n </head>\n <body>\n  <h1>403 Forbidden</h1>\n  Image e179 is protected and cannot be deleted.<br /><br />\n\n\n\n </body>\n</html>",
            result: .kept(.protected),
            kind: .protected,
            message: "Image e179 is protected and cannot be deleted."
        ),
        Answer(
            status: 403,
            body:
                #"{"message": "You are not authorized to complete delete_image action.<br /><br />\n\n\n", "code": "403 Forbidden", "title": "Forbidden"}"#,
            result: .failed,
            kind: .forbidden,
            message: "You are not authorized to complete delete_image action."
        ),
        Answer(
            status: 409,
            body: "409 Conflict\n\nImage x could not be deleted because it is in use: rbd.\n\n",
            result: .failed,
            kind: .rejected,
            message: "409 Conflict Image x could not be deleted because it is in use: rbd."
        ),
        // Policies on the native APIs answer in XML.
        Answer(
            status: 403,
            body:
                "<?xml version=\"1.0\"?><error><code>IAM.0003</code><message>Policy doesn't allow ims:images:delete &amp; more</message></error>",
            result: .failed,
            kind: .lacksPermission,
            code: "IAM.0003",
            message: "Policy doesn't allow ims:images:delete & more"
        ),
        // IAM, gateways, Nova.
        Answer(
            status: 403,
            body: #"{"error_msg":"You are not authorized to perform the requested action.","error_code":"IAM.0002"}"#,
            result: .failed,
            kind: .lacksPermission,
            code: "IAM.0002",
            message: "You are not authorized to perform the requested action."
        ),
        Answer(
            status: 400,
            body: #"{"error_msg":"throttled","error_code":"APIG.0105","request_id":"0fb688fc"}"#,
            result: .failed,
            kind: .rejected,
            code: "APIG.0105",
            message: "throttled",
            requestID: "0fb688fc"
        ),
        Answer(
            status: 403,
            body: #"{"error":{"code":"EPS.0003","message":"policy doesn't allow ims:images:delete"}}"#,
            result: .failed,
            kind: .lacksPermission,
            code: "EPS.0003",
            message: "policy doesn't allow ims:images:delete"
        ),
        Answer(
            status: 404,
            body: #"{"itemNotFound":{"message":"Instance not found","code":404}}"#,
            result: .missing,
            kind: .notFound,
            message: "Instance not found"
        ),
        Answer(
            status: 494,
            body: "<html><head><title>400 Request Header Or Cookie Too Large</title></head></html>",
            result: .failed,
            kind: .rejected,
            message: "400 Request Header Or Cookie Too Large"
        ),
        // Nothing, garbage, and answers that are none.
        Answer(status: 404, body: "", result: .missing, kind: .notFound),
        Answer(status: 405, body: "{", result: .failed, kind: .rejected, message: "{"),
        Answer(status: 400, body: "[1, 2]", result: .failed, kind: .rejected, message: "[1, 2]"),
        Answer(status: 400, body: #"{"error":"invalid"}"#, result: .failed, kind: .rejected, message: "invalid"),
        Answer(status: 200, body: "{}", result: .failed, kind: .unexpected),
        Answer(status: 501, body: "", result: .failed, kind: .unavailable),
    ]

    @Test("Reads each form of error response", arguments: answers)
    func meaning(of answer: Answer) async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "DELETE" ? .answer(answer.status, body: answer.body) : nil
        }
        let outcome = try #require(try await fixture.delete([Sample.id(1)]).first)
        #expect(outcome.result == answer.result)
        guard let error = outcome.error?.serviceError else {
            Issue.record("an answer that is not 204 must leave an error")
            return
        }
        #expect(error.service == .image)
        #expect(error.kind == answer.kind)
        #expect(error.status == answer.status)
        #expect(error.code == answer.code)
        #expect(error.message == answer.message)
        #expect(error.requestID == answer.requestID)
        #expect(fixture.transport.count("DELETE") == 1)
    }

    @Test(
        "Keeps the request ID of the header",
        arguments: ["X-Openstack-Request-Id", "X-Request-Id", "x-openstack-request-id"]
    )
    func requestID(header: String) async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "DELETE" ? .answer(409, headers: [header: "req-1"]) : nil
        }
        #expect(try await fixture.delete([Sample.id(1)]).first?.requestID == "req-1")
    }

    @Test("Reports a redirect's target without following it")
    func redirect() async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "DELETE" ? .answer(307, headers: ["Location": "https://elsewhere.example/"]) : nil
        }
        guard let error = try await fixture.delete([Sample.id(1)]).first?.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .redirected)
        #expect(error.message == "https://elsewhere.example/")
        #expect(fixture.transport.requests.allSatisfy { $0.url.host != "elsewhere.example" })
    }

    @Test("Shortens a long message")
    func longMessage() async throws {
        let fixture = ServiceFixture { request, _ in
            request.method == "DELETE" ? .answer(409, body: String(repeating: "long ", count: 100_000)) : nil
        }
        guard let error = try await fixture.delete([Sample.id(1)]).first?.error?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.message?.count == 301)
    }
}
