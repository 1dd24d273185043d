import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// The plugin in a package that depends on this one by path.
///
/// One package for all of them, which SwiftPM lets in one after the other anyway.
@Suite("Plugin", .serialized)
struct PluginTests {
    private static let consumer = Result { try ConsumerPackage() }

    private let consumer: ConsumerPackage

    init() throws { consumer = try Self.consumer.get() }

    /// The port of the clouds of all tests. SwiftPM compiles the plugin again when the environment has changed.
    private static let port = LoopbackServer.freePort()

    /// Creates a cloud to which no token in the cache belongs.
    private func cloud(
        images: [DemoImage] = [],
        fault: @escaping @Sendable (LoopbackServer.Request, Int) async -> LoopbackServer.Reply? = { _, _ in nil }
    ) throws -> LoopbackCloud {
        try? FileManager.default.removeItem(at: consumer.workDirectory.appendingPathComponent("token-cache.json"))
        return try LoopbackCloud(images: images, port: Self.port, fault: fault)
    }

    @Test("Adds nothing but the plugin to the consumer's package")
    func graph() async throws {
        let graph = try await consumer.swiftPackage(["show-dependencies", "--format", "json"])
        let root = try #require(try JSONSerialization.jsonObject(with: Data(graph.output.utf8)) as? [String: Any])
        let dependencies = try #require(root["dependencies"] as? [[String: Any]])
        #expect(dependencies.count == 1)
        #expect((dependencies.first?["dependencies"] as? [Any])?.isEmpty == true)
        let plugins = try await consumer.swiftPackage(["plugin", "--list"])
        #expect(plugins.output.contains("‘delete-image’ (plugin ‘DeleteImage’"))
    }

