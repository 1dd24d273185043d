import ImageDeletionEssentials

/// Keystone's 401 to credentials that are correct and not enough: "Multi-Factor Authentication", with a receipt in the
/// header, which is as secret as a token and never used here.
enum AuthenticationReceipt {
    private struct Body: Decodable {
        var receipt: Used
        var requiredAuthMethods: [[String]]
        struct Used: Decodable {
            var methods: [String]
        }
    }

    /// Returns the methods that are still to be used, of the shortest choice; nil for any other response.
    static func missingMethods(_ response: HTTPResponse) -> [String]? {
        guard response.status == 401, response.headers["Openstack-Auth-Receipt"] != nil else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let body = try? decoder.decode(Body.self, from: response.body) else { return [] }
        return body.requiredAuthMethods.map { $0.filter { !body.receipt.methods.contains($0) } }
            .filter { !$0.isEmpty }.min { $0.count < $1.count } ?? []
    }
}
