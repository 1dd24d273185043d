import ImageDeletion
import Testing

/// The variables of access keys and agencies.
@Suite("Access keys and agencies in the environment")
struct OpenTelekomCloudEnvironmentTests {
    private static let accessKey = [
        "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3", "OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": "sk",
        "OS_PROJECT_NAME": "eu-de",
    ]

    private static let agency = [
        "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3", "OS_USERNAME": "jo", "OS_PASSWORD": "pw",
        "OS_USER_DOMAIN_NAME": "OTC1", "OS_AGENCY_NAME": "cleaner", "OS_AGENCY_DOMAIN_NAME": "OTC2",
        "OS_DELEGATED_PROJECT": "eu-de_images",
    ]

    private func read(
        _ environment: [String: String],
        _ changes: [String: String?] = [:]
    ) throws(ImageDeletionError) -> OpenStackEnvironment {
        var environment = environment
        for (name, value) in changes { environment[name] = value }
        return try OpenStackEnvironment(environment)
    }

    private func problems(_ environment: [String: String], _ changes: [String: String?]) throws
        -> [ConfigurationProblem]
    {
        do {
            _ = try read(environment, changes)
            return []
        } catch {
            guard case .configuration(let problems) = error.reason else { throw error }
            return problems
        }
    }

    static let keys: [([String: String?], Credentials.AccessKey, Credentials.Project)] = [
        ([:], .init(id: "AK", secret: Secret("sk")), .init(name: "eu-de")),
        (["OS_PROJECT_ID": "p1"], .init(id: "AK", secret: Secret("sk")), .init(id: "p1", name: "eu-de")),
        (
            [
                "OS_PROJECT_NAME": nil, "OS_TENANT_ID": "p1", "OS_AUTH_URL": nil,
                "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.example",
            ],
            .init(id: "AK", secret: Secret("sk")), .init(id: "p1")
        ),
        (
            ["OS_SECURITY_TOKEN": "st"], .init(id: "AK", secret: Secret("sk"), securityToken: Secret("st")),
            .init(name: "eu-de")
        ),
        // What an openrc file leaves behind is not a second way to sign in.
        (
            ["OS_USERNAME": "jo", "OS_USER_DOMAIN_NAME": "OTC1"], .init(id: "AK", secret: Secret("sk")),
            .init(name: "eu-de", domain: .name("OTC1"))
        ),
        (
            ["OS_USER_ID": "u1", "OS_TOKEN": "", "OS_PASSWORD": ""], .init(id: "AK", secret: Secret("sk")),
            .init(name: "eu-de")
        ),
    ]

    @Test("Every way to set an access key", arguments: keys.indices)
    func accessKey(index: Int) throws {
        let (changes, key, project) = Self.keys[index]
        let credentials = try read(Self.accessKey, changes).credentials
        #expect(credentials.method == .accessKey(key))
        #expect(credentials.project == project)
    }

    @Test("OS_AUTH_TYPE says what counts where a password is set as well")
    func authType() throws {
        let changes = [
            "OS_AUTH_TYPE": "password", "OS_USERNAME": "jo", "OS_PASSWORD": "pw", "OS_USER_DOMAIN_NAME": "OTC1",
        ]
        guard case .password = try read(Self.accessKey, changes).credentials.method else {
            Issue.record("the password counts")
            return
        }
    }

