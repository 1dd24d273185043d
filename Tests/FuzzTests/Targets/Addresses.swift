import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// The variables: the first line is the identity service's address, the second the image service's, then others.
    static let addresses = FuzzTarget(
        "addresses",
        inputs: 300,
        samples: [
            "https://iam.eu-de.otc.t-systems.com/v3\nhttps://ims.eu-de.otc.t-systems.com/v2\nOS_INTERFACE=public",
            "https://keystone:5000\nhttps://[2001:db8::1]:9292/\nOS_REGION_NAME=RegionOne",
            "http://127.0.0.1:5000/v3/\nhttp://localhost:9292/image/v2\nOS_ENDPOINT_TYPE=publicURL",
            "HTTPS://IAM.example:443/identity//\n\nOS_PROJECT_ID=p\nOS_PROJECT_NAME=",
            "https://user@keystone:5000/v3\nhttps://:secret@glance\nOS_INTERFACE=",
            "http://10.0.0.1/v3\nhttp://127.0.0.1.example\nOS_TENANT_ID=p",
        ]
    ) { input, generator in
        let lines = String(decoding: input, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        var variables = [
            "OS_AUTH_URL": String(lines[0]), "OS_USERNAME": "demo", "OS_PASSWORD": "not-to-be-seen",
            "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_NAME": "ci",
        ]
        for (index, line) in lines.dropFirst().enumerated() {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if index == 0 { variables["OS_IMAGE_ENDPOINT_OVERRIDE"] = String(line) }
            if index > 0, parts.count == 2 { variables[parts[0]] = parts[1] }
        }
        do {
            let environment = try OpenStackEnvironment(variables)
            if let url = environment.credentials.authURL { try isAddress(url, endingIn: "v3") }
            if let url = environment.endpoint.override { try isAddress(url, endingIn: "v2") }
            return .accepted
        } catch let error as ImageDeletionError {
            try must(!"\(error)".contains("not-to-be-seen"), "the error holds the password: \(error)")
            return .refused
        }
    }
}
