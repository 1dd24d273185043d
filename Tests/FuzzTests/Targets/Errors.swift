import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import CommandSupport
@testable import delete_image

extension FuzzTarget {
    /// The body of an answer that refuses, from either service, and what the command makes of it.
    static let errors = FuzzTarget(
        "errors",
        inputs: 100,
        samples: [
            #"{"error":{"code":"IMG.0027","message":"The image SECRET is not found"}}"#,
            #"{"error":{"code":401,"title":"Unauthorized","message":"The password SECRET is wrong"}}"#,
            #"{"message":"Image is protected<br /><br />\n\n\n","code":"403 Forbidden","title":"Forbidden"}"#,
            #"{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: SECRET","request_id":"r1"}"#,
            #"{"itemNotFound":{"code":404,"message":"no \u001b[31m SECRET"}}"#,
            "<html>\n <head><title>403 Forbidden</title></head><body><h1>403</h1>Denied: SECRET &lt;b&gt;</body></html>",
            "<?xml version='1.0'?><error><code>IMG.0028</code><message>protected SECRET</message></error>",
            "upstream connect error", "",
        ]
    ) { input, generator in
        let status = generator.pick([400, 401, 403, 404, 405, 409, 429, 500, 503, 504, 200, 202, 302])
        let isIdentity = generator.once(in: 3)
        let isJSON = generator.once(in: 2)
        let quotesInHeader = generator.once(in: 2)
        let secrets = Locked<Set<String>>([])
        let fixture = ServiceFixture(images: [DemoImage(id: Sample.id(1), name: "nightly")]) { request, _ in
            guard request.method == (isIdentity ? "POST" : "DELETE") else { return nil }
            // A server that quotes what it was sent.
            let secret = isIdentity ? "demo-pa55w0rd" : request.header("X-Auth-Token") ?? ""
            secrets.withLock { _ = $0.insert(secret) }
            var body = input
            while let place = body.range(of: Data("SECRET".utf8)) { body.replaceSubrange(place, with: secret.utf8) }
            return .bytes(status, headers: ["X-Request-Id": quotesInHeader ? "r-\u{9B}\(secret)" : "r"], body)
        }
        let run = await CommandRun(
            [Sample.id(1), "--retries", "1", "--timeout", "31", "--no-token-cache", "--verbose"]
                + (isJSON ? ["--json"] : []),
            in: .inMemory(fixture.cloud.environment, fixture.transport, clock: fixture.clock.clock)
        )
        for secret in secrets.value {
            let shown = Data((run.output + run.errors).utf8)
            try must(shown.range(of: Data(secret.utf8)) == nil, "a secret is printed: \(run)")
        }
        try isPlain(isJSON ? run.errors : run.output + run.errors)
        if isJSON {
            let report = JSONTree(Array(run.output.utf8))
            try must(report?["schema"]?.string == "delete-image/1", "the report is no JSON document")
            let outcome = report?["images"]?.elements?.first?["outcome"]?.string
            let told = ["failed", "missing", "kept", "pending"]
            try must(told.contains(outcome ?? ""), "\(status) is taken for \(outcome ?? "nothing")")
        }
        try must(run.status != .done || run.output.contains("kept"), "\(status) is taken for success")
        // A code is what it can be understood by.
        return (run.output + run.errors).contains("code") ? .accepted : .refused
    }

    /// What a terminal does nothing else with than to show it.
    private static func isPlain(_ text: String) throws {
        for scalar in text.unicodeScalars where scalar != "\n" {
            let category = scalar.properties.generalCategory
            try must(category != .control && category != .format, "\(scalar.debugDescription) is printed: \(text)")
        }
    }
}
