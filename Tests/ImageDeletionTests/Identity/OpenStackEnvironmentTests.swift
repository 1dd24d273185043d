import Foundation
import ImageDeletion
import Testing

/// The `OS_*` variables and what they mean.
@Suite("OpenStack environment")
struct OpenStackEnvironmentTests {
    private static let complete = [
        "OS_AUTH_URL": "https://iam.example/v3", "OS_USERNAME": "jo", "OS_PASSWORD": "pw",
        "OS_USER_DOMAIN_NAME": "Home", "OS_PROJECT_NAME": "ci",
    ]

    private func read(
        _ changes: [String: String?] = [:],
        allowsHTTP: Bool = false
    ) throws(ImageDeletionError) -> OpenStackEnvironment {
        var environment = Self.complete
        for (name, value) in changes { environment[name] = value }
        return try OpenStackEnvironment(environment, allowsHTTP: allowsHTTP)
    }

    private func problems(_ changes: [String: String?], allowsHTTP: Bool = false) throws -> [ConfigurationProblem] {
        do {
            _ = try read(changes, allowsHTTP: allowsHTTP)
            return []
        } catch {
            guard case .configuration(let problems) = error.reason else { throw error }
            return problems
        }
    }

    // MARK: Who asks

    /// What ``complete`` says.
    private static let byPassword = Credentials.Method.password(
        .name("jo", domain: .name("Home")),
        password: Secret("pw"),
        passcode: nil
    )

    static let methods: [([String: String?], Credentials.Method)] = [
        ([:], byPassword),
        (
            ["OS_USER_DOMAIN_ID": "d1"],
            .password(.name("jo", domain: .id("d1")), password: Secret("pw"), passcode: nil)
        ),
        (
            ["OS_USER_DOMAIN_NAME": nil, "OS_DOMAIN_NAME": "OTC00000000001"],
            .password(.name("jo", domain: .name("OTC00000000001")), password: Secret("pw"), passcode: nil)
        ),
        (
            ["OS_DOMAIN_NAME": "OTC00000000001"],
            .password(.name("jo", domain: .name("Home")), password: Secret("pw"), passcode: nil)
        ),
        (["OS_USER_ID": "u1"], .password(.id("u1"), password: Secret("pw"), passcode: nil)),
        (
            ["OS_PASSCODE": "123456"],
            .password(.name("jo", domain: .name("Home")), password: Secret("pw"), passcode: Secret("123456"))
        ),
        (
            ["OS_PASSCODE": "123456", "OS_PASSWORD": nil, "OS_AUTH_TYPE": "v3totp"],
            .password(.name("jo", domain: .name("Home")), password: nil, passcode: Secret("123456"))
        ),
        (
            [
                "OS_APPLICATION_CREDENTIAL_ID": "a1", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil,
                "OS_USERNAME": nil, "OS_USER_DOMAIN_NAME": nil, "OS_PROJECT_NAME": nil,
            ],
            .applicationCredential(.id("a1"), secret: Secret("s"))
        ),
        (
            [
                "OS_APPLICATION_CREDENTIAL_NAME": "robot", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil,
            ],
            .applicationCredential(.name("robot", user: .name("jo", domain: .name("Home"))), secret: Secret("s"))
        ),
        (
            [
                "OS_APPLICATION_CREDENTIAL_ID": "a1", "OS_APPLICATION_CREDENTIAL_SECRET": "s",
                "OS_AUTH_TYPE": "v3applicationcredential",
            ],
            .applicationCredential(.id("a1"), secret: Secret("s"))
        ),
        (["OS_APPLICATION_CREDENTIAL_ID": "", "OS_APPLICATION_CREDENTIAL_SECRET": ""], byPassword),
        (
            [
                "OS_APPLICATION_CREDENTIAL_ID": "a1", "OS_APPLICATION_CREDENTIAL_SECRET": "s",
                "OS_AUTH_TYPE": "v3password",
            ], byPassword
        ),
        (["OS_AUTH_TYPE": "password"], byPassword),
        (["OS_AUTH_TYPE": "v3multifactor"], byPassword),
        (["OS_AUTH_TYPE": "", "OS_TOKEN": "", "OS_PASSCODE": "", "OS_USER_ID": ""], byPassword),
        (["OS_TOKEN": "t"], .token(Secret("t"))),
        (["OS_TOKEN": "t", "OS_AUTH_TYPE": "v3token"], .token(Secret("t"))),
        (["OS_TOKEN": "t", "OS_AUTH_TYPE": "token"], .token(Secret("t"))),
        (["OS_TOKEN": "t", "OS_AUTH_TYPE": "password"], byPassword),
    ]

