import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("References in files", .serialized)
struct ReferenceTests {
    /// A package, with or without git, whose files name images.
    private func package(git: Bool = true) async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        func write(_ path: String, _ text: String) throws {
            let url = folder.file(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url)
        }
        try write("Package.swift", "// swift-tools-version: 6.2\n")
        try write("deploy/main.tf", "resource \"x\" \"y\" {\n\n  image_id = \"\(Sample.id(1))\"\n}\n")
        try write("deploy/notes.md", "# \(Sample.id(2).uppercased()), the last good one")
        try write(".build/manifest.json", Sample.id(3))
        try write("ignored/log.txt", Sample.id(4))
        try write("logo.png", "\0\0" + Sample.id(5))
        try write("Sources/near.swift", "let a = \"\(Sample.id(6).dropLast())\" + \"\(Sample.id(6).dropFirst())\"")
        if git {
            try write(".gitignore", "ignored\n.build\n")
            let run = try await Executable(url: URL(fileURLWithPath: "/usr/bin/env"))
                .run(["git", "init", "--quiet"], currentDirectory: folder.url)
            #expect(run.status == 0)
        }
        return folder
    }

    private static let images = (1...6).map { DemoImage.old($0, "nightly-\($0)") }

    @Test("Keeps an image whose ID is in a file of the package, and reports where")
    func kept() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let run = try await cloud.run(
            ["--json", "--yes", "--unless-referenced", "--match", "nightly-*"],
            currentDirectory: package.file("Sources")
        )
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["kept", "kept", "deleted", "deleted", "deleted", "deleted"])
        #expect(report.images[0].reason == "referenced")
        #expect(report.images[0].detail == "It is written in deploy/main.tf:3.")
        #expect(report.images[1].detail == "It is written in deploy/notes.md:1.")
    }

    @Test("Reads a file whose name begins with an accent")
    func accent() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        try package.add(Sample.id(3), at: "\u{301}main.tf")
        try package.add(Sample.id(4), at: "deploy/\u{301}main.tf")
        for place in [package.url, package.file("deploy")] {
            let run = try await cloud.run(
                ["--json", "--dry-run", "--referenced-in", place.path, Sample.id(4)]
                    + (place == package.url ? [Sample.id(3)] : [])
            )
            #expect(try run.report().images.allSatisfy { $0.outcome == "kept" }, "\(run)")
        }
    }

    @Test("Searches all files but build products outside a repository")
    func withoutGit() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package(git: false)
        let run = try await cloud.run(
            ["--json", "--yes", "--match", "nightly-*", "--unless-referenced"],
            currentDirectory: package.url
        )
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["kept", "kept", "deleted", "kept", "deleted", "deleted"])
        #expect(report.images[3].detail == "It is written in ignored/log.txt:1.")
    }

    @Test("Searches the named folders, and the package only with --unless-referenced")
    func folders() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let run = try await cloud.run(
            ["--json", "--dry-run", "--referenced-in", "./Sources", "--referenced-in=ignored"] + (1...4).map(Sample.id),
            currentDirectory: package.url
        )
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["wouldDelete", "wouldDelete", "wouldDelete", "kept"])
        #expect(report.images.last?.detail == "It is written in ignored/log.txt:1.")
        let both = try await cloud.run(
            ["--json", "--dry-run", "--unless-referenced", "--referenced-in=ignored"] + (1...4).map(Sample.id),
            currentDirectory: package.url
        )
        #expect(try both.report().images.map(\.outcome) == ["kept", "kept", "wouldDelete", "kept"])
    }

    @Test("Ignores the command's own list, plan and receipt")
    func own() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let (list, plan, receipt) = (package.file("list"), package.file("plan.json"), package.file("receipt"))
        try Data("\(Sample.id(5))\n\(Sample.id(6))\n".utf8).write(to: list)
        let arguments = ["--json", "--unless-referenced", "--from", list.path]
        for _ in 1...2 {
            let look = try await cloud.run(arguments + ["--plan", plan.path], currentDirectory: package.url)
            #expect(try look.report().images.map(\.outcome) == ["wouldDelete", "wouldDelete"])
            try FileManager.default.removeItem(at: list)
            let applied = try await cloud.run(
                ["--dry-run", "--json", "--unless-referenced", "--apply", plan.path],
                currentDirectory: package.url
            )
            #expect(try applied.report().images.map(\.outcome) == ["wouldDelete", "wouldDelete"])
            try Data("\(Sample.id(5))\n\(Sample.id(6))\n".utf8).write(to: list)
        }
        try FileManager.default.removeItem(at: plan)
        let run = try await cloud.run(arguments + ["--receipt", receipt.path], currentDirectory: package.url)
        #expect(try run.report().images.map(\.outcome) == ["deleted", "deleted"])
        await cloud.cloud.put(.old(6, "again"))
        let again = try await cloud.run(arguments + ["--receipt", receipt.path], currentDirectory: package.url)
        #expect(try again.report().images.map(\.outcome) == ["deleted", "deleted"])
        #expect(await cloud.remaining() == Set((1...4).map(Sample.id)))
    }

    @Test("Finds an ID across the blocks of a long file")
    func long() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let line = String(repeating: "-", count: 63) + "\n"
        // Blocks are of 1 MiB: one ID stands across the first boundary, one at the very end of the file.
        var text = Data(String(repeating: line, count: 16_384).utf8.dropLast(20))
        text += Data("\(Sample.id(5))\n".utf8)
        text += Data((String(repeating: line, count: 20_000) + Sample.id(6)).utf8)
        try text.write(to: package.file("long.txt"))
        let run = try await cloud.run(
            ["--json", "--unless-referenced", Sample.id(3), Sample.id(5), Sample.id(6)],
            currentDirectory: package.url
        )
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["deleted", "kept", "kept"])
        #expect(report.images[1].detail == "It is written in long.txt:16384.")
        #expect(report.images[2].detail == "It is written in long.txt:36385.")
    }

    @Test("Keeps all images when a file name cannot be read")
    func noUTF8() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let name = Array((package.url.path + "/caf").utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
        let file = open(name, O_WRONLY | O_CREAT, 0o644)
        try #require(file >= 0)
        #expect(write(file, Sample.id(5), 36) == 36)
        close(file)
        let run = try await cloud.run(["--json", "--unless-referenced", Sample.id(5)], currentDirectory: package.url)
        #expect(try run.report().images.map(\.reason) == ["referenced"])
        #expect(try run.report().images[0].detail?.contains("cannot be read, and may name it") == true)
    }

    @Test("Searches a named folder that Git ignores")
    func ignoredFolder() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let run = try await cloud.run(
            ["--json", "--referenced-in=ignored", Sample.id(4), Sample.id(5)],
            currentDirectory: package.url
        )
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["kept", "deleted"])
        #expect(report.images[0].detail == "It is written in ignored/log.txt:1.")
    }

    @Test(
        "Skips tracked files that are gone, and searches submodules",
        arguments: [true, false]
    )
    func git(commits: Bool) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let git = Executable(url: URL(fileURLWithPath: "/usr/bin/env"))
        let inner = package.file("vendor/library")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        _ = try await git.run(["git", "init", "--quiet"], currentDirectory: inner)
        try Data(Sample.id(3).utf8).write(to: inner.appendingPathComponent("pinned"))
        if commits {
            let run = try await git.run(
                [
                    "git", "-c", "user.name=ci", "-c", "user.email=ci@localhost", "-c", "advice.addEmbeddedRepo=false",
                    "-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "-m", "empty",
                ],
                currentDirectory: inner
            )
            #expect(run.status == 0)
        }
        _ = try await git.run(
            ["git", "-c", "advice.addEmbeddedRepo=false", "add", "--all"],
            currentDirectory: package.url
        )
        try FileManager.default.removeItem(at: package.file("deploy/main.tf"))
        let run = try await cloud.run(
            ["--json", "--yes", "--unless-referenced", "--match", "nightly-[13]"],
            currentDirectory: package.url
        )
        #expect(try run.report().images.map(\.outcome) == ["deleted", "kept"])
    }

    /// Runs git, quietly and as nobody in particular.
    private func git(_ arguments: String..., in folder: URL) async throws {
        let identity = ["-c", "user.name=ci", "-c", "user.email=ci@localhost", "-c", "protocol.file.allow=always"]
        let run = try await Executable(url: URL(fileURLWithPath: "/usr/bin/env"))
            .run(["git"] + identity + arguments, currentDirectory: folder)
        try #require(run.status == 0, "\(run.errors)")
    }

    @Test(
        "Runs no program that a package's repositories configure",
        arguments: ["bare", "vendor/library/.git", ".git"]
    )
    func fileSystemMonitor(repository: String) async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let package = try await package()
        let script = try package.add("#!/bin/sh\nenv > '\(package.url.path)/.build/seen'\n", at: ".build/monitor")
        chmod(script.path, 0o755)
        let folder = package.file(repository).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if repository == "bare" {
            try await git("init", "--quiet", "--bare", "bare", in: package.url)
            try await git("-C", "bare", "config", "core.worktree", package.url.path, in: package.url)
            try await git("-C", "bare", "config", "core.bare", "false", in: package.url)
        } else if repository != ".git" {
            try await git("init", "--quiet", in: folder)
            try package.add(Sample.id(3), at: "vendor/library/pinned")
        }
        let config = package.file(repository).appendingPathComponent("config")
        let old = try String(contentsOf: config, encoding: .utf8)
        try Data((old + "[core]\n\tfsmonitor = \(script.path)\n").utf8).write(to: config)
        for place in [package.url, folder, package.file(repository)] {
            let run = try await cloud.run(
                ["--json", "--dry-run", "--referenced-in=\(place.path)", Sample.id(1), Sample.id(5)],
                currentDirectory: package.url
            )
            #expect(run.status == 0)
        }
        #expect(access(package.file(".build/seen").path, F_OK) != 0)
    }

    @Test("Keeps all images when a file is not checked out")
    func absent() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let origin = try await package()
        try await git("add", "--all", in: origin.url)
        try await git("commit", "--quiet", "-m", "all", in: origin.url)
        let folder = try TemporaryFolder()
        let arguments = ["--json", "--unless-referenced", "--dry-run", Sample.id(5)]

        try await git("clone", "--quiet", origin.url.path, "sparse", in: folder.url)
        try await git("sparse-checkout", "set", "Sources", in: folder.file("sparse"))
        let sparse = try await cloud.run(arguments, currentDirectory: folder.file("sparse")).report()
        #expect(sparse.images.map(\.reason) == ["referenced"])
        #expect(sparse.images[0].detail == "deploy/main.tf cannot be read, and may name it.")
        try await git("sparse-checkout", "disable", in: folder.file("sparse"))
        let whole = try await cloud.run(arguments, currentDirectory: folder.file("sparse")).report()
        #expect(whole.images.map(\.outcome) == ["wouldDelete"])

        try await git("submodule", "--quiet", "add", origin.url.path, "inner", in: origin.url)
        try await git("commit", "--quiet", "-m", "inner", in: origin.url)
        try await git("clone", "--quiet", origin.url.path, "shallow", in: folder.url)
        let missing = try await cloud.run(arguments, currentDirectory: folder.file("shallow")).report()
        #expect(missing.images.map(\.reason) == ["referenced"])
        #expect(missing.images[0].detail == "inner cannot be read, and may name it.")
        try await git("submodule", "--quiet", "update", "--init", in: folder.file("shallow"))
        let present = try await cloud.run(
            arguments + [Sample.id(1)],
            currentDirectory: folder.file("shallow/inner")
        ).report()
        #expect(present.images.map(\.outcome) == ["wouldDelete", "kept"])

        // The same within another repository, where Git is not asked.
        try await git("init", "--quiet", in: folder.url)
        let complete = try await cloud.run(arguments, currentDirectory: folder.file("shallow")).report()
        #expect(complete.images.map(\.outcome) == ["wouldDelete"])
        try await git("submodule", "--quiet", "deinit", "--all", "--force", in: folder.file("shallow"))
        try await git("sparse-checkout", "set", "Sources", in: folder.file("sparse"))
        for place in ["shallow", "sparse"] {
            let nested = try await cloud.run(arguments, currentDirectory: folder.file(place)).report()
            #expect(nested.images.map(\.reason) == ["referenced"], "\(place)")
        }
    }

    private static let setpriv = "/usr/bin/setpriv"

    @Test(
        "Keeps all images when a file or a folder cannot be read",
        .enabled(
            if: getuid() != 0 || FileManager.default.isExecutableFile(atPath: setpriv),
            "root reads everything, and cannot be anybody else here"
        ),
        arguments: ["deploy/main.tf", "deploy"]
    )
    func unreadable(path: String) async throws {
        let package = try await package(git: false)
        chmod(package.file(path).path, 0)
        defer { chmod(package.file(path).path, 0o755) }
        var command = [Executable.deleteImage.url.path, "--demo", "--json", "--dry-run", "--unless-referenced"]
        if getuid() == 0 { command = [Self.setpriv, "--reuid", "65534", "--clear-groups"] + command }
        let run = try await Executable(url: URL(fileURLWithPath: command[0])).run(
            command.dropFirst() + ["--match", "nightly-*"],
            currentDirectory: package.url
        )
        let report = try run.report()
        #expect(report.images.count == 21)
        #expect(report.images.allSatisfy { $0.outcome == "kept" && $0.reason == "referenced" })
        #expect(report.images.allSatisfy { $0.detail?.contains("\(path) cannot be read") == true })
    }

    @Test(
        "Keeps all images when Git's list is incomplete",
        arguments: ["a folder it cannot read", "an object that is not there"]
    )
    func partial(missing: String) async throws {
        let package = try await package()
        var command = [Executable.deleteImage.url.path, "--demo", "--json", "--dry-run", "--unless-referenced"]
        try package.add(Sample.id(5), at: "new/file")
        if missing == "a folder it cannot read" {
            if getuid() == 0 {
                guard FileManager.default.isExecutableFile(atPath: Self.setpriv) else { return }
                command = [Self.setpriv, "--reuid", "65534", "--clear-groups"] + command
                let chown = Executable(url: URL(fileURLWithPath: "/usr/bin/env"))
                _ = try await chown.run(["chown", "-R", "65534", package.url.path])
            }
            chmod(package.file("new").path, 0)
        } else {
            // A partial clone fetches what is missing from wherever its configuration says, be it a program.
            try await git("add", "--all", in: package.url)
            try await git("commit", "--quiet", "-m", "all", in: package.url)
            try await git("sparse-checkout", "set", "--cone", "--sparse-index", "Sources", in: package.url)
            for (key, value) in [
                "core.repositoryFormatVersion": "1", "extensions.partialClone": "origin",
                "protocol.ext.allow": "always",
                "remote.origin.promisor": "true", "remote.origin.url": "ext::touch \(package.url.path)/ran",
            ] { try await git("config", key, value, in: package.url) }
            let tree = try await Executable(url: URL(fileURLWithPath: "/usr/bin/env"))
                .run(["git", "rev-parse", "HEAD:new"], currentDirectory: package.url).lines[0]
            let object = package.file(".git/objects/\(tree.prefix(2))/\(tree.dropFirst(2))")
            try FileManager.default.removeItem(at: object)
        }
        defer { chmod(package.file("new").path, 0o755) }
        let run = try await Executable(url: URL(fileURLWithPath: command[0]))
            .run(
                command.dropFirst() + ["--match", "nightly-*"],
                environment: ["HOME": package.url.path],
                currentDirectory: package.url
            )
        let report = try run.report()
        #expect(report.images.count == 21)
        #expect(report.images.allSatisfy { $0.outcome == "kept" && $0.reason == "referenced" })
        #expect(report.images.allSatisfy { $0.detail?.hasPrefix("Git's list of files in") == true })
        #expect(access(package.file("ran").path, F_OK) != 0)
    }

    @Test("Deletes nothing when a named folder does not exist")
    func noFolder() async throws {
        let cloud = try LoopbackCloud(images: Self.images)
        let folder = try TemporaryFolder()
        let run = try await cloud.run(
            ["--json", "--referenced-in=nosuch", Sample.id(1)],
            currentDirectory: folder.url
        )
        #expect(run.status == 64)
        #expect(try run.report().error?.message.contains("nosuch") == true)
        #expect(cloud.count("DELETE") == 0)
    }
}
