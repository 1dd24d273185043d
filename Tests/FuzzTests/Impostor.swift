import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

/// A cloud of which some answers are not its own.
final class Impostor: HTTPTransport {
    /// What an answer may depend on.
    struct Request: Sendable {
        let method: String
        let url: URL
        let token: String?
        var path: String { url.path }

        init(_ request: HTTPRequest) {
            method = request.method
            url = request.url
            token = request.headers["X-Auth-Token"]
        }
    }

    struct Answer: Sendable {
        var status: Int
        var headers: [String: String] = [:]
        var body = Data()
    }

    let cloud: DemoCloud
    let clock = TestClock()
    private let answer: @Sendable (Request) -> Answer?
    private let log = Locked<[Request]>([])
    private let tokens = Locked<Set<String>>([])

    /// - Parameter answer: What comes in the place of the cloud's own answer; nil lets that through.
    init(images: [DemoImage] = [], answer: @escaping @Sendable (Request) -> Answer?) {
        let clock = clock
        cloud = DemoCloud(images: images, now: { clock.now })
        self.answer = answer
    }

    /// What was sent so far.
    var requests: [Request] { log.value }
    /// The tokens that were given out so far.
    var issued: Set<String> { tokens.value }

    func sent(_ method: String, _ end: String = "") -> [Request] {
        requests.filter { $0.method == method && $0.path.hasSuffix(end) }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let sent = Request(request)
        log.withLock { $0.append(sent) }
        guard let answer = answer(sent) else {
            let own = try await cloud.send(request)
            if let token = own.headers["X-Subject-Token"] {
                tokens.withLock { _ = $0.insert(token) }
            }
            return own
        }
        return HTTPResponse(status: answer.status, headers: HTTPHeaders(answer.headers), body: answer.body)
    }

    /// A service that talks to this.
    func service(tokenCache: TokenCache = .disabled) throws -> ImageService {
        try ImageService(
            environment: cloud.environment,
            tokenCache: tokenCache,
            connection: ServiceConnection(
                transport: self,
                retry: RetryPolicy(retries: 1, random: { 0.5 }),
                timeout: .seconds(31),
                clock: clock.clock
            )
        )
    }
}

extension ImageID {
    /// The `number`th of any number of IDs.
    static func sample(_ number: Int) -> ImageID {
        guard let id = try? ImageID(Sample.id(number)) else { preconditionFailure("this is an ID") }
        return id
    }
}
