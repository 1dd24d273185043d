import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// A user's `clouds.yaml`.
    static let clouds = FuzzTarget(
        "clouds",
        inputs: 300,
        samples: [
            "clouds:\n  mine:\n    auth:\n      auth_url: https://iam.example/v3\n      username: jo\n      password: 'a: #b'\n"
                + "      user_domain_name: Home\n      project_name: ci\n    regions:\n    - eu-de\n    - {name: b, values: {interface: admin}}\n",
            "---\n# comment\n\"clouds\": {mine: {profile: otc, auth: {user_id: u, password: \"\\x41\\u00e9\", project_id: 12}, cacert: /x}}\n",
            "clouds:\r\n  mine: # x\r\n    auth_type: v3token\r\n    auth:\r\n      {auth_url: 'https://iam.example', token: t}\r\n",
            "a: &a [x, x]\nb: *a\n<<: {c: |\n d}\n? e\n: !!str f\n",
            "- - a\n  - b: 'c'\n    d: 0x1F\n-\n- 2020-01-01\n",
        ]
    ) { input, _ in
        let files = ConfigurationFiles(currentDirectory: "/") { path in
            path == "/clouds.yaml" ? ConfigurationFiles.Content(input) : nil
        }
        let source: CredentialSource
        do throws(ImageDeletionError) {
            source = try OpenStackEnvironment(["OS_CLOUD": "mine"], files: files).source
        } catch {
            guard case .configuration(let problems) = error.reason else { throw error }
            try must(!problems.isEmpty, "nobody is told what is wrong")
            for problem in problems {
                switch problem {
                case .cloudsFile(_, let line?, _), .cloud(_, file: _, let line?, _):
                    let lines = input.count { $0 == UInt8(ascii: "\n") } + 1
                    try must((1...lines).contains(line), "there is no line \(line)")
                case .unknownCloud: break
                default: throw Violation(description: "no line in \(problem)")
                }
            }
            return .refused
        }
        try must(source == .cloud("mine", files: ["/clouds.yaml"]), "the settings are from elsewhere")
        return .accepted
    }
}
