package import ImageDeletionEssentials

/// A file, pipe or terminal that the system has opened.
package struct OpenFile: Sendable {
    package let descriptor: Int32

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// What the system said.
    package struct Fault: Error {
        let code = errno
        package var words: String { String(cString: strerror(code)) }

        package init() {}
    }

    /// Reads to the end, but not more than `limit` bytes.
    package func read(atMost limit: Int = .max) throws(Fault) -> Data {
        var data = Data()
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while data.count < limit {
            let count = ImageDeletionEssentials.read(descriptor, &block, min(block.count, limit - data.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Fault() }
            if count == 0 { break }
            data += block[..<count]
        }
        return data
    }

    /// Writes all of `data`.
    package func write(_ data: Data) throws(Fault) {
        var written = 0
        while written < data.count {
            let count = data.withUnsafeBytes {
                ImageDeletionEssentials.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Fault() }
            written += count
        }
    }

    /// Waits until the disk has what was written.
    func synchronize() throws(Fault) {
        guard fsync(descriptor) == 0 else { throw Fault() }
    }

    /// Tries to become the only one, among all processes, that holds the file's lock. It goes with the process, whatever
    /// becomes of that.
    func tryLock() throws(Fault) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw Fault() }
    }

    /// Unlocks and closes. Closing alone is not enough: a process started meanwhile holds the file as well, until it has
    /// become its own program.
    func release() {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
