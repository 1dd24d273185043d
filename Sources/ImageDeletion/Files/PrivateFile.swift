import ImageDeletionEssentials

/// A file that holds secrets: only this user's own, only for this user, and never half-written.
struct PrivateFile: Sendable {
    let url: URL

    /// Returns the content; nil where there is no file.
    ///
    /// - Parameter ofAnyone: Whether to read also what somebody else may have written or read.
    /// - Throws: ``FileError`` for a file that somebody else may have written or read, and for one that cannot be read.
    func read(atMost limit: Int = 4 << 20, ofAnyone: Bool = false) throws(FileError) -> Data? {
        let file: File
        do {
            file = try File(url.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR: return nil
            case ELOOP: throw FileError("it is a symbolic link")
            default: throw error
            }
        }
        defer { file.close() }
        let status = try file.status()
        guard status.isRegular else { throw FileError("it is no regular file") }
        if !ofAnyone {
            guard status.st_uid == geteuid() else { throw FileError("it belongs to another user") }
            guard status.st_mode & 0o077 == 0 else { throw FileError("other users have access to it") }
            // No name at all: another process of ours has replaced it since it was opened. It is as good as before.
            guard status.st_nlink <= 1 else { throw FileError("it has a second name (hard link)") }
        }
        guard status.st_size <= limit else { throw FileError("it is larger than \(limit) bytes") }
        return try file.read(atMost: limit)
    }

    /// Puts `data` in the place of the file, mode 0600, all of it or nothing, and makes the folder if it is missing.
    func replace(with data: Data) throws(FileError) {
        try makeFolder()
        sweep()
        let draft = url.path + ".\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let file = try File(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        defer { file.close() }
        do throws(FileError) {
            // The lock tells others that the draft still has a writer. Where there are no locks, nobody sweeps either.
            try? file.tryLock()
            try file.write(data)
            try file.synchronize()
            guard rename(draft, url.path) == 0 else { throw FileError() }
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// Takes the file away, and every draft of it; it is no fault if there is none.
    func remove() throws(FileError) {
        sweep()
        guard unlink(url.path) == 0 || errno == ENOENT else { throw FileError() }
    }

    /// Takes away the drafts of writers that were killed: they hold secrets as well. A process that is gone holds no
    /// lock, whoever has its number now.
    private func sweep() {
        let folder = url.deletingLastPathComponent().path
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where isDraft(name) {
            let path = "\(folder)/\(name)"
            guard let draft = try? File(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { continue }
            defer { draft.close() }
            guard let status = try? draft.status(), status.isRegular, status.st_uid == geteuid(),
                (try? draft.tryLock()) != nil
            else { continue }
            unlink(path)
        }
    }

    /// Whether a file in the same folder is named as the drafts are.
    private func isDraft(_ name: String) -> Bool {
        let prefix = url.lastPathComponent + "."
        guard name.hasPrefix(prefix) else { return false }
        let numbers = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        return numbers.count == 2 && numbers.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
    }

    /// Tries to become the only one, among all processes, that holds the lock beside this file.
    ///
    /// - Returns: The file whose closing releases the lock; nil while somebody else holds it.
    func tryLock() throws(FileError) -> File? {
        try makeFolder()
        let lock = try File(url.path + ".lock", O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        do {
            try lock.tryLock()
            return lock
        } catch {
            lock.close()
            if [EWOULDBLOCK, EINTR].contains(error.code) { return nil }
            throw error
        }
    }

    private func makeFolder() throws(FileError) {
        let path = url.path
        for end in path.utf8.indices.dropFirst() where path.utf8[end] == UInt8(ascii: "/") {
            let folder = String(path[..<end])
            if access(folder, F_OK) == 0 || mkdir(folder, 0o700) == 0 || errno == EEXIST { continue }
            throw FileError("its folder cannot be made: " + FileError().reason)
        }
    }
}
