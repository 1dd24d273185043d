import ImageDeletionEssentials

/// Authorizes requests with an access key, which signs each attempt.
///
/// No token is fetched, and nothing is kept for the next run.
struct AccessKeyAuthorization: Authorization {
    private let key: Credentials.AccessKey
    private let credentials: Credentials
    private let filter: EndpointFilter
    private let connection: ServiceConnection
    private let foundProject = SharedLookup<TokenProject>()
    private let foundCatalog = SharedLookup<ServiceCatalog>()

    init(_ key: Credentials.AccessKey, _ environment: OpenStackEnvironment, connection: ServiceConnection) {
        self.key = key
        self.connection = connection
        credentials = environment.credentials
        filter = environment.endpoint
    }

    var user: String? { credentials.userName }

    func signIn() async throws(ImageDeletionError) -> TokenProject? { try await namedProject() }

    func project() async throws(ImageDeletionError) -> TokenProject? { try await namedProject() }

    func offers(_ service: CloudService) async throws(ImageDeletionError) -> Bool {
        try await !catalog().endpoints(of: service).isEmpty
    }

    func endpoint(of service: CloudService) async throws(ImageDeletionError) -> URL {
        guard service == .image else { return try filter.endpoint(of: service, in: try await catalog()) }
        if let url = filter.imageEndpoint(besides: credentials.authURL) { return url }
        return try filter.imageEndpoint(in: try await catalog(), authURL: credentials.authURL)
    }

    func authorize(_ request: inout ServiceRequest) async throws(ImageDeletionError) {
        request.endpoint = try await endpoint(of: request.service)
        sign(&request, for: try await namedProject())
    }

    /// A refused signature stays refused, and five of them in a row lock the key.
    func renew(_: inout ServiceRequest) async throws(ImageDeletionError) -> Bool { false }

    func forget() async throws(ImageDeletionError) -> Bool { false }

    private func sign(_ request: inout ServiceRequest, for project: TokenProject? = nil) {
        request.headers["X-Project-Id"] = project?.id
        request.headers["X-Security-Token"] = key.securityToken?.value
        request.secrets = credentials.secrets
        request.sign = { [key] in key.sign(&$0, at: $1) }
    }

    // MARK: What has to be looked up

    /// Returns the project that the settings name, by its ID if they have one.
    private func namedProject() async throws(ImageDeletionError) -> TokenProject {
        if let id = credentials.project?.id { return TokenProject(id: id) }
        return try await foundProject.value { () throws(ImageDeletionError) in
            try await project(named: credentials.project?.name ?? "")
        }
    }

    /// `GET /v3/projects`. Open Telekom Cloud: "Querying Project Information Based on the Specified Criteria".
    private func project(named name: String) async throws(ImageDeletionError) -> TokenProject {
        struct Projects: Decodable {
            var projects: [Project]
            struct Project: Decodable {
                var id: String
                var name: String?
                var domainId: String?
            }
        }
        let list: Projects
        do throws(ImageDeletionError) {
            list = try await answer("projects", [(name: "name", value: name)], noun: "list of projects")
        } catch {
            guard let failure = error.serviceError, [.forbidden, .lacksPermission].contains(failure.kind) else {
                throw error
            }
            throw .configuration([.projectLookupDenied(name: name, failure)])
        }
        let projects = list.projects.filter { project in
            let isInDomain =
                if case .id(let id) = credentials.project?.domain { project.domainId.map { $0 == id } ?? true } else {
                    true
                }
            return project.name?.exact == name.exact && isInDomain
        }
        guard let project = projects.first else { throw .configuration([.unknownProject(name: name)]) }
        guard projects.count == 1 else {
            throw .configuration([.ambiguousProject(name: name, ids: projects.map(\.id))])
        }
        return TokenProject(id: project.id, name: project.name)
    }

    /// Returns where the services are. `GET /v3/auth/catalog`. Keystone: "Get service catalog".
    private func catalog() async throws(ImageDeletionError) -> ServiceCatalog {
        struct Catalog: Decodable {
            var catalog: [CatalogService]
        }
        return try await foundCatalog.value { () throws(ImageDeletionError) in
            let answer: Catalog = try await answer("auth/catalog", for: try await namedProject(), noun: "catalog")
            return ServiceCatalog(answer.catalog)
        }
    }

    private func answer<Answer: Decodable>(
        _ path: String,
        _ query: [(name: String, value: String)] = [],
        for project: TokenProject? = nil,
        noun: String
    ) async throws(ImageDeletionError) -> Answer {
        guard let authURL = credentials.authURL else { throw .configuration([.missing(["OS_AUTH_URL"])]) }
        var request = ServiceRequest(service: .identity, method: "GET", endpoint: authURL, path: path, query: query)
        sign(&request, for: project)
        let reply: Reply
        do { reply = try await connection.send(request) } catch { throw .service(error) }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(Answer.self, from: reply.body) else {
            let reason = "the response is not a \(noun)"
            throw .service(ServiceError(.identity, .unexpected, status: reply.status, message: reason))
        }
        return answer
    }
}

/// Looks something up once for all tasks that need it, and remembers it.
private actor SharedLookup<Value: Sendable> {
    private var known: Value?
    private var running: Task<Value, any Error>?
    /// A refusal of the credentials, which never change.
    private var finalFailure: ImageDeletionError?

    /// Returns the value, and runs `lookUp` if it is not known. Callers at the same time share one run. A failure is
    /// remembered only if it refuses the signature.
    func value(
        _ lookUp: @escaping @Sendable () async throws(ImageDeletionError) -> Value
    ) async throws(ImageDeletionError) -> Value {
        if let known { return known }
        if let finalFailure { throw finalFailure }
        let task = running ?? Task { try await lookUp() }
        running = task
        defer { if running == task { running = nil } }
        do {
            let value = try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
            known = value
            return value
        } catch let error as ImageDeletionError {
            if error.serviceError?.kind.isRefusedSignature == true { finalFailure = error }
            throw error
        } catch {
            throw .service(ServiceError(.identity, .cancelled))
        }
    }
}
