public import ImageDeletion
public import ImageDeletionEssentials

/// A cloud in memory: an identity, an image, a compute and a block storage service behind the same seam as the real
/// ones.
///
/// It answers as Keystone 30, Glance 33, Nova and Cinder do, down to the bodies of their errors, for the calls that this package
/// makes. It serves `--demo` and the tests.
public actor DemoCloud: HTTPTransport {
    /// The identity service's address, ending in `/v3`.
    public nonisolated let identityURL: URL
    /// The image service's address as the catalog has it.
    public nonisolated let imageURL: URL
    /// The compute service's address as the catalog has it.
    public nonisolated let computeURL: URL
    /// The block storage service's address as the catalog has it.
    public nonisolated let volumeURL: URL

    private let now: @Sendable () -> Date
    var identity: DemoIdentity
    var images: DemoImages

    /// A cloud with one project, `ci`, which `environment` signs in to.
    ///
    /// - Parameters:
    ///   - images: What is there at first.
    ///   - tokenLifetime: How long a token lives, in seconds.
    ///   - longestPage: How many images a page of the list has at most, whatever is asked for.
    ///   - now: What o'clock the cloud believes it is.
    public init(
        identityURL: URL = URL(string: "https://iam.demo.example/v3")!,
        imageURL: URL = URL(string: "https://ims.demo.example")!,
        computeURL: URL = URL(string: "https://ecs.demo.example/v2.1/\(DemoImage.projectID)")!,
        volumeURL: URL = URL(string: "https://evs.demo.example/v3/\(DemoImage.projectID)")!,
        images: [DemoImage],
        tokenLifetime: TimeInterval = 24 * 60 * 60,
        longestPage: Int = 1000,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.identityURL = identityURL
        self.imageURL = imageURL
        self.computeURL = computeURL
        self.volumeURL = volumeURL
        identity = DemoIdentity(
            imageURL: imageURL,
            computeURL: computeURL,
            volumeURL: volumeURL,
            tokenLifetime: tokenLifetime,
            now: now
        )
        self.images = DemoImages(images, longestPage: longestPage, now: now)
        self.now = now
    }

    /// The variables that sign in to this cloud.
    public nonisolated var environment: [String: String] {
        [
            "OS_AUTH_URL": identityURL.absoluteString,
            "OS_USERNAME": DemoIdentity.userName,
            "OS_PASSWORD": DemoIdentity.password,
            "OS_USER_DOMAIN_NAME": DemoIdentity.domainName,
            "OS_PROJECT_NAME": DemoIdentity.projectName,
            "OS_REGION_NAME": DemoIdentity.region,
        ]
    }

    /// The images that are there now, deleted ones excepted.
    public var currentImages: [DemoImage] { images.all }

    /// Puts an image there, or another in the place of the one with its ID.
    public func put(_ image: DemoImage) { images.put(image) }

    /// Takes an image away, as somebody else would.
    public func remove(_ id: String) { images.remove(id) }

    /// Makes every token worthless, as when the password is changed.
    public func revokeAllTokens() { identity.revokeAll() }

    /// How many tokens were given so far.
    public var tokensIssued: Int { identity.issued }

    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        answer(to: request).response(at: now())
    }

    private func answer(to request: HTTPRequest) -> DemoAnswer {
        let (method, url) = (request.method, request.url)
        if let path = url.path(below: identityURL) {
            return path == "/auth/tokens" ? identity.answer(method, request) : .keystone(404, "Not Found", "Not found.")
        }
        for (base, list, answer) in [
            (computeURL, "/servers/detail", images.servers), (volumeURL, "/volumes/detail", images.volumes),
        ] {
            guard let path = url.path(below: base) else { continue }
            guard identity.project(of: request.headers["X-Auth-Token"]) != nil else {
                return .json(401, ["message": "The request you have made requires authentication."])
            }
            return path == list && method == "GET" ? answer(url) : .json(404, ["itemNotFound": ["code": 404]])
        }
        guard let path = url.path(below: imageURL) else { return .glance(404, "The resource could not be found.") }
        guard let project = identity.project(of: request.headers["X-Auth-Token"]) else {
            return .glance(401, "This server could not verify that you are authorized to access the document.")
        }
        let parts = path.split(separator: "/").map(String.init)
        switch (parts.first, parts.dropFirst().first, parts.count) {
        case ("v2", "images", 2): return images.list(method, url, project: project)
        case ("v2", "images", 3): return images.answer(method, id: parts[2], project: project, body: request.body)
        case ("v2", "images", 4) where parts[3] == "members": return images.members(method, of: parts[2], project)
        case ("v2", "images", 5) where parts[3] == "tags":
            return images.answer(method, tag: parts[4], of: parts[2], project: project)
        default: return .glance(404, "The resource could not be found.")
        }
    }
}

extension URL {
    fileprivate func path(below base: URL) -> String? {
        guard host == base.host, port == base.port, path.hasPrefix(base.path) else { return nil }
        return String(path.dropFirst(base.path.count))
    }
}