    @Test("Reads all kinds of credentials", arguments: methods.indices)
    func method(index: Int) throws {
        let (changes, method) = Self.methods[index]
        #expect(try read(changes).credentials.method == method)
    }

    static let projects: [([String: String?], Credentials.Project?)] = [
        ([:], .init(name: "ci", domain: .name("Home"))),
        (["OS_PROJECT_DOMAIN_NAME": "Away"], .init(name: "ci", domain: .name("Away"))),
        (["OS_PROJECT_DOMAIN_NAME": "Away", "OS_PROJECT_DOMAIN_ID": "d2"], .init(name: "ci", domain: .id("d2"))),
        (["OS_PROJECT_ID": "p1"], .init(id: "p1", name: "ci")),
        (["OS_PROJECT_NAME": nil, "OS_TENANT_ID": "p1"], .init(id: "p1")),
        (["OS_PROJECT_NAME": nil, "OS_TENANT_NAME": "old"], .init(name: "old", domain: .name("Home"))),
        (["OS_PROJECT_NAME": "", "OS_TENANT_NAME": "old"], .init(name: "old", domain: .name("Home"))),
        (["OS_TENANT_NAME": "ci"], .init(name: "ci", domain: .name("Home"))),
        (
            ["OS_USER_DOMAIN_NAME": nil, "OS_DOMAIN_NAME": "OTC00000000001"],
            .init(name: "ci", domain: .name("OTC00000000001"))
        ),
        (
            ["OS_PROJECT_ID": "p1", "OS_PROJECT_DOMAIN_NAME": "Away"],
            .init(id: "p1", name: "ci", domain: .name("Away"))
        ), (["OS_TOKEN": "t", "OS_PROJECT_NAME": nil], nil),
        (["OS_TOKEN": "t", "OS_PROJECT_NAME": nil, "OS_PROJECT_DOMAIN_ID": "d2"], .init(domain: .id("d2"))),
        (["OS_TOKEN": "t"], .init(name: "ci")),
        (["OS_TOKEN": "t", "OS_USER_DOMAIN_NAME": nil], .init(name: "ci")),
    ]

    @Test("Reads all ways to name the project", arguments: projects.indices)
    func project(index: Int) throws {
        let (changes, project) = Self.projects[index]
        #expect(try read(changes).credentials.project == project)
    }

    // MARK: What is missing, contradictory or not to be had

    private static let everything: [ConfigurationProblem] = [
        .missing(["OS_AUTH_URL"]), .missing(["OS_USERNAME", "OS_USER_ID"]),
        .missing(["OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID"]), .missing(["OS_PASSWORD"]),
        .missing(["OS_PROJECT_NAME", "OS_PROJECT_ID"]),
    ]

    @Test("Reports all missing variables at once; an empty one is not set", arguments: [nil, ""])
    func missing(value: String?) throws {
        #expect(try problems(Self.complete.mapValues { _ in value }) == Self.everything)
    }

