import Foundation

/// The files that belong to a package: those that git would list, tracked or new but not ignored; without git, all but
/// what builds leave behind.
enum PackageFiles {
    /// The paths of the files in `folder`, relative to it, in their order.
    ///
    /// - Throws: ``UnreadableFile`` for a folder that cannot be read.
    static func paths(in folder: URL) throws -> [String] { try paths(in: folder.path).sorted() }

    private static func paths(in folder: String) throws -> [String] {
        // Nothing listed: git ignores the folder as a whole, but whoever named it means its files.
        guard let listed = gitFiles(in: folder), !listed.isEmpty else { return try walk(folder) }
        return try listed.flatMap { path in
            // A submodule, or a repository within this one, is a folder to git, with a list of its own.
            let path = path.hasSuffix("/") ? String(path.dropLast()) : path
            // That of a submodule that is not checked out is the folder itself.
            if path == "." { return [String]() }
            return isFolder("\(folder)/\(path)") ? try paths(in: "\(folder)/\(path)").map { "\(path)/\($0)" } : [path]
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// What git lists; nil where there is no git, or `folder` is not in a repository.
    private static func gitFiles(in folder: String) -> [String]? {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = ["git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        // A hook that calls us has set these for another repository, perhaps.
        git.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
        let output = Pipe()
        git.standardInput = FileHandle.nullDevice
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil, let data = try? output.fileHandleForReading.readToEnd() ?? Data() else {
            return nil
        }
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { return nil }
        return Array(Set(data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }))
    }

    private static let passedOver: Set<String> = [".git", ".swiftpm", "DerivedData", "node_modules"]

    private static func walk(_ folder: String) throws -> [String] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw UnreadableFile(path: folder)
        }
        return try names.flatMap { name in
            if passedOver.contains(name) || name.hasPrefix(".build") { return [String]() }
            return isFolder("\(folder)/\(name)") ? try walk("\(folder)/\(name)").map { "\(name)/\($0)" } : [name]
        }
    }
}

/// A file that was to be read, and could not be.
struct UnreadableFile: Error {
    var path: String
}
