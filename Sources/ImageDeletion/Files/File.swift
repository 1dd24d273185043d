package import ImageDeletionEssentials

/// An open file, by plain system calls: Foundation follows links, and has neither modes at creation nor locks.
///
/// Checks are made on the open file. A path may lead to another file a moment later.
package struct File: Sendable {
    private let descriptor: Int32

    /// Wraps a file that is open already.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Opens the file at `path`. Programs that this one starts do not get it.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - flags: The flags of `open`. With `O_NONBLOCK`, a pipe that nobody writes to does not stop the program.
    ///   - mode: The mode of a file that is created.
    /// - Throws: ``FileError`` if it cannot be opened.
    package init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(FileError) {
        descriptor = open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError() }
    }

    /// Returns the type, owner, mode and size of the file.
    package func status() throws(FileError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError() }
        return status
    }

    /// Reads to the end of the file, but not more than `limit` bytes.
    package func read(atMost limit: Int = .max) throws(FileError) -> Data {
        var data = Data()
        var block = [UInt8](repeating: 0, count: min(limit, 64 << 10))
        while data.count < limit {
            let count = ImageDeletionEssentials.read(descriptor, &block, min(block.count, limit - data.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError() }
            if count == 0 { break }
            data += block[..<count]
        }
        return data
    }

    /// Writes all of `data`.
    package func write(_ data: Data) throws(FileError) {
        var written = 0
        while written < data.count {
            let count = data.withUnsafeBytes {
                ImageDeletionEssentials.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError() }
            written += count
        }
    }

    /// Waits until the disk has what was written; for a folder, the names of its files.
    package func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError() }
    }

    /// Cuts off what follows the first `count` bytes.
    package func truncate(to count: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(count)) == 0 else { throw FileError() }
    }

    /// Tries to become the only one, among all processes, that holds the file's lock. The lock ends with the process.
    package func tryLock() throws(FileError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw FileError() }
    }

    /// Unlocks and closes the file. Closing alone is not enough: a process that is started meanwhile holds the file as
    /// well, until it has become its own program.
    package func close() {
        flock(descriptor, LOCK_UN)
        ImageDeletionEssentials.close(descriptor)
    }
}

extension stat {
    /// Whether it is a regular file. A device may have no end, and a pipe is read only once.
    package var isRegular: Bool { st_mode & S_IFMT == S_IFREG }
}

/// The reason why a file cannot be used.
package struct FileError: Error {
    /// The reason, in words.
    package let reason: String
    /// The system's number for the reason; nil if a check failed.
    package let code: Int32?

    /// Describes the system call that failed last.
    package init(systemError code: Int32 = errno) {
        reason = String(cString: strerror(code))
        self.code = code
    }

    /// Describes a check that failed.
    package init(_ reason: String) {
        self.reason = reason
        code = nil
    }
}