    static let keyFaults: [([String: String?], [ConfigurationProblem])] = [
        (["OS_SECRET_KEY": nil], [.missing(["OS_SECRET_KEY"])]),
        (["OS_SECRET_KEY": ""], [.missing(["OS_SECRET_KEY"])]),
        (["OS_ACCESS_KEY": nil], [.missing(["OS_ACCESS_KEY"])]),
        (
            ["OS_ACCESS_KEY": nil, "OS_SECRET_KEY": nil, "OS_SECURITY_TOKEN": "st"],
            [.missing(["OS_ACCESS_KEY"]), .missing(["OS_SECRET_KEY"])]
        ),
        (["OS_SECRET_KEY": "sk\n"], [.malformed(variable: "OS_SECRET_KEY")]),
        (["OS_SECRET_KEY": "s\r\nk"], [.malformed(variable: "OS_SECRET_KEY")]),
        (
            ["OS_ACCESS_KEY": "A K", "OS_SECRET_KEY": " sk", "OS_SECURITY_TOKEN": "s\u{FC}"],
            [
                .malformed(variable: "OS_ACCESS_KEY"), .malformed(variable: "OS_SECRET_KEY"),
                .malformed(variable: "OS_SECURITY_TOKEN"),
            ]
        ),
        (["OS_ACCESS_KEY": "AK,"], [.malformed(variable: "OS_ACCESS_KEY")]),
        (["OS_PASSWORD": "pw"], [.contradictory(["OS_ACCESS_KEY", "OS_PASSWORD"])]),
        (
            ["OS_TOKEN": "t", "OS_PASSCODE": "1", "OS_SECRET_KEY": nil],
            [.contradictory(["OS_ACCESS_KEY", "OS_TOKEN", "OS_PASSCODE"]), .missing(["OS_SECRET_KEY"])]
        ),
        (
            ["OS_APPLICATION_CREDENTIAL_ID": "a1"],
            [.contradictory(["OS_ACCESS_KEY", "OS_APPLICATION_CREDENTIAL_ID"])]
        ),
        (["OS_PROJECT_NAME": nil], [.missing(["OS_PROJECT_NAME", "OS_PROJECT_ID"])]),
        (["OS_PROJECT_ID": "p\n1"], [.malformed(variable: "OS_PROJECT_ID")]),
        (["OS_AUTH_URL": nil], [.missing(["OS_AUTH_URL", "OS_IMAGE_ENDPOINT_OVERRIDE"])]),
        (
            ["OS_AUTH_URL": nil, "OS_PROJECT_ID": "p1"],
            [.missing(["OS_AUTH_URL", "OS_IMAGE_ENDPOINT_OVERRIDE"])]
        ),
        (
            ["OS_AUTH_URL": nil, "OS_IMAGE_ENDPOINT_OVERRIDE": "https://ims.example"], [.missing(["OS_AUTH_URL"])]
        ),
        (
            ["OS_AGENCY_NAME": "a", "OS_AGENCY_DOMAIN_ID": "d2", "OS_DELEGATED_PROJECT": "p"],
            [.contradictory(["OS_AGENCY_NAME", "OS_ACCESS_KEY"])]
        ),
    ]

    @Test("What is wrong with an access key is told all at once, and never its value", arguments: keyFaults.indices)
    func keyFault(index: Int) throws {
        let (changes, expected) = Self.keyFaults[index]
        #expect(try problems(Self.accessKey, changes) == expected)
    }

    @Test("An agency, by its domain's name or ID", arguments: [nil, "d2"])
    func agency(id: String?) throws {
        let credentials = try read(Self.agency, ["OS_AGENCY_DOMAIN_ID": id]).credentials
        let domain = id.map { Credentials.Domain.id($0) } ?? .name("OTC2")
        #expect(credentials.agency == .init(name: "cleaner", domain: domain))
        #expect(credentials.project == .init(name: "eu-de_images", domain: domain))
    }

    static let agencyFaults: [([String: String?], [ConfigurationProblem])] = [
        (["OS_AGENCY_NAME": nil], [.missing(["OS_AGENCY_NAME"])]),
        (
            ["OS_AGENCY_DOMAIN_NAME": nil, "OS_DELEGATED_PROJECT": nil],
            [.missing(["OS_AGENCY_DOMAIN_NAME", "OS_AGENCY_DOMAIN_ID"]), .missing(["OS_DELEGATED_PROJECT"])]
        ),
        (["OS_PASSWORD": nil], [.missing(["OS_PASSWORD"])]),
        (["OS_TOKEN": "t"], [.contradictory(["OS_AGENCY_NAME", "OS_TOKEN"])]),
    ]

    @Test("What is wrong with an agency is told all at once", arguments: agencyFaults.indices)
    func agencyFault(index: Int) throws {
        let (changes, expected) = Self.agencyFaults[index]
        #expect(try problems(Self.agency, changes) == expected)
    }

    @Test("A project of the user's own has no effect with an agency")
    func ownProject() throws {
        #expect(try read(Self.agency, ["OS_PROJECT_NAME": "eu-de"]).warnings == [.ignoredVariable("OS_PROJECT_NAME")])
        #expect(try read(Self.agency).warnings == [])
    }

    @Test("Warns about variables that an access key or OS_AUTH_TYPE leaves without effect")
    func ignored() throws {
        #expect(
            try read(Self.accessKey, ["OS_PROJECT_ID": "p1", "OS_PROJECT_NAME": "ci"]).warnings
                == [.ignoredVariable("OS_PROJECT_NAME")]
        )
        let password = [
            "OS_AUTH_TYPE": "password", "OS_USERNAME": "jo", "OS_USER_DOMAIN_NAME": "d1", "OS_PASSWORD": "pa55word",
        ]
        #expect(
            try read(Self.accessKey, password).warnings
                == [.ignoredVariable("OS_ACCESS_KEY"), .ignoredVariable("OS_SECRET_KEY")]
        )
    }
}