    @Test("Protects SwiftPM's record of the environment from other users")
    func compilationRecord() async throws {
        let cloud = try cloud(images: Sample.images(1))
        // Stands for a secret. With another environment than before, the plugin is compiled anew.
        let secret = UUID().uuidString
        let environment = cloud.environment.merging(["DELETE_IMAGE_TEST": secret]) { $1 }
        // Where a build of this package itself leaves one.
        let other = consumer.url.appendingPathComponent(".build/plugins/cache")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        try Data(secret.utf8).write(to: other.appendingPathComponent("DeleteImage-state.json"))
        #expect(try await consumer.deleteImage([Sample.id(1)], environment: environment).status == 0)
        let folder = consumer.url.appendingPathComponent(".build")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects as? [URL]
        let records = try #require(files).filter { file in
            (try? Data(contentsOf: file).range(of: Data(secret.utf8))) ?? nil != nil
        }
        #expect(records.map(\.lastPathComponent) == ["DeleteImage-state.json", "DeleteImage-state.json"])
        for record in records {
            let mode = try FileManager.default.attributesOfItem(atPath: record.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("Sends two requests without a cached token and one with it, also from the executable")
    func requests() async throws {
        let cloud = try cloud(images: Sample.images(4))
        let cold = try await consumer.deleteImage([Sample.id(1)], environment: cloud.environment)
        #expect(cold.status == 0)
        #expect(
            cold.output == """
                Deleting 1 image of project ci at \(cloud.cloud.imageURL.absoluteString)/v2
                  deleted  \(Sample.id(1))
                1 image: 1 deleted.

                """
        )
        #expect(cloud.requests.map(\.method) == ["POST", "DELETE"])
        let warm = try await consumer.deleteImage([Sample.id(2)], environment: cloud.environment)
        #expect(warm.status == 0)
        let executable = try await Executable.deleteImage.run(
            [Sample.id(3)],
            environment: cloud.environment,
            currentDirectory: consumer.url
        )
        #expect(executable.status == 0)
        #expect(cloud.requests.map(\.method) == ["POST", "DELETE", "DELETE", "DELETE"])
        #expect(await Set(cloud.cloud.currentImages.map(\.id)) == [Sample.id(4)])
        let cache = consumer.workDirectory.appendingPathComponent("token-cache.json")
        let mode = try FileManager.default.attributesOfItem(atPath: cache.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("Fails with the tool")
    func failure() async throws {
        let cloud = try cloud()
        let run = try await consumer.deleteImage([Sample.id(1)], environment: cloud.environment)
        #expect(run.status == 1)
        #expect(run.output.contains("  missing  \(Sample.id(1))"))
        #expect(run.errors.contains("error: delete-image ended with exit status 1"))
    }

    @Test("Prints only the report to standard output with --json")
    func json() async throws {
        let cloud = try cloud(images: Sample.images(1))
        let environment = cloud.environment.merging(["OS_INSECURE": "true"]) { $1 }
        let run = try await consumer.deleteImage(
            ["--json", "-v", Sample.id(1), Sample.id(2)],
            environment: environment
        )
        #expect(run.status == 1)
        let document = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(document["schema"] as? String == "delete-image/1")
        #expect(run.errors.contains("warning: OS_INSECURE is ignored"))
        #expect(run.errors.contains("DELETE \(cloud.cloud.imageURL.absoluteString)/v2/images/\(Sample.id(1)): 204"))

        let refused = try await consumer.deleteImage(["--json", "--tag"], environment: cloud.environment)
        #expect(try JSONSerialization.jsonObject(with: Data(refused.output.utf8)) is [String: Any])
        #expect(refused.errors.contains("error: --tag needs a value"))
        #expect(refused.status == 1)
    }

    @Test("Passes the tool's options, but not SwiftPM's")
    func options() async throws {
        let cloud = try cloud(images: Sample.images(1))
        let run = try await consumer.swiftPackage(
            [
                "delete-image", "--dry-run", Sample.id(1), "--allow-network-connections", "all",
                "--disable-sandbox", "--allow-writing-to-package-directory", "-q", "--scratch-path", ".build",
            ],
            environment: cloud.environment
        )
        #expect(run.status == 0)
        #expect(cloud.requests.last?.method == "GET")
        let unknown = try await consumer.deleteImage(["--unknown"], environment: cloud.environment)
        #expect(unknown.output.contains("error: unknown option --unknown."))
        #expect(unknown.status == 1)
    }

    @Test("Uses the package's policy and searches its files")
    func package() async throws {
        let cloud = try cloud(images: (1...3).map { .old($0, "nightly-\($0)", day: $0) })
        let policy = #"{"rules":{"nightlies":{"match":"nightly-*","unlessReferenced":true,"keepLast":1}}}"#
        try Data(policy.utf8).write(to: consumer.url.appendingPathComponent(".delete-image.json"))
        try Data("image = \(Sample.id(1))".utf8).write(to: consumer.url.appendingPathComponent("main.tf"))
        let run = try await consumer.deleteImage(["--policy", "--yes"], environment: cloud.environment)
        #expect(run.status == 0)
        #expect(run.output.contains("It is written in main.tf:1."))
        #expect(run.lines.last == "3 images: 1 deleted, 2 kept.")
        #expect(await Set(cloud.cloud.currentImages.map(\.id)) == Set([1, 3].map(Sample.id)))
    }

    @Test(
        "Asks at a terminal and follows the response",
        .enabled(if: Executable.hasTerminals, "no script(1) here that makes terminals"),
        .timeLimit(.minutes(10)),
        arguments: Sampling.of([("y\n", 2), ("n\n", 0), ("\u{3}", 0)], 1)
    )
    func confirmation(answer: String, deletions: Int) async throws {
        let cloud = try cloud(images: (1...3).map { .old($0, "nightly-\($0)", day: $0) })
        let running = try consumer.startDeleteImageAtTerminal(
            ["--match", "nightly-*", "--keep-last", "1"],
            environment: cloud.environment
        )
        let place = "project ci at \(cloud.cloud.imageURL.absoluteString)/v2"
        await running.outputContains("Delete 2 images (4.0 GiB) of \(place)? A deletion cannot be undone. [y/N] ")
        try running.type(answer)
        let run = await running.finished()
        #expect((run.status == 0) == (deletions > 0))
        #expect(run.output.contains("  delete  \(Sample.id(1))  nightly-1  "))
        #expect(cloud.requests.count { $0.method == "DELETE" } == deletions)
    }

    @Test("Fails without a terminal and does not wait")
    func unattended() async throws {
        let cloud = try cloud(images: [.old(1, "nightly-1")])
        let run = try await consumer.deleteImage(["--match", "nightly-*"], environment: cloud.environment)
        #expect(run.status == 1)
        #expect(run.output.contains("error: nobody can be asked here: add --yes"))
        #expect(cloud.requests.allSatisfy { $0.method != "DELETE" })
    }

    @Test("Rejects a list from standard input")
    func standardInput() async throws {
        let run = try await consumer.deleteImage(["--demo", "--from", "-"], environment: cloud().environment)
        #expect(run.status == 1)
        #expect(run.output.contains("error: --from -: SwiftPM gives plugins no standard input."))
    }

    @Test("Runs nothing without the permission, and SwiftPM prints its reason")
    func permission() async throws {
        let run = try await consumer.swiftPackage(["delete-image", "--demo"], environment: cloud().environment)
        #expect(run.status == 1)
        #expect(run.errors.contains("deletes the images that you name"))
        #expect(run.output == "")
    }

    /// Ways to end it: Ctrl-C, which a terminal sends to all of the foreground, or a signal to SwiftPM alone.
    enum Ending: CaseIterable {
        case controlC, interrupted, terminated, killed

        func end(_ running: Running) {
            switch self {
            case .controlC: if kill(-running.processIdentifier, SIGINT) != 0 { running.signal(SIGINT) }
            case .interrupted: running.signal(SIGINT)
            case .terminated: running.signal(SIGTERM)
            case .killed: running.signal(SIGKILL)
            }
        }
    }

    @Test(
        "Stops the tool on Ctrl-C and at the end of SwiftPM",
        .timeLimit(.minutes(10)),
        arguments: Sampling.of(Sampling.pairs(Ending.allCases, [1, 2]), 2)
    )
    func interruption(ending: Ending, seed: Int) async throws {
        var generator = SeededGenerator(seed: seed)
        let (moment, pause) = (generator.number(1...12), Duration.milliseconds(generator.number(0...300)))
        let (deletions, began) = AsyncStream<Int>.makeStream()
        // Left alone, the run would take 10 seconds and leave nothing.
        let cloud = try cloud(images: Sample.images(400)) { request, earlier in
            guard request.method == "DELETE" else { return nil }
            began.yield(earlier + 1)
            try? await Task.sleep(for: .milliseconds(50))
            return nil
        }
        let running = try consumer.startDeleteImage(
            ["--max-deletions", "400", "--concurrency", "2"] + (1...400).map(Sample.id),
            environment: cloud.environment
        )
        for await number in deletions where number == moment { break }
        try await Task.sleep(for: pause)
        ending.end(running)
        // The tool keeps its connection as long as it lives.
        while cloud.openConnections > 0 { try await Task.sleep(for: .milliseconds(20)) }
        let left = await cloud.cloud.currentImages.count
        #expect(left > 100, "seed \(seed)")
        let run = await running.finished()
        #expect(run.status != 0, "seed \(seed)")
        while consumer.hasProcesses { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await cloud.cloud.currentImages.count == left, "seed \(seed)")
        if [.controlC, .interrupted].contains(ending) { #expect(run.output.contains("warning: interrupted")) }
    }
}
