import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

/// Packages, policies and work directories that another user controls, above the current folder or behind a link.
@Suite("Other users' packages", .serialized, .timeLimit(.minutes(10)))
struct PackageOwnerTests {
    private let folder: TemporaryFolder
    private let cloud: LoopbackCloud

    init() throws {
        folder = try TemporaryFolder()
        cloud = try LoopbackCloud(images: Sample.images(3))
        for directory in ["home", "shared/mine/Sources"] {
            try FileManager.default.createDirectory(at: folder.file(directory), withIntermediateDirectories: true)
        }
        try folder.add("// swift-tools-version: 6.2\n", at: "shared/Package.swift")
    }

    private static let asRoot = ConditionTrait.enabled(if: Confinement.isRoot, "only root can give files away")

    /// Who controls `shared`, and what is said of it.
    enum Control: String, CaseIterable {
        case owner, package, mode, group

        var reason: String {
            self == .owner || self == .package ? "it belongs to another user" : "other users can write to it"
        }

        func take(_ folder: TemporaryFolder) throws {
            switch self {
            case .owner: try folder.give("shared", to: 65534)
            case .package: try folder.give("shared/Package.swift", to: 65534)
            case .mode: chmod(folder.file("shared").path, 0o777)
            case .group:
                chown(folder.file("shared").path, geteuid(), 65534)
                chmod(folder.file("shared").path, 0o775)
            }
        }
    }

    private func run(_ arguments: [String], in place: String) async throws -> Executable.Finished {
        try await Executable.deleteImage.run(
            arguments,
            environment: cloud.environment.merging(["HOME": folder.file("home").path]) { $1 },
            currentDirectory: folder.file(place)
        )
    }

    private func addPolicy(_ match: String, to place: String) throws {
        try folder.add(#"{"rules": {"all": {"match": "\#(match)"}}}"#, at: place + "/.delete-image.json")
    }

    private func isThere(_ path: String) -> Bool { access(folder.file(path).path, F_OK) == 0 }

    #if os(macOS)
        private let userCache = "home/Library/Caches/delete-image/token-cache.json"
    #else
        private let userCache = "home/.cache/delete-image/token-cache.json"
    #endif
    private let pluginCache = "shared/.build/plugins/DeleteImage/outputs/token-cache.json"

    @Test(
        "Ignores the policy and work directory of another user's package",
        asRoot,
        arguments: Control.allCases
    )
    func untrusted(control: Control) async throws {
        try control.take(folder)
        try addPolicy("*", to: "shared")
        let run = try await run(["--policy", "--yes"], in: "shared/mine")
        #expect(run.status == 65)
        #expect(
            run.errors.contains(
                "warning: the package in \(folder.file("shared").path) is not used, because \(control.reason).\n"
            )
        )
        #expect(cloud.requests.isEmpty)
        let again = try await self.run([Sample.id(1)], in: "shared/mine")
        #expect(again.status == 0, "\(again)")
        #expect(isThere(userCache))
        #expect(!isThere("shared/.build"))
    }

    @Test(
        "Uses the user's own package with a umask of 002 and below a sticky folder",
        arguments: [0o755, 0o775, 0o1777]
    )
    func own(mode: Int) async throws {
        let hasPrivateGroup = chown(folder.file("shared").path, geteuid(), geteuid()) == 0
        if mode == 0o775, !hasPrivateGroup { return }
        chmod(folder.file("shared").path, mode_t(mode))
        try addPolicy("nightly-1", to: "shared")
        let run = try await run(["--policy", "--yes"], in: "shared/mine/Sources")
        #expect(run.errors == "")
        #expect(await cloud.remaining() == Set([2, 3].map(Sample.id)))
        #expect(isThere(pluginCache))
    }

    @Test("Prefers the current folder's policy to the package's")
    func policyOrder() async throws {
        try addPolicy("*", to: "shared")
        try addPolicy("nightly-2", to: "shared/mine")
        _ = try await run(["--policy", "--yes"], in: "shared/mine")
        #expect(await cloud.remaining() == Set([1, 3].map(Sample.id)))
    }

    @Test("Uses another user's policy only when it is named", asRoot)
    func othersPolicy() async throws {
        try addPolicy("nightly-2", to: "shared/mine")
        try folder.give("shared/mine/.delete-image.json", to: 65534)
        let refused = try await run(["--policy", "--yes"], in: "shared/mine")
        #expect(refused.status == 65)
        #expect(refused.errors.contains("is not used, because it belongs to another user."))
        #expect(cloud.requests.isEmpty)
        #expect(try await run(["--policy", ".delete-image.json", "--yes"], in: "shared/mine").status == 0)
    }

    @Test("Uses a policy that is a link or a pipe only when it is named", .timeLimit(.minutes(10)))
    func linkedPolicy() async throws {
        let folder = folder.file("shared/mine")
        try addPolicy("*", to: "home")
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: ".delete-image.json"),
            withDestinationURL: self.folder.file("home/.delete-image.json")
        )
        let linked = try await run(["--policy", "--yes"], in: "shared/mine")
        #expect(linked.errors.contains("is not used, because it is a symbolic link."), "\(linked)")
        let policy = folder.appending(path: ".delete-image.json").path
        #expect(unlink(policy) == 0 && mkfifo(policy, 0o600) == 0)
        let pipe = try await run(["--policy", "--yes"], in: "shared/mine")
        #expect(pipe.errors.contains("is not used, because it is not a regular file."), "\(pipe)")
        #expect(cloud.requests.isEmpty)
    }

    @Test("Does not search a part of another user's package for references", asRoot)
    func references() async throws {
        try folder.give("shared", to: 65534)
        try folder.add(Sample.id(1), at: "shared/main.tf")
        let refused = try await run(["--unless-referenced", Sample.id(1)], in: "shared/mine")
        #expect(refused.status == 78)
        #expect(cloud.count("DELETE") == 0)
        let kept = try await run(["--json", "--unless-referenced", Sample.id(1)], in: "shared")
        #expect(try kept.report().images.map(\.reason) == ["referenced"])
    }

    @Test("Ignores a work directory outside the package or writable by others")
    func workDirectory() async throws {
        try FileManager.default.createDirectory(at: folder.file("out"), withIntermediateDirectories: true)
        let outputs = "shared/.build/plugins/DeleteImage/outputs"
        try folder.add("", at: "shared/.build/plugins/DeleteImage/x")
        try FileManager.default.createSymbolicLink(at: folder.file(outputs), withDestinationURL: folder.file("out"))
        let linked = try await run([Sample.id(1)], in: "shared")
        #expect(linked.status == 0)
        #expect(linked.errors.contains("\(outputs) is not used, because it leads out of the package.\n"))
        #expect(isThere(userCache))
        chmod(folder.file("out").path, 0o777)
        for named in ["out", "out/new/folder", outputs] {
            let open = try await run(["--work-directory", folder.file(named).path, Sample.id(2)], in: "home")
            #expect(open.errors.contains("warning: there is no folder for the token cache"))
            if named == outputs { continue }
            #expect(open.errors.contains("is not used, because "))
            #expect(open.errors.contains("other users can write to it"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("out").path) == [])
    }
}