    static let faults: [([String: String?], [ConfigurationProblem])] = [
        (["OS_PROJECT_NAME": "a", "OS_TENANT_NAME": "b"], [.contradictory(["OS_PROJECT_NAME", "OS_TENANT_NAME"])]),
        (["OS_PROJECT_ID": "a", "OS_TENANT_ID": "b"], [.contradictory(["OS_PROJECT_ID", "OS_TENANT_ID"])]),
        (
            ["OS_INTERFACE": "public", "OS_ENDPOINT_TYPE": "internalURL"],
            [.contradictory(["OS_INTERFACE", "OS_ENDPOINT_TYPE"])]
        ),
        (["OS_INTERFACE": "secret"], [.unsupported(variable: "OS_INTERFACE", value: "secret")]),
        (
            ["OS_APPLICATION_CREDENTIAL_ID": "a1", "OS_APPLICATION_CREDENTIAL_SECRET": "s"],
            [.contradictory(["OS_APPLICATION_CREDENTIAL_SECRET", "OS_PASSWORD"])]
        ),
        (
            ["OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil],
            [.missing(["OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME"])]
        ),
        (
            ["OS_APPLICATION_CREDENTIAL_ID": "a1", "OS_PASSWORD": nil],
            [.missing(["OS_APPLICATION_CREDENTIAL_SECRET"])]
        ),
        (
            [
                "OS_APPLICATION_CREDENTIAL_NAME": "robot", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": nil,
                "OS_USERNAME": nil, "OS_USER_DOMAIN_NAME": nil,
            ],
            [
                .missing(["OS_USERNAME", "OS_USER_ID"]), .missing(["OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID"]),
            ]
        ),
        (["OS_AUTH_TYPE": "v3token"], [.missing(["OS_TOKEN"])]),
        (["OS_AUTH_TYPE": "v3kerberos"], [.unsupported(variable: "OS_AUTH_TYPE", value: "v3kerberos")]),
        (["OS_AUTH_TYPE": "none"], [.unsupported(variable: "OS_AUTH_TYPE", value: "none")]),
        (
            ["OS_USER_ID": "u1", "OS_USER_DOMAIN_NAME": nil],
            [.missing(["OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID"])]
        ),
        (["OS_AUTH_URL": nil], [.missing(["OS_AUTH_URL"])]),
        (["OS_AUTH_URL": nil, "OS_TOKEN": "t"], [.missing(["OS_AUTH_URL", "OS_IMAGE_ENDPOINT_OVERRIDE"])]),
        (["OS_SYSTEM_SCOPE": "all"], [.unsupported(variable: "OS_SYSTEM_SCOPE", value: "all")]),
        (["OS_TRUST_ID": "t1"], [.unsupported(variable: "OS_TRUST_ID", value: "t1")]),
        (["OS_IDENTITY_API_VERSION": "2.0"], [.unsupported(variable: "OS_IDENTITY_API_VERSION", value: "2.0")]),
        (["OS_IMAGE_API_VERSION": "1"], [.unsupported(variable: "OS_IMAGE_API_VERSION", value: "1")]),
        (
            ["OS_PASSWORD": nil, "OS_AUTH_URL": "ftp://iam.example", "OS_IMAGE_ENDPOINT_OVERRIDE": "ims"],
            [
                .missing(["OS_PASSWORD"]), .address(source: "OS_IMAGE_ENDPOINT_OVERRIDE", value: "ims", .malformed),
                .address(source: "OS_AUTH_URL", value: "ftp://iam.example", .scheme),
            ]
        ),
    ]

    @Test("Names invalid variables", arguments: faults.indices)
    func fault(index: Int) throws {
        let (changes, problems) = Self.faults[index]
        #expect(try self.problems(changes) == problems)
    }

    @Test("Sends nothing with invalid settings")
    func beforeAnyRequest() {
        #expect(throws: ImageDeletionError.configuration(Self.everything)) {
            _ = try ImageService(environment: ["OS_AUTH_URL": ""])
        }
    }

    @Test("Accepts a token and an endpoint alone")
    func tokenAndOverride() throws {
        let environment = try OpenStackEnvironment([
            "OS_TOKEN": "t", "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.example",
        ])
        #expect(environment.credentials == Credentials(authURL: nil, method: .token(Secret("t"))))
        #expect(environment.endpoint.override?.absoluteString == "https://ims.example/v2")
    }

