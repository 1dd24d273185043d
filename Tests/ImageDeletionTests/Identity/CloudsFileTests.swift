import Foundation
import ImageDeletion
import Testing

/// Settings from `clouds.yaml`: which file, which cloud, and what it means.
@Suite("clouds.yaml")
struct CloudsFileTests {
    private static let home = "/home/jo/.config/openstack"

    /// A cloud with a user, whose project is named after the file, so that a test sees which one was read.
    private static func cloud(_ project: String, name: String = "mine", _ more: String = "") -> String {
        """
        clouds:
          \(name):
            auth:
              auth_url: https://iam.example/v3
              username: jo
              password: pa55word
              user_domain_name: Home
              project_name: \(project)
        \(more)
        """
    }

    private func read(
        _ files: [String: String],
        _ environment: [String: String] = ["OS_CLOUD": "mine"],
        isReadableByOthers: Bool = false,
        errors: [String: FileError] = [:]
    ) throws(ImageDeletionError) -> OpenStackEnvironment {
        let configuration = ConfigurationFiles(currentDirectory: "/work") { path throws(FileError) in
            if let error = errors[path] { throw error }
            return files[path].map { .init(Data($0.utf8), isReadableByOthers: isReadableByOthers) }
        }
        return try OpenStackEnvironment(["HOME": "/home/jo"].merging(environment) { $1 }, files: configuration)
    }

    private func problems(
        _ files: [String: String],
        _ environment: [String: String] = ["OS_CLOUD": "mine"],
        errors: [String: FileError] = [:]
    ) -> [String] {
        do throws(ImageDeletionError) {
            _ = try read(files, environment, errors: errors)
            return []
        } catch {
            guard case .configuration(let problems) = error.reason else { return ["\(error)"] }
            return problems.map(\.description)
        }
    }

    // MARK: Which file

    @Test("The first file that is there counts, in openstacksdk's order")
    func order() throws {
        var variables = ["OS_CLOUD": "mine", "OS_CLIENT_CONFIG_FILE": "my.yaml", "XDG_CONFIG_HOME": "/xdg"]
        let paths = [
            "/work/my.yaml", "/work/clouds.yaml", "/work/clouds.yml", "/xdg/openstack/clouds.yaml",
            "\(Self.home)/clouds.yaml",
            "\(Self.home)/clouds.yml", "/etc/openstack/clouds.yaml", "/etc/openstack/clouds.yml",
        ]
        var files = Dictionary(uniqueKeysWithValues: paths.enumerated().map { ($1, Self.cloud("project-\($0)")) })
        for (index, path) in paths.enumerated() {
            let environment = try read(files, variables)
            #expect(environment.credentials.project?.name == "project-\(index)")
            #expect(environment.source == .cloud("mine", files: [path]))
            files[path] = nil
            variables["OS_CLIENT_CONFIG_FILE"] = nil
        }
    }

