import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

extension FuzzTarget {
    /// The token cache's file.
    static let cache = FuzzTarget("cache", inputs: 50, samples: caches) { input, _ in
        let folder = try TemporaryFolder()
        let file = folder.file("token-cache.json")
        try must(
            FileManager.default.createFile(atPath: file.path, contents: input, attributes: [.posixPermissions: 0o600]),
            "the cache cannot be put there"
        )
        // Takes any token, and says of none that it is wrong.
        let fixture = ServiceFixture(images: []) { request, _ in request.method == "DELETE" ? .answer(204) : nil }
        do throws(ImageDeletionError) {
            try await service(fixture, file).delete(imageWithID: Sample.id(1))
        } catch {
            try must(fixture.sent("DELETE").isEmpty, "\(error)")
            return .refused
        }
        let token = fixture.sent("DELETE").first?.header("X-Auth-Token") ?? ""
        let asked = fixture.sent("POST").count
        guard asked > 0 else {
            try must(isOwn(token, in: input), "the token of somebody else was sent: \(token)")
            try must(token == "own-token", "a token without a proof was sent: \(token)")
            return .accepted
        }
        try must(asked == 1, "the identity service was asked \(asked) times")
        try must(fixture.transport.issuedTokens == [token], "a token was sent that was never given out: \(token)")
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        try must(mode == 0o600, "the new cache has the mode \(mode ?? 0)")
        try await service(fixture, file).delete(imageWithID: Sample.id(2))
        try must(fixture.sent("POST").count == 1, "the new cache is of no use")
        try must(fixture.sent("DELETE").last?.header("X-Auth-Token") == token, "the new cache holds another token")
        return .refused
    }

    private static func service(_ fixture: ServiceFixture, _ file: URL) throws(ImageDeletionError) -> ImageService {
        do { return try fixture.service(tokenCache: .file(file), retries: 1) } catch { throw .configuration([]) }
    }

    /// Whether the file gives this token to the identity that the tests sign in with, or may do so.
    private static func isOwn(_ token: String, in input: Data) -> Bool {
        guard let json = JSONTree(input) else { return false }
        if json.isAmbiguous(input) { return input.range(of: Data(token.utf8)) != nil }
        return (json["entries"]?.elements ?? []).contains { entry in
            entry["identity"].map(isOwn) ?? false && entry["token"]?["secret"]?.string == token
        }
    }

    private static func isOwn(_ identity: JSONTree) -> Bool {
        guard let own = JSONTree(Array(ownIdentity.utf8)) else { return false }
        return ["authURL", "user", "scope"].allSatisfy { identity[$0] == own[$0] }
    }

    private static let ownIdentity =
        #"{"authURL":"https://iam.demo.example/v3","scope":["project name","ci","domain name","Default"],"user":["user name","demo","domain name","Default"]}"#

    private static func entry(
        _ identity: String,
        _ token: String,
        until end: Int = 1_795_080_000,
        proof: String = String(repeating: "0", count: 64)
    ) -> String {
        let details =
            #""endpoints":{"image":[{"interface":"public","region":"eu-demo","url":"https://ims.demo.example"}]},"otherServiceTypes":["identity"],"project":{"id":"70c77dc6bbfa40dbb5f00e6705972d6f","name":"ci"}"#
        return
            #"{"identity":\#(identity),"proof":"\#(proof)","token":{"expiresAt":\#(end),\#(details),"secret":"\#(token)"}}"#
    }

    private static let otherIdentity = ownIdentity.replacingOccurrences(of: "demo", with: "other")

    /// As the library writes it with the demo cloud's password.
    private static let ownEntry = entry(
        ownIdentity,
        "own-token",
        proof: "ce922fbdd043ce62e455eb8cf33a57645238f84bec45c3841c40d4657095fa6c"
    )

    private static let caches = [
        [ownEntry], [entry(otherIdentity, "other-token"), ownEntry], [entry(ownIdentity, "planted-token")],
        [entry(otherIdentity, "other-token")], [entry(ownIdentity, "ended-token", until: 1_794_000_000)],
        [#"{"identity":\#(ownIdentity),"failure":{"at":1794999999,"isRefusal":true}}"#],
    ].map { #"{"entries":[\#($0.joined(separator: ","))],"schema":"delete-image-token-cache/3"}"# }
}
