import ImageDeletionEssentials

/// Authorizes requests with a token, whose catalog says where the services are.
struct TokenAuthorization: Authorization {
    let user: String?
    private let tokens: TokenSource
    private let authURL: URL?
    private let choice: EndpointFilter
    /// The image service's address for the latest token: the catalog is searched once for all images.
    private let imageEndpoint = Locked<(secret: Secret, url: URL)?>(nil)

    init(_ environment: OpenStackEnvironment, tokenCache: TokenCache, connection: ServiceConnection) {
        tokens = TokenSource(
            client: IdentityClient(credentials: environment.credentials, connection: connection),
            cache: tokenCache,
            needsCatalog: environment.endpoint.override == nil
        )
        user = environment.credentials.userName
        authURL = environment.credentials.authURL
        choice = environment.endpoint
    }

    func signIn() async throws(ImageDeletionError) -> TokenProject? {
        try await tokens.token().project
    }

    func project() async throws(ImageDeletionError) -> TokenProject? {
        if let project = try await tokens.token().project { return project }
        return authURL == nil ? nil : try await tokens.describedToken().project
    }

    func offers(_ service: CloudService) async throws(ImageDeletionError) -> Bool {
        try await !token(for: service).catalog.endpoints(of: service).isEmpty
    }

    func endpoint(of service: CloudService) async throws(ImageDeletionError) -> URL {
        try endpoint(of: service, for: try await token(for: service))
    }

    func authorize(_ request: inout ServiceRequest) async throws(ImageDeletionError) {
        try authorize(&request, with: try await token(for: request.service))
    }

    func renew(_ request: inout ServiceRequest) async throws(ImageDeletionError) -> Bool {
        guard let rejected = request.secrets.first, let token = try await tokens.replacement(for: rejected) else {
            return false
        }
        try authorize(&request, with: token)
        return true
    }

    func forget() async throws(ImageDeletionError) -> Bool {
        try await tokens.forget()
    }

    /// Returns a token with a catalog, if the catalog decides where `service` is.
    private func token(for service: CloudService) async throws(ImageDeletionError) -> Token {
        service == .image ? try await tokens.token() : try await tokens.describedToken()
    }

    private func authorize(_ request: inout ServiceRequest, with token: Token) throws(ImageDeletionError) {
        request.endpoint = try endpoint(of: request.service, for: token)
        request.headers["X-Auth-Token"] = token.secret.value
        request.secrets = [token.secret]
    }

    private func endpoint(of service: CloudService, for token: Token) throws(ImageDeletionError) -> URL {
        guard service == .image else { return try choice.endpoint(of: service, in: token.catalog) }
        if let known = imageEndpoint.withLock({ $0 }), known.secret == token.secret { return known.url }
        let url = try choice.imageEndpoint(in: token.catalog, authURL: authURL)
        imageEndpoint.withLock { $0 = (token.secret, url) }
        return url
    }
}