    @Test("secure.yaml adds what clouds.yaml leaves out, from any folder of the user or the system")
    func secure() throws {
        let cloud = Self.cloud("ci").replacing("      password: pa55word\n", with: "")
        let secure = "clouds: {mine: {auth: {password: from-secure}}}"
        for paths in [
            ["\(Self.home)/clouds.yaml", "/etc/openstack/secure.yaml"], ["/work/clouds.yaml", "/work/secure.yaml"],
        ] {
            let environment = try read([paths[0]: cloud, paths[1]: secure])
            guard case .password(_, let password, _) = environment.credentials.method else { throw CancellationError() }
            #expect(password == Secret("from-secure"))
            #expect(environment.source == .cloud("mine", files: paths))
        }
        #expect(
            problems(["/work/clouds.yaml": cloud])
                == ["cloud “mine” in /work/clouds.yaml, line 2: auth.password is not set."]
        )
    }

    @Test("JSON is read as well")
    func json() throws {
        let json = """
            {"clouds": {"mine": {"auth": {"auth_url": "https://iam.example", "user_id": "u", "password": 12, "project_id": "p"}}}}
            """
        #expect(try read(["/work/clouds.json": json]).credentials.project?.id == "p")
        let malformed = json.replacing("12", with: "true")
        #expect(
            problems(["/work/clouds.json": malformed])
                == ["/work/clouds.json: cloud “mine”: auth.password must be a string; put the value in quotes."]
        )
        #expect(problems(["/work/clouds.json": "{"]) == ["/work/clouds.json: invalid JSON (line 1)."])
    }

    @Test("A file that others may not be read is skipped with a warning, unless it was named")
    func unreadable() throws {
        let denied = FileError(systemError: EACCES)
        let files = ["\(Self.home)/clouds.yaml": Self.cloud("ci")]
        let environment = try read(files, errors: ["/work/clouds.yaml": denied])
        #expect(environment.warnings == [.unreadableFile(path: "/work/clouds.yaml", reason: denied.reason)])
        let variables = ["OS_CLOUD": "mine", "OS_CLIENT_CONFIG_FILE": "/work/clouds.yaml"]
        #expect(
            problems(files, variables, errors: ["/work/clouds.yaml": denied])
                == ["/work/clouds.yaml: \(denied.reason)."]
        )
        #expect(problems(files, variables) == ["/work/clouds.yaml: No such file or directory."])
        let directory = FileError("it is not a regular file")
        #expect(
            problems(files, errors: ["/work/clouds.yaml": directory])
                == ["/work/clouds.yaml: it is not a regular file."]
        )
    }

    @Test("A file of the current folder is not combined with others, unless it is named")
    func foreignCheckout() throws {
        let cloud = Self.cloud("ci").replacing("      password: pa55word\n", with: "")
        let secure = "clouds: {mine: {auth: {password: from-secure}}}"
        let hostile = "clouds: {mine: {auth: {auth_url: 'https://evil.example'}}}"
        let profiles = "public-clouds: {mine: {auth: {auth_url: 'https://evil.example'}}}"
        let profile = Self.cloud("ci") + "\n    profile: mine\n"
        for files in [
            ["/work/clouds.yaml": cloud, "\(Self.home)/secure.yaml": secure],
            ["\(Self.home)/clouds.yaml": Self.cloud("ci"), "/work/secure.yaml": hostile],
            ["\(Self.home)/clouds.yaml": profile, "/work/clouds-public.yaml": profiles],
        ] {
            #expect(problems(files).first?.contains("because one of them is in the current folder") == true)
        }
        for (name, files) in [
            ("OS_CLIENT_CONFIG_FILE", ["/my/file": Self.cloud("ci"), "/work/secure.yaml": hostile]),
            ("OS_CLIENT_CONFIG_FILE", ["/my/file": profile, "/work/clouds-public.yaml": profiles]),
            ("OS_CLIENT_SECURE_FILE", ["/my/file": secure, "/work/clouds.yaml": cloud]),
        ] {
            let problems = problems(files, ["OS_CLOUD": "mine", name: "/my/file"])
            #expect(problems.first?.contains("because one of them is in the current folder") == true)
        }
        let files = ["/work/clouds.yaml": cloud, "\(Self.home)/secure.yaml": secure]
        let variables = ["OS_CLOUD": "mine", "OS_CLIENT_CONFIG_FILE": "clouds.yaml"]
        #expect(try read(files, variables).source == .cloud("mine", files: files.keys.sorted().reversed()))
    }

    @Test("A warning names a file with a secret that others can read")
    func permissions() throws {
        let path = "/work/clouds.yaml"
        #expect(
            try read([path: Self.cloud("ci")], isReadableByOthers: true).warnings
                == [.secretReadableByOthers(path: path)]
        )
        let cloud = Self.cloud("ci").replacing("      password: pa55word\n", with: "")
        let files = [path: cloud, "/work/secure.json": #"{"clouds": {"mine": {"password": "x"}}}"#]
        #expect(
            try read(files, isReadableByOthers: true).warnings == [.secretReadableByOthers(path: "/work/secure.json")]
        )
    }

    // MARK: Which cloud

    private static let two = cloud("one") + cloud("two", name: "two").replacing("clouds:\n", with: "")

    @Test("OS_CLOUD chooses the cloud, and other variables are ignored with a warning")
    func variablesBesideCloud() throws {
        let environment = try read(
            ["/work/clouds.yaml": Self.two],
            [
                "OS_CLOUD": "two", "OS_USERNAME": "other", "OS_PASSWORD": "x", "OS_TOKEN": "t", "OS_NAME": "x",
                "OS_CACERT": "",
            ]
        )
        #expect(environment.credentials.project?.name == "two")
        let jo = Credentials.User.name("jo", domain: .name("Home"))
        #expect(environment.credentials.method == .password(jo, password: Secret("pa55word"), passcode: nil))
        #expect(environment.warnings == [.ignoredVariables(["OS_PASSWORD", "OS_TOKEN", "OS_USERNAME"], cloud: "two")])
    }

    @Test("The only cloud is used where no variable is set, and never where one is")
    func onlyCloud() throws {
        let files = ["/work/clouds.yaml": Self.cloud("ci")]
        #expect(try read(files, [:]).source == .cloud("mine", files: ["/work/clouds.yaml"]))
        #expect(try read(files, ["OS_REGION_NAME": "x"]).endpoint.region == "x")
        #expect(problems(files, ["OS_AUTH_URL": "https://iam.example"]).count == 4)
        #expect(problems(files, ["OS_AUTH_URL": ""]).count == 5)
        #expect(
            problems(["/work/clouds.yaml": Self.two], [:])
                == ["/work/clouds.yaml has several clouds. Set OS_CLOUD to one of: mine, two."]
        )
        #expect(problems([:], [:]).count == 5)
    }

    @Test("Variables without OS_CLOUD count alone, and no file is read")
    func variablesAlone() throws {
        let variables = [
            "OS_AUTH_URL": "https://iam.example", "OS_USER_ID": "u", "OS_PASSWORD": "p", "OS_PROJECT_ID": "p",
            "OS_CLOUD": "",
        ]
        #expect(try read(["/work/clouds.yaml": "\t"], variables).source == .variables)
        let named = variables.merging(["OS_CLOUD": "envvars"]) { $1 }
        #expect(try read(["/work/clouds.yaml": "\t"], named).source == .variables)
    }

    @Test("A cloud that is not there: the error lists the clouds, or the folders")
    func unknownCloud() {
        #expect(
            problems(["/work/clouds.yaml": Self.two], ["OS_CLOUD": "tow"])
                == ["OS_CLOUD is “tow”, but there is no such cloud in /work/clouds.yaml. Set it to one of: mine, two."]
        )
        let words = problems([:])
        #expect(words.count == 1)
        #expect(
            words[0].hasPrefix("OS_CLOUD is “mine”, but there is no clouds.yaml, clouds.yml or clouds.json in /work,")
        )
        #expect(words[0].contains("/home/jo/.config/openstack, "))
        // The same letters as another sequence of code points are another name.
        let decomposed = ["/work/clouds.yaml": Self.cloud("ci", name: "gro\u{308}ße")]
        #expect(problems(decomposed, ["OS_CLOUD": "größe"]).count == 1)
    }

    // MARK: What it means

    @Test("Open Telekom Cloud's profiles are built in")
    func profiles() throws {
        let cloud = Self.cloud("ci", "    profile: otc").replacing("      auth_url: https://iam.example/v3\n", with: "")
        let files = ["/work/clouds.yaml": cloud]
        let environment = try read(files)
        #expect(environment.credentials.authURL?.absoluteString == "https://iam.eu-de.otc.t-systems.com/v3")
        #expect(environment.endpoint.region == "eu-de")
        let other = try read(files, ["OS_CLOUD": "mine", "OS_REGION_NAME": "eu-nl"])
        #expect(other.credentials.authURL?.absoluteString == "https://iam.eu-nl.otc.t-systems.com/v3")
        #expect(
            problems(files, ["OS_CLOUD": "mine", "OS_REGION_NAME": "eu-xx"]) == [
                "cloud “mine” in /work/clouds.yaml, line 2: OS_REGION_NAME is “eu-xx”, but the cloud has no such region. "
                    + "Set it to one of: eu-de, eu-nl."
            ]
        )
        let swiss = try read(["/work/clouds.yaml": cloud.replacing("profile: otc", with: "profile: otc-swiss")])
        #expect(swiss.credentials.authURL?.host == "iam-pub.eu-ch2.sc.otc.t-systems.com")
        let unknown = problems(["/work/clouds.yaml": cloud.replacing("profile: otc", with: "profile: vexxhost")])
        #expect(unknown.count == 1 && unknown[0].contains("line 8: the profile “vexxhost” is not known"), "\(unknown)")
    }

    @Test(
        "What is refused, with its line",
        arguments: [
            ("    verify: false", "line 9: verify turns off the check of certificates"),
            ("    insecure: 'True'", "line 9: insecure turns off the check of certificates"),
            ("    auth_type: v3kerberos", "line 9: auth_type=v3kerberos"),
            ("    auth_type: v3token", "line 6: cloud “mine”: unknown key “password” in auth for auth_type “v3token”"),
            ("    image_region_name: x", "line 9: image_region_name=x"),
            ("    compute_interface: admin", "line 9: compute_interface=admin"),
            ("    interface: secret", "line 9: interface=secret"),
            ("    region-name: x", "line 9: cloud “mine”: write “region-name” as “region_name”"),
            ("    cacert: ~root/ca.pem", "line 9: cloud “mine”: write the path in cacert without “~”"),
            ("    key: key.pem", "line 2: cert is not set"),
            ("    description: '{x}'", "line 9: cloud “mine”: description: no template"),
            ("    regions: eu-de", "line 9: cloud “mine”: regions must be a sequence"),
            ("    identity_api_version: 2.0", "line 9: identity_api_version=2.0"),
            ("    image_endpoint_override: ims", "line 9: the address in image_endpoint_override, ims, is no URL"),
            ("    project_name: 0123", "line 9: cloud “mine”: project_name must be a string"),
            ("    auth: {}", "line 9: duplicate key “auth”"),
        ]
    )
    func refused(line: String, words: String) {
        let text = Self.cloud("ci", line)
        let said = problems(["/work/clouds.yaml": text]).joined(separator: "\n")
        #expect(said.contains(words), "\(said)")
        #expect(!said.contains("pa55word"))
    }

    @Test("Certificates may be in the home folder")
    func certificates() throws {
        let cloud = Self.cloud("ci", "    cacert: ~/ca.pem\n    cert: client.pem")
        let certificates = try read(["/work/clouds.yaml": cloud]).certificates
        #expect(certificates == CertificateFiles(authorities: "/home/jo/ca.pem", certificate: "client.pem"))
    }

    @Test("Everything that is missing is named at once, and everything that is malformed")
    func allAtOnce() {
        #expect(
            problems(["/work/clouds.yaml": "clouds:\n  mine: {}\n"])
                == [
                    "auth.auth_url", "auth.username or auth.user_id", "auth.user_domain_name or auth.user_domain_id",
                    "auth.password", "auth.project_name or auth.project_id",
                ].map { "cloud “mine” in /work/clouds.yaml, line 2: \($0) is not set." }
        )
        #expect(
            problems(["/work/clouds.yaml": Self.cloud("1_0").replacing("pa55word", with: "0123")])
                == [
                    ("8", "project_name"), ("6", "password"),
                ].map { line, key in
                    "/work/clouds.yaml, line \(line): cloud “mine”: auth.\(key) must be a string; put the value in quotes."
                }
        )
    }
}
