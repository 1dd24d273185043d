import ImageDeletionEssentials

/// The answer to `POST /v3/auth/tokens` (and to `GET`, which tells the same of a token from somewhere else).
///
/// Open Telekom Cloud: "Obtaining a User Token Through Password Authentication", "Verifying a Token".
struct TokenResponse: Decodable {
    var token: Body

    struct Body: Decodable {
        var expiresAt: String?
        var project: Project?
        var catalog: [CatalogService]?
    }

    struct Project: Decodable {
        var id: String
        var name: String?
        var domain: ProjectDomain?
    }

    /// The token that `body` describes, with `secret` from the header.
    ///
    /// - Throws: a sentence about what is wrong with the answer.
    static func token(_ secret: String?, body: Data) throws(UnusableAnswer) -> Token {
        guard let secret = secret.map({ Secret($0) }), !secret.value.isEmpty else {
            throw UnusableAnswer("the answer has no X-Subject-Token header")
        }
        guard secret.fitsHeader else {
            throw UnusableAnswer("the X-Subject-Token header holds characters that no token has")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let response = try? decoder.decode(TokenResponse.self, from: body).token else {
            throw UnusableAnswer("the answer's body is no token description")
        }
        guard let expiry = response.expiresAt, let expiresAt = ServiceDate.parse(expiry) else {
            throw UnusableAnswer("the answer does not say when the token ends (expires_at)")
        }
        let catalog = ServiceCatalog(response.catalog ?? [])
        return Token(
            secret: secret,
            expiresAt: expiresAt,
            project: response.project.map { TokenProject(id: $0.id, name: $0.name) },
            projectDomain: response.project?.domain,
            endpoints: catalog.endpoints,
            otherServiceTypes: catalog.otherServiceTypes
        )
    }
}

/// What is wrong with an answer that came with a good status.
struct UnusableAnswer: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}
