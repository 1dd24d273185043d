import ImageDeletionEssentials

/// A file that holds secrets: only this user's own, only for this user, and never half-written.
///
/// Foundation follows links and knows no modes at creation, hence the system calls.
struct PrivateFile: Sendable {
    let url: URL

    /// Why the file was not read, or could not be written.
    struct Fault: Error {
        var reason: String

        init(_ reason: String) { self.reason = reason }
        static func system(_ code: Int32 = errno) -> Fault { Fault(String(cString: strerror(code))) }
    }

    /// Returns the content; nil where there is no file.
    ///
    /// - Parameter ofAnyone: Whether to read also what somebody else may have written or read.
    /// - Throws: ``Fault`` for a file that somebody else may have written or read, and for one that cannot be read.
    func read(atMost limit: Int = 4 << 20, ofAnyone: Bool = false) throws(Fault) -> Data? {
        let file = open(url.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return nil
            case ELOOP: throw Fault("it is a symbolic link")
            default: throw .system()
            }
        }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0 else { throw .system() }
        guard info.st_mode & S_IFMT == S_IFREG else { throw Fault("it is no regular file") }
        if !ofAnyone {
            guard info.st_uid == geteuid() else { throw Fault("it belongs to another user") }
            guard info.st_mode & 0o077 == 0 else { throw Fault("other users have access to it") }
            // No name at all: another process of ours has replaced it since it was opened. It is as good as before.
            guard info.st_nlink <= 1 else { throw Fault("it has a second name (hard link)") }
        }
        guard info.st_size <= limit else { throw Fault("it is larger than \(limit) bytes") }
        do { return try OpenFile(descriptor: file).read(atMost: limit) } catch { throw .system(error.code) }
    }

    /// Puts `data` in the place of the file, mode 0600, all of it or nothing, and makes the folder if it is missing.
    func replace(with data: Data) throws(Fault) {
        try makeFolder()
        sweep()
        let draft = url.path + ".\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system() }
        let file = OpenFile(descriptor: descriptor)
        defer { file.release() }
        do throws(OpenFile.Fault) {
            // The lock tells others that the draft still has a writer. Where there are no locks, nobody sweeps either.
            try? file.tryLock()
            try file.write(data)
            try file.synchronize()
        } catch {
            unlink(draft)
            throw .system(error.code)
        }
        guard rename(draft, url.path) == 0 else {
            let fault = Fault.system()
            unlink(draft)
            throw fault
        }
    }

    /// Takes the file away, and every draft of it; it is no fault if there is none.
    func remove() throws(Fault) {
        sweep()
        guard unlink(url.path) == 0 || errno == ENOENT else { throw .system() }
    }

    /// Takes away the drafts of writers that were killed: they hold secrets as well. A process that is gone holds no
    /// lock, whoever has its number now.
    private func sweep() {
        let folder = url.deletingLastPathComponent().path
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where isDraft(name) {
            let path = "\(folder)/\(name)"
            let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            let draft = OpenFile(descriptor: descriptor)
            defer { draft.release() }
            var info = stat()
            guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_uid == geteuid(),
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
    /// - Returns: what holds the lock until it is released; nil while somebody else does.
    func tryLock() throws(Fault) -> OpenFile? {
        try makeFolder()
        let file = open(url.path + ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system() }
        let lock = OpenFile(descriptor: file)
        do throws(OpenFile.Fault) {
            try lock.tryLock()
            return lock
        } catch {
            close(file)
            if [EWOULDBLOCK, EINTR].contains(error.code) { return nil }
            throw .system(error.code)
        }
    }

    private func makeFolder() throws(Fault) {
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            // What the system said is underneath, where Foundation hands it on at all.
            let cause = (error as? CocoaError)?.underlying as? POSIXError
            let words = cause.map { ": " + Fault.system($0.code.rawValue).reason } ?? ""
            throw Fault("its folder cannot be made" + words)
        }
    }
}
