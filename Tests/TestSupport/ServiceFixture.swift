public import Foundation
public import ImageDeletion
public import ImageDeletionDemo

/// A demo cloud, a transport that injects faults, and services that use both.
public struct ServiceFixture: Sendable {
    public let cloud: DemoCloud
    public let transport: FaultyTransport
    public let clock: TestClock
    public let events = Locked<[ServiceEvent]>([])

    public init(
        images: [DemoImage] = Sample.images(5),
        clock: TestClock = TestClock(),
        tokenLifetime: TimeInterval = 24 * 60 * 60,
        longestPage: Int = 1000,
        fault: @escaping @Sendable (SentRequest, Int) async -> FaultyTransport.Fault? = { _, _ in nil }
    ) {
        self.clock = clock
        cloud = DemoCloud(
            images: images,
            tokenLifetime: tokenLifetime,
            longestPage: longestPage,
            now: { clock.now }
        )
        transport = FaultyTransport(cloud, fault: fault)
    }

    /// Returns a new service, with its own state, as in another process.
    ///
    /// - Parameter images: The images that it lists in place of the cloud's.
    public func service(
        _ changes: [String: String?] = [:],
        tokenCache: TokenCache = .disabled,
        retries: Int = 4,
        random: @escaping @Sendable () -> Double = { 0.5 },
        showing images: Locked<[Image]>? = nil
    ) throws(ImageDeletionError) -> ImageService {
        var environment = cloud.environment
        for (name, value) in changes { environment[name] = value }
        return try ImageService(
            environment: environment,
            tokenCache: tokenCache,
            connection: ServiceConnection(
                transport: images.map { FaultyTransport(transport, fault: Self.showing($0)) } ?? transport,
                retry: RetryPolicy(retries: retries, random: random),
                timeout: .seconds(31),
                clock: clock.clock,
                report: { event in events.withLock { $0.append(event) } }
            )
        )
    }

    /// Deletes the images with these IDs and returns the outcomes.
    public func delete(_ ids: [String], with service: ImageService? = nil) async throws -> [Outcome] {
        let plan = DeletionPlan(deleting: try ids.map { text throws(ImageDeletionError) in try ImageID(text) })
        return try await (service ?? self.service()).deleter(for: plan).carryOut()
    }

    /// Returns the IDs of the images that still exist.
    public func remaining() async -> Set<String> { Set(await cloud.currentImages.map(\.id)) }
}