    // MARK: What is told to have no effect

    static let ignoredOnes: [([String: String?], [String])] = [
        ([:], []),
        (["OS_CACERT": "/ca.pem", "OS_CERT": "c", "OS_KEY": "k"], []),
        (["OS_INSECURE": "true"], ["OS_INSECURE"]),
        (["OS_INSECURE": "False", "OS_CACERT": ""], []),
        (["OS_DEFAULT_DOMAIN": "default"], ["OS_DEFAULT_DOMAIN"]),
        (["OS_IDENTITY_API_VERSION": "3", "OS_IMAGE_API_VERSION": "v2"], []),
    ]

    @Test("Warns about variables without effect", arguments: ignoredOnes.indices)
    func ignored(index: Int) throws {
        let (changes, names) = Self.ignoredOnes[index]
        #expect(try read(changes).warnings == names.map(SettingsWarning.ignoredVariable))
    }

    // MARK: Which endpoint

    static let interfaces: [([String: String?], String)] = [
        ([:], "public"),
        (["OS_INTERFACE": "internal"], "internal"),
        (["OS_INTERFACE": "adminURL"], "admin"),
        (["OS_ENDPOINT_TYPE": "publicURL"], "public"),
        (["OS_ENDPOINT_TYPE": "internalURL"], "internal"),
        (["OS_INTERFACE": "internal", "OS_ENDPOINT_TYPE": "internalURL"], "internal"),
        (["OS_INTERFACE": "", "OS_ENDPOINT_TYPE": "admin"], "admin"),
    ]

    @Test("Reads both variables and spellings of the interface", arguments: interfaces.indices)
    func interface(index: Int) throws {
        let (changes, interface) = Self.interfaces[index]
        #expect(try read(changes).endpoint.interface == interface)
    }

    @Test("Reads the optional region")
    func region() throws {
        #expect(try read().endpoint.region == nil)
        #expect(try read(["OS_REGION_NAME": ""]).endpoint.region == nil)
        #expect(try read(["OS_REGION_NAME": "eu-de"]).endpoint.region == "eu-de")
    }

    // MARK: Addresses

    @Test(
        "Accepts the identity service's address with and without /v3",
        arguments: [
            ("https://iam.example/v3", "https://iam.example/v3"),
            ("https://iam.example", "https://iam.example/v3"),
            ("https://iam.example/", "https://iam.example/v3"),
            ("https://iam.example:443/v3//", "https://iam.example:443/v3"),
            ("https://cloud.example/identity", "https://cloud.example/identity/v3"),
            ("https://cloud.example/identity/v3/", "https://cloud.example/identity/v3"),
            ("http://127.0.0.1/identity", "http://127.0.0.1/identity/v3"),
            ("http://127.255.3.4:5000", "http://127.255.3.4:5000/v3"),
            ("http://localhost:5000/v3", "http://localhost:5000/v3"),
            ("http://[::1]:5000/v3", "http://[::1]:5000/v3"),
        ]
    )
    func identityAddress(text: String, url: String) throws {
        #expect(try read(["OS_AUTH_URL": text]).credentials.authURL?.absoluteString == url)
    }

    @Test(
        "Accepts the image service's address with and without /v2",
        arguments: [
            ("https://ims.example", "https://ims.example/v2"), ("https://ims.example/v2", "https://ims.example/v2"),
            ("https://ims.example/v2/", "https://ims.example/v2"),
            ("https://cloud.example/image/", "https://cloud.example/image/v2"),
        ]
    )
    func imageAddress(text: String, url: String) throws {
        let endpoint = try read(["OS_IMAGE_ENDPOINT_OVERRIDE": text]).endpoint
        #expect(endpoint.override?.absoluteString == url)
    }

