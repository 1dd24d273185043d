/// What `--help` shows: at most 80 columns, and no section longer than a screen.
enum Help {
    static var text: String {
        ([introduction] + Option.Section.all.map(section) + [environment, exitStatuses]).joined(separator: "\n\n")
    }

    private static let width = 80
    /// Where what an option does begins.
    private static let column = 25

    private static let introduction = """
        Delete private machine images from Open Telekom Cloud, or any OpenStack cloud.

          delete-image 6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11
                one image, by its ID
          delete-image --match 'nightly-*' --older-than 14d --keep-last 3
                clean up: shows what goes and what stays, and asks
          delete-image --policy --plan plan.json
                decide by the rules kept in the package, for --apply plan.json

        In a package, the plugin does the same. The option before the verb is
        SwiftPM's own, and lets a plugin use the network:

          swift package --allow-network-connections all delete-image …

        A deletion cannot be undone. Only private images of your own project are
        ever selected by a name, a filter or a policy, and where anything but IDs or
        a plan selects, the images are shown and you are asked first. To try it
        without a cloud: delete-image --demo --match 'nightly-*' --dry-run
        """

    private static func section(_ section: Option.Section) -> String {
        let remark = section.remark.isEmpty ? [] : ["  " + wrapped(section.remark, to: width, indent: 2)]
        return ([section.title] + section.options.map { row($0.usage, $0.help) } + remark).joined(separator: "\n")
    }

    /// Something and what it is, side by side, or below each other where it is long.
    private static func row(_ name: String, _ meaning: String) -> String {
        let margin = String(repeating: " ", count: column)
        let name = "  " + name
        let start = name.count + 2 <= column ? padded(name, to: column) : name + "\n" + margin
        return start + wrapped(meaning, to: width, indent: column)
    }

    private static var environment: String {
        let rows: KeyValuePairs = [
            "OS_AUTH_URL": "the identity service, as https://iam.eu-de.otc.t-systems.com/v3",
            "OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME": "who asks; or OS_USER_ID, OS_USER_DOMAIN_ID",
            "OS_PROJECT_NAME": "whose images; or OS_PROJECT_ID. Its domain, if not the user's: OS_PROJECT_DOMAIN_NAME",
            "OS_PASSCODE": "a one-time passcode, where the account asks for one",
            "OS_APPLICATION_CREDENTIAL_ID, OS_APPLICATION_CREDENTIAL_SECRET": "instead of user, password and project",
            "OS_TOKEN": "a token from elsewhere, instead of all these; never cached",
            "OS_REGION_NAME, OS_INTERFACE, OS_IMAGE_ENDPOINT_OVERRIDE": "which image service",
            "OS_CACERT, OS_CERT, OS_KEY": "PEM files: authorities instead of the system's, client certificate, its key",
            "DELETE_IMAGE_WORK_DIRECTORY": "as --work-directory",
            "NO_COLOR": "if it has any value, nothing is coloured",
        ]
        return (["ENVIRONMENT (that of the OpenStack client)"] + rows.map(row)).joined(separator: "\n")
    }

    private static var exitStatuses: String {
        let rows = ExitStatus.allCases.map { status in
            let number = "\(status.rawValue)"
            return "  " + padded(number, to: 5) + wrapped(status.meaning, to: width, indent: 7)
        }
        return (["EXIT STATUS (through swift package, every failure is 1)"] + rows).joined(separator: "\n")
    }
}
