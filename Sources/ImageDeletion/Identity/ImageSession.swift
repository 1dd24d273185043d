public import ImageDeletionEssentials

/// Where the images are, and whose they are.
public struct ImageSession: Sendable, Hashable {
    /// The image service's address, ending in `/v2`.
    public let endpoint: URL
    /// The project; nil for a token from somewhere else that nobody was asked about.
    public let project: TokenProject?
    /// The user's name or ID, or the application credential's; nil for a token from somewhere else and for
    /// an access key.
    public let user: String?

    package init(endpoint: URL, project: TokenProject?, user: String?) {
        self.endpoint = endpoint
        self.project = project
        self.user = user
    }
}

extension Authorization {
    /// Signs in, and finds the image service.
    func session() async throws(ImageDeletionError) -> ImageSession {
        let project = try await signIn()
        return ImageSession(endpoint: try await endpoint(of: .image), project: project, user: user)
    }

    /// Returns the project, without which nothing can be selected.
    func neededProject() async throws(ImageDeletionError) -> TokenProject {
        guard let project = try await project() else { throw .configuration([.missing(["OS_AUTH_URL"])]) }
        return project
    }
}
