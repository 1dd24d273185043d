import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

extension Situation {
    private static func accessKey(
        _ when: String,
        _ variables: [String: String?] = [:],
        arguments: [String] = [Sample.id(1)],
        _ fault: FaultyTransport.Fault? = nil
    ) -> Situation {
        let key: [String: String?] = [
            "OS_USERNAME": nil, "OS_PASSWORD": nil, "OS_USER_DOMAIN_NAME": nil, "OS_PROJECT_NAME": nil,
            "OS_PROJECT_ID": DemoImage.projectID, "OS_ACCESS_KEY": "AKEXAMPLE", "OS_SECRET_KEY": "example-secret-key",
            "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.demo.example",
        ]
        return Situation(
            when: when,
            arguments: arguments,
            variables: key.merging(variables) { $1 },
            fault: { _, _ in fault }
        )
    }

    private static func agency(
        _ when: String,
        _ variables: [String: String?] = [:],
        _ exchange: FaultyTransport.Fault = .answer(404)
    ) -> Situation {
        let agency: [String: String?] = [
            "OS_PROJECT_NAME": nil, "OS_AGENCY_NAME": "cleaner", "OS_AGENCY_DOMAIN_NAME": "OTC2",
            "OS_DELEGATED_PROJECT": "eu-de",
        ]
        return Situation(
            when: when,
            variables: agency.merging(variables) { $1 },
            fault: { request, _ in
                guard request.line == "POST /v3/auth/tokens" else { return nil }
                return request.header("X-Auth-Token") == nil
                    ? SampleTokenResponse { $0.projectID = nil }.fault : exchange
            }
        )
    }

    private static let byName: [String: String?] = ["OS_PROJECT_ID": nil, "OS_PROJECT_NAME": "ci"]

    private static func gateway(_ reason: String, date: String = "Wed, 18 Nov 2026 11:06:40 GMT")
        -> FaultyTransport.Fault
    {
        .answer(
            401,
            headers: ["Date": date],
            body: #"{"error_msg":"Incorrect IAM authentication information: \#(reason)","error_code":"APIGW.0301"}"#
        )
    }

    static let accessKeys: [Situation] = [
        accessKey("an access key without its secret key", ["OS_SECRET_KEY": nil]),
        accessKey("a secret key with a line break", ["OS_SECRET_KEY": "example\n"]),
        accessKey("an access key and a password", ["OS_PASSWORD": "example"]),
        accessKey(
            "an access key and an agency",
            ["OS_AGENCY_NAME": "cleaner", "OS_AGENCY_DOMAIN_NAME": "OTC2", "OS_DELEGATED_PROJECT": "eu-de"]
        ),
        accessKey("an access key and no project", ["OS_PROJECT_ID": nil]),
        accessKey("`--forget-token` with an access key", arguments: ["--forget-token"]),
        accessKey("a project that the account does not have", byName, .answer(200, body: #"{"projects":[]}"#)),
        accessKey(
            "a project name that several have",
            byName,
            .answer(200, body: #"{"projects":[{"id":"p1","name":"ci"},{"id":"p2","name":"ci"}]}"#)
        ),
        accessKey(
            "an access key that may not look up projects",
            byName,
            .answer(
                403,
                body: #"{"error":{"code":403,"message":"You are not authorized to perform the requested action."}}"#
            )
        ),
        accessKey("a wrong secret key", [:], gateway("verify aksk signature fail")),
        accessKey("a key that is locked", [:], gateway("AK access failed to reach the limit,forbidden.")),
        accessKey(
            "a wrong clock",
            [:],
            gateway(
                "calc aksk signature fail:signature expired, signature time:20261118T110640Z,server time:20261118T112340Z",
                date: "Wed, 18 Nov 2026 11:23:40 GMT"
            )
        ),
        accessKey("a signature that is too old, and a right clock", [:], gateway("signature expired")),
        accessKey(
            "a temporary key that has expired",
            ["OS_SECURITY_TOKEN": "example-security-token"],
            gateway("the security token has expired")
        ),
        agency("an agency without its project", ["OS_DELEGATED_PROJECT": nil]),
        agency("an agency and `OS_TOKEN`", ["OS_TOKEN": "example"]),
        agency(
            "an agency that is not there",
            [:],
            .answer(404, body: #"{"error":{"code":404,"message":"Could not find agency: cleaner."}}"#)
        ),
        agency(
            "an agency that the user may not use",
            [:],
            .answer(
                403,
                body: #"{"error":{"code":403,"message":"You are not authorized to perform the requested action."}}"#
            )
        ),
    ]
}