    static let badAddresses: [(String, AddressFault)] = [
        ("iam.example", .malformed), ("https://", .malformed), ("https:///v3", .malformed),
        ("not an address", .malformed), ("https://iam.example/v3 ", .malformed), (" https://iam.example", .malformed),
        ("https://iam.example\n", .malformed), ("https://iam.exam\r\nple", .malformed),
        ("https://iam.example/\u{7F}", .malformed), ("https://iam.example:port", .malformed),
        ("ftp://iam.example", .scheme), ("file://iam.example/v3", .scheme),
        ("https://jo@iam.example", .extraParts), ("https://jo:pw@iam.example", .extraParts),
        ("https://iam.example/v3?x=1", .extraParts), ("https://iam.example/v3#x", .extraParts),
        ("http://iam.example", .unencrypted), ("HTTP://iam.example", .unencrypted),
        ("http://127.0.0.1.evil.example", .unencrypted), ("http://localhost.evil.example", .unencrypted),
        ("http://0.0.0.0", .unencrypted), ("http://127.1", .unencrypted), ("http://127.0.0.256", .unencrypted),
        ("http://127.0.0.", .unencrypted), ("http://127.0.0.+1", .unencrypted), ("http://[::2]", .unencrypted),
        ("http://128.0.0.1", .unencrypted), ("http://localhost@evil.example", .extraParts),
        ("http://127.0.0.1:80@evil.example", .extraParts),
    ]

    @Test("Rejects unsafe addresses", arguments: badAddresses)
    func badAddress(text: String, fault: AddressFault) throws {
        for variable in ["OS_AUTH_URL", "OS_IMAGE_ENDPOINT_OVERRIDE"] {
            #expect(try problems([variable: text]) == [.address(source: variable, value: Self.told(text), fault)])
        }
    }

    /// What may be a password or a token is not told.
    private static func told(_ text: String) -> String {
        text.replacing(#/\/\/.*@/#, with: "//…@").replacing(#/([?#]).+/#) { "\($0.1)…" }
    }

    @Test(
        "Omits possible secrets of an address in messages",
        arguments: [
            ("https://jo:pw@iam.example/v3", "https://…@iam.example/v3"), ("jo:p@w@iam.example", "…@iam.example"),
            ("ftp://jo:pw@iam.example", "ftp://…@iam.example"), ("http://jo:p/w@iam.example", "http://…@iam.example"),
            ("https://iam.example?token=abc@d#e", "https://iam.example?…"),
            ("https://jo:p?w@iam.example", "https://…?…"), ("https://jo:p#w@iam.example", "https://…#…"),
            ("jo:p?w@iam.example", "…?…"),
        ]
    )
    func secrets(text: String, told: String) throws {
        guard case .address(_, let value, _) = try problems(["OS_AUTH_URL": text]).first else {
            Issue.record("this is an address that can be used")
            return
        }
        #expect(value == told)
    }

    @Test("Rejects the identity API version 2", arguments: ["https://iam.example/v2.0", "https://iam.example/v2.0/"])
    func identityV2(text: String) throws {
        #expect(try problems(["OS_AUTH_URL": text]) == [.address(source: "OS_AUTH_URL", value: text, .identityV2)])
    }

    @Test("Accepts http for any host when it is allowed")
    func allowsHTTP() throws {
        let changes = ["OS_AUTH_URL": "http://iam.example", "OS_IMAGE_ENDPOINT_OVERRIDE": "http://ims.example"]
        let environment = try read(changes, allowsHTTP: true)
        #expect(environment.credentials.authURL?.absoluteString == "http://iam.example/v3")
        #expect(environment.endpoint.override?.absoluteString == "http://ims.example/v2")
        #expect(environment.endpoint.allowsHTTP)
        #expect(try !read().endpoint.allowsHTTP)
        for (text, fault) in Self.badAddresses where fault != .unencrypted {
            #expect(
                try problems(["OS_AUTH_URL": text], allowsHTTP: true)
                    == [.address(source: "OS_AUTH_URL", value: Self.told(text), fault)]
            )
        }
    }
}
