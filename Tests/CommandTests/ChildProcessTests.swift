import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@testable import delete_image

/// Git as a program that may be anything: what it is told, and what becomes of it.
@Suite("Child processes", .serialized, .timeLimit(.minutes(10)))
struct ChildProcessTests {
    private let folder: TemporaryFolder
    private let cloud: LoopbackCloud

    init() throws {
        folder = try TemporaryFolder()
        cloud = try LoopbackCloud(images: Sample.images(2))
        try folder.add("// swift-tools-version: 6.2\n", at: "package/Package.swift")
        try folder.add("", at: "package/.git/HEAD")
    }

    /// Puts a `git` before all others in `PATH`.
    private func installGit(_ script: String) throws -> [String: String?] {
        try folder.add("#!/bin/sh\n" + script, at: "bin/git")
        chmod(folder.file("bin/git").path, 0o755)
        return ["PATH": folder.file("bin").path + ":/usr/bin:/bin"]
    }

    private func start(_ changes: [String: String?]) throws -> Running {
        try cloud.start(
            ["--json", "--unless-referenced", Sample.id(1)],
            changes,
            currentDirectory: folder.file("package")
        )
    }

    @Test("Passes Git no secret and no variable that selects a repository or a program")
    func environment() async throws {
        let git = try installGit("env > '\(folder.url.path)/seen'\n")
        let secrets: [String: String?] = [
            "AWS_SECRET_ACCESS_KEY": "s3cret", "GIT_DIR": "/elsewhere",
            "GIT_SSH_COMMAND": "evil", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor",
            "GIT_CONFIG_VALUE_0": "evil", "GIT_EXEC_PATH": "/evil", "LC_ALL": "C",
        ]
        let run = try await start(git.merging(secrets) { $1 }).finished()
        #expect(run.status == 0)
        let seen = try folder.text("seen")
        #expect(!["OS_", "s3cret", "evil", "GIT_DIR"].contains(where: seen.contains), "\(seen)")
        #expect(seen.contains("LC_ALL=C\n") && seen.contains("HOME="))
    }

    @Test("Ignores relative entries of PATH")
    func relativePath() async throws {
        try folder.add("#!/bin/sh\ntouch '\(folder.url.path)/ran'\n", at: "package/git")
        chmod(folder.file("package/git").path, 0o755)
        _ = try await start(["PATH": ".:/usr/bin:/bin"]).finished()
        #expect(access(folder.file("ran").path, F_OK) != 0)
    }

    @Test("Stops a hanging Git and its children on Ctrl-C")
    func interrupted() async throws {
        let git = try installGit(hanging)
        let running = try start(git)
        let pids = try await hangingProcesses()
        running.signal(SIGINT)
        let run = await running.finished()
        #expect(run.status == 130)
        await expectEnd(of: pids)
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Leaves no hanging Git behind when the run is killed")
    func killed() async throws {
        let git = try installGit(hanging)
        let running = try start(git)
        let pids = try await hangingProcesses()
        running.signal(SIGKILL)
        _ = await running.finished()
        await expectEnd(of: pids)
    }

    @Test("Kills a hanging program after its time limit")
    func timeLimit() async throws {
        let script = try folder.add(hanging, at: "hang")
        await #expect(throws: ChildProcess.Failure.self) {
            try await ChildProcess.output(of: ["sh", script.path], timeLimit: .milliseconds(500))
        }
        try await expectEnd(of: hangingProcesses())
    }

    @Test("Keeps every image when Git fails", arguments: ["exit 128", "kill -9 $$"])
    func failing(script: String) async throws {
        let run = try await start(installGit(script)).finished()
        let report = try run.report()
        #expect(report.images.map(\.outcome) == ["kept"])
        #expect(report.images.map(\.reason) == ["referenced"])
        #expect(report.images[0].detail?.contains("Git's list of files in") == true)
    }

    /// A script that writes its number and its child's, and then hangs.
    private var hanging: String {
        """
        trap '' INT TERM HUP
        sleep 1000 &
        echo $$ $! > '\(folder.url.path)/draft'
        mv '\(folder.url.path)/draft' '\(folder.url.path)/pids'
        wait
        """
    }

    private func hangingProcesses() async throws -> [pid_t] {
        while access(folder.file("pids").path, F_OK) != 0 { try await Task.sleep(for: .milliseconds(5)) }
        return try folder.text("pids").split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
    }

    /// Waits until none of `processes` runs; a test that waits in vain ends by its time limit.
    private func expectEnd(of processes: [pid_t]) async {
        #expect(processes.count == 2)
        for process in processes {
            while Self.isRunning(process) { try? await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Whether it runs: one that nobody has waited for yet does not.
    private static func isRunning(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0 else { return false }
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return status.map { !$0.contains(") Z ") } ?? true
    }
}
