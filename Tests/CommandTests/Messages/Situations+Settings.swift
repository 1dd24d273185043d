import ImageDeletion
import ImageDeletionDemo
import TestSupport

@testable import delete_image

extension Situation {
    private static func set(_ when: String, _ variables: [String: String?]) -> Situation {
        Situation(when: when, variables: variables)
    }

    static let variables: [Situation] = [
        set(
            "nothing is set",
            [
                "OS_AUTH_URL": nil, "OS_USERNAME": nil, "OS_PASSWORD": nil, "OS_USER_DOMAIN_NAME": nil,
                "OS_PROJECT_NAME": nil, "OS_REGION_NAME": nil,
            ]
        ),
        set("one is missing", ["OS_PASSWORD": nil]),
        set("two that differ", ["OS_TENANT_NAME": "production"]),
        set("another way to sign in", ["OS_AUTH_TYPE": "v3oidcpassword"]),
        set("an address without a host", ["OS_AUTH_URL": "https://"]),
        set("an address of another kind", ["OS_AUTH_URL": "ftp://iam.example/v3"]),
        set("an address that is not encrypted", ["OS_AUTH_URL": "http://iam.example/v3"]),
        set("an address with a password", ["OS_AUTH_URL": "https://me:secret@iam.example/v3"]),
        set("an address of identity API v2.0", ["OS_AUTH_URL": "https://iam.example/v2.0"]),
    ]

    /// A cloud is chosen in this `clouds.yaml`.
    private static func cloud(
        _ when: String,
        _ text: String,
        _ variables: [String: String?] = ["OS_CLOUD": "otc", "OS_REGION_NAME": nil]
    ) -> Situation {
        Situation(when: when, variables: variables, files: ["/package/clouds.yaml": text])
    }

    /// A `clouds.yaml` with the demo cloud.
    static let demoCloud = """
        clouds:
          otc:
            auth:
              auth_url: https://iam.demo.example/v3
              username: demo
              password: demo-pa55w0rd
              user_domain_name: Default
              project_name: ci

        """

    static let clouds: [Situation] = [
        cloud("`OS_CLOUD` names another cloud", "clouds: {production: {}, test: {}}\n"),
        cloud(
            "several clouds, and no `OS_CLOUD`",
            "clouds: {production: {}, test: {}}\n",
            [
                "OS_AUTH_URL": nil, "OS_USERNAME": nil, "OS_PASSWORD": nil, "OS_USER_DOMAIN_NAME": nil,
                "OS_PROJECT_NAME": nil, "OS_REGION_NAME": nil,
            ]
        ),
        cloud("a file with a tab", "clouds:\n\totc:\n"),
        cloud("a file with an anchor", "clouds: &all\n  otc:\n"),
        cloud("a password that YAML reads as a number", "clouds:\n  otc:\n    auth:\n      password: 0123\n"),
        cloud("a misspelled key", "clouds:\n  otc:\n    auth: {pasword: x}\n"),
        cloud("settings are missing", "clouds:\n  otc: {profile: otc, auth: {username: jo, user_domain_name: Home}}\n"),
        cloud("`verify: false`", "clouds:\n  otc: {profile: otc, verify: false}\n"),
        cloud("an unknown profile", "clouds:\n  otc: {profile: example}\n"),
        cloud(
            "`OS_REGION_NAME` names another region",
            "clouds:\n  otc: {profile: otc}\n",
            ["OS_CLOUD": "otc", "OS_REGION_NAME": "eu-xx"]
        ),
        cloud(
            "a cloud without such an endpoint",
            demoCloud + "    region_name: mars\n"
        ),
    ]

    /// The catalog, or the token, is this.
    private static func token(
        _ when: String,
        _ variables: [String: String?] = [:],
        _ change: @escaping @Sendable (inout SampleTokenResponse) -> Void
    ) -> Situation {
        Situation(
            when: when,
            arguments: ["--match", "*"],
            variables: variables,
            answer: .no,
            fault: { request, _ in request.line == "POST /v3/auth/tokens" ? SampleTokenResponse(change).fault : nil }
        )
    }

    static let catalog: [Situation] = [
        token("no image service in the catalog") {
            $0.imageEndpoints = []
            $0.otherTypes = ["compute", "identity"]
        },
        Situation(
            when: "no compute service in the catalog, and `--unless-in-use`",
            arguments: [Sample.id(1), "--unless-in-use"],
            fault: { request, _ in
                switch request.line {
                case "POST /v3/auth/tokens": SampleTokenResponse().fault
                case "GET /v2/images/\(Sample.id(1))":
                    .answer(
                        200,
                        body:
                            #"{"id": "\#(Sample.id(1))", "owner": "\#(DemoImage.projectID)", "visibility": "private"}"#
                    )
                default: nil
                }
            }
        ),
        token("no endpoint in this region") { $0.imageEndpoints = [.init("eu-nl", "https://ims.eu-nl.example")] },
        token("several regions, and none is chosen", ["OS_REGION_NAME": nil]) {
            $0.imageEndpoints = [
                .init("eu-de", "https://ims.eu-de.example"), .init("eu-nl", "https://ims.eu-nl.example"),
            ]
        },
        token("an address in the catalog that is not encrypted") {
            $0.imageEndpoints = [.init("eu-demo", "http://ims.demo.example")]
        },
        token("a token for another project") { $0.projectName = "production" },
        token(
            "a token for a project in another domain",
            ["OS_PROJECT_ID": DemoImage.projectID, "OS_PROJECT_DOMAIN_ID": "d2"]
        ) { _ in },
        token("a token for no project") { $0.projectID = nil },
        token("a new token that has ended already") { $0.expiresAt = "2026-11-01T11:06:40.000000Z" },
        token("an answer without a token") { $0.token = nil },
    ]
}
