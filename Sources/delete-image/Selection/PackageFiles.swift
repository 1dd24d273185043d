import ImageDeletionEssentials

/// The files that belong to a package: those that Git would list, tracked or new but not ignored; without Git, all but
/// what builds leave behind.
enum PackageFiles {
    /// Returns the paths of the files in `folder`, relative to it, in their order.
    ///
    /// - Throws: ``UnreadableFile`` if a folder cannot be read, or if files are missing that Git tracks.
    static func paths(in folder: URL) async throws -> [String] {
        guard let path = realpath(folder.path, nil) else { throw UnreadableFile(path: folder.path) }
        defer { free(path) }
        let folder = String(cString: path)
        guard let root = workTree(around: folder) else { return try walk(folder).sorted() }
        let prefix = root == folder ? "" : folder.dropping(root == "/" ? "/" : root + "/") + "/"
        var paths: Set<String> = []
        for entry in try await gitFiles(in: root, below: prefix) {
            if entry.isTracked { try checkPresence(entry, in: root) }
            // Git does not look into a repository within this one, and neither do we ask it to: whoever can commit one
            // could have it run a program.
            guard entry.path.utf8.starts(with: prefix.utf8) else { return try walk(folder).sorted() }
            let path = entry.path.dropping(prefix)
            if isFolder("\(root)/\(entry.path)") {
                paths.formUnion(try walk("\(root)/\(entry.path)").map { "\(path)/\($0)" })
            } else {
                paths.insert(path)
            }
        }
        // Nothing listed: Git ignores the folder as a whole, but whoever named it means its files.
        return try (paths.isEmpty ? walk(folder) : Array(paths)).sorted()
    }

    /// Returns the outermost folder around `folder` that is a work tree of this user's; else the nearest that is
    /// somebody's, of which Git itself decides whether to trust it (`safe.directory`).
    private static func workTree(around folder: String) -> String? {
        let ancestors = folder.withAncestors
        let trees = ancestors.filter { access($0 + "/.git", F_OK) == 0 }
        let own = trees.last { tree in [tree, tree + "/.git"].allSatisfy { Ownership.objection(to: $0) == nil } }
        return own ?? trees.first
    }

    /// An entry of Git's list.
    private struct Entry {
        var path: String
        var isTracked: Bool
        /// Whether it is outside the sparse checkout.
        var isSkipped: Bool

        init?(_ line: Data) {
            let text = String(decoding: line, as: UTF8.self)
            guard line.count > 2 else { return nil }
            path = text.dropping("H ")
            if path.hasSuffix("/") { path.removeLast() }
            isTracked = !text.hasPrefix("?")
            isSkipped = text.hasPrefix("S")
        }
    }

    private static func gitFiles(in root: String, below prefix: String) async throws -> [Entry] {
        // The repository's own configuration must not run a program. These are all that `ls-files` could run: the file
        // system monitor, hooks, and, in a partial clone, whatever fetches a missing object.
        let command = [
            "git", "-C", root, "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c",
            "safe.bareRepository=explicit", "--literal-pathspecs", "--no-pager", "ls-files", "-z", "-t", "--cached",
            "--others", "--exclude-standard", "--",
        ]
        let variables = [
            "LC_ALL": "C", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
            "GIT_CEILING_DIRECTORIES": root.withAncestors.dropFirst().first ?? root,
        ]
        do {
            let pathspec = prefix.isEmpty ? [] : [String(prefix.dropLast())]
            let finished = try await ChildProcess.output(of: command + pathspec, setting: variables)
            // Git passes over what it cannot read, with a warning and status 0.
            guard finished.errors.isEmpty else { throw ChildProcess.Failure(reason: finished.errors) }
            return finished.output.split(separator: 0).compactMap(Entry.init)
        } catch let failure as ChildProcess.Failure {
            let reason = failure.reason.split(separator: "\n").first ?? ""
            throw UnreadableFile(path: "Git's list of files in \(root) (\(reason))")
        }
    }

    /// Checks that a file that Git tracks is there, or was deleted by somebody. One that was never checked out may hold
    /// anything.
    private static func checkPresence(_ entry: Entry, in root: String) throws {
        let path = "\(root)/\(entry.path)"
        let isMissing = entry.isSkipped && access(path, F_OK) != 0
        if isMissing || isEmptyFolder(path) { throw UnreadableFile(path: entry.path) }
    }

    /// Checks the same as far as it shows without Git, in a folder with these files.
    private static func checkCompleteness(of folder: String, _ names: [String]) throws {
        if names.contains(".git") {
            var repository = "\(folder)/.git"
            // In a submodule or a linked work tree, a file says where the repository is.
            if let link = text(repository)?.split(separator: "\n").first, link.hasPrefix("gitdir: ") {
                let path = link.dropFirst("gitdir: ".count)
                repository = path.hasPrefix("/") ? String(path) : "\(folder)/\(path)"
            }
            let isSparse = ["config", "config.worktree"].contains { name in
                text("\(repository)/\(name)")?.lowercased().contains(#/sparsecheckout\s*=\s*true/#) == true
            }
            if isSparse { throw UnreadableFile(path: "what is not checked out in \(folder)") }
        }
        if names.contains(".gitmodules") {
            for match in (text("\(folder)/.gitmodules") ?? "").matches(of: #/\n\s*path\s*=\s*([^\n]*\S)/#) {
                let submodule = "\(folder)/\(match.1)"
                if isEmptyFolder(submodule) { throw UnreadableFile(path: submodule) }
            }
        }
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// Whether `path` is a folder with nothing in it, as that of a submodule is that is not checked out.
    private static func isEmptyFolder(_ path: String) -> Bool {
        isFolder(path) && (try? FileManager.default.contentsOfDirectory(atPath: path).isEmpty) != false
    }

    private static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    private static let passedOver: Set<String> = [".git", ".swiftpm", "DerivedData", "node_modules"]

    private static func walk(_ folder: String) throws -> [String] {
        try Task.checkCancellation()
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw UnreadableFile(path: folder)
        }
        try checkCompleteness(of: folder, names)
        return try names.flatMap { name in
            if passedOver.contains(name) || name.hasPrefix(".build") { return [String]() }
            return isFolder("\(folder)/\(name)") ? try walk("\(folder)/\(name)").map { "\(name)/\($0)" } : [name]
        }
    }
}

extension String {
    /// The text without its beginning, `prefix`. It is cut between bytes: a file's name may begin with an accent, which
    /// for Swift is one character with the separator before it.
    fileprivate func dropping(_ prefix: String) -> String {
        String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
}

/// A file that was to be read, and could not be.
struct UnreadableFile: Error {
    var path: String
}
