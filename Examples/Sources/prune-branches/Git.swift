import Foundation

/// The repository in the current folder.
enum Git {
    struct Failed: Error {
        var status: Int32
    }

    /// The branches that `origin` has now: the clone of a build machine knows only its own.
    static func branches() throws -> [String] {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = ["git", "ls-remote", "--heads", "origin"]
        // Git, and what it starts, has no use for the cloud's password.
        git.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("OS_") }
        let output = Pipe()
        git.standardOutput = output
        try git.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        git.waitUntilExit()
        // Half a list would have branches gone that are there.
        guard git.terminationStatus == 0 else { throw Failed(status: git.terminationStatus) }
        return text.split(separator: "\n").compactMap { $0.split(separator: "\trefs/heads/").dropFirst().first }
            .map(String.init)
    }
}
