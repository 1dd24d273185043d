/// What `-h` and `--help` print, in at most 80 columns.
enum Help {
    /// All options, on one screen.
    case short
    /// Everything.
    case full

    var text: String {
        switch self {
        case .short:
            ([Self.usage] + Option.Section.all.map(Self.line) + ["--help explains them."]).joined(separator: "\n\n")
        case .full:
            ([Self.usage, Self.introduction] + Option.Section.all.map(Self.section)
                + [Self.environment, Self.exitStatuses]).joined(separator: "\n\n")
        }
    }

    private static let width = 80
    /// The column at which the description of an option begins.
    private static let column = 25

    private static let usage = """
        Delete private machine images from Open Telekom Cloud (T Cloud Public), or any
        OpenStack cloud.

          delete-image [options] IMAGE ...      by ID, or by name
          delete-image [options] --match GLOB   by name, tag, property and age
          delete-image [options] --policy       by the rules of the package

          swift package --allow-network-connections all delete-image [options] ...
        """

    private static let introduction = """
        An ID is deleted without a question. Names, filters and policies select only
        private images of your own project, show them, and ask. A deletion cannot be
        undone; --grace deletes in two steps. Try it without a cloud:

          delete-image --demo --match 'nightly-*' --older-than 14d --keep-last 3
        """

    /// The names of a section's options.
    private static func line(_ section: Option.Section) -> String {
        // An option and its value stay on one line.
        let options = section.options.map { "[\($0.usage.replacing(" ", with: "\u{A0}"))]" }.joined(separator: " ")
        return section.title + "\n  " + wrapped(options, to: width, indent: 2).replacing("\u{A0}", with: " ")
    }

    private static func section(_ section: Option.Section) -> String {
        let remark = section.remark.isEmpty ? [] : ["  " + wrapped(section.remark, to: width, indent: 2)]
        return ([section.title] + section.options.map { row($0.usage, $0.help) } + remark).joined(separator: "\n")
    }

    /// A name and its description, side by side, or below each other if the name is long.
    private static func row(_ name: String, _ meaning: String) -> String {
        let margin = String(repeating: " ", count: column)
        let name = "  " + name
        let start = name.count + 2 <= column ? padded(name, to: column) : name + "\n" + margin
        return start + wrapped(meaning, to: width, indent: column)
    }

    private static var environment: String {
        let rows: KeyValuePairs = [
            "OS_CLOUD": "a cloud in clouds.yaml, instead of all that follow",
            "OS_AUTH_URL": "the identity service, such as https://iam.eu-de.otc.t-systems.com/v3",
            "OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME": "the user; or OS_USER_ID, OS_USER_DOMAIN_ID",
            "OS_PROJECT_NAME": "the project; or OS_PROJECT_ID. Its domain, if not the user's: OS_PROJECT_DOMAIN_NAME",
            "OS_PASSCODE": "a one-time passcode, if the account needs one",
            "OS_APPLICATION_CREDENTIAL_ID, OS_APPLICATION_CREDENTIAL_SECRET": "instead of user, password and project",
            "OS_TOKEN": "a token, instead of all these; it is never cached",
            "OS_ACCESS_KEY, OS_SECRET_KEY, OS_SECURITY_TOKEN": "an access key, instead of user and password",
            "OS_AGENCY_NAME, OS_AGENCY_DOMAIN_NAME, OS_DELEGATED_PROJECT": "the project of another account",
            "OS_REGION_NAME, OS_INTERFACE, OS_IMAGE_ENDPOINT_OVERRIDE": "the image service",
            "OS_CACERT, OS_CERT, OS_KEY":
                "PEM files: authorities instead of the system's, the client certificate, its key",
            "DELETE_IMAGE_WORK_DIRECTORY": "like --work-directory",
            "NO_COLOR": "if it is not empty, nothing is colored",
        ]
        return (["Environment (that of the OpenStack client)"] + rows.map(row)).joined(separator: "\n")
    }

    private static var exitStatuses: String {
        let rows = ExitStatus.allCases.map { status in
            let number = "\(status.rawValue)"
            return "  " + padded(number, to: 5) + wrapped(status.meaning, to: width, indent: 7)
        }
        return (["Exit status (through swift package, every failure is 1)"] + rows).joined(separator: "\n")
    }
}
