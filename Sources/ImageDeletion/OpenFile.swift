import Foundation

/// A file that the system has opened, for what Foundation does not do: writes that the disk has, and locks.
struct OpenFile: Sendable {
    let descriptor: Int32

    /// What the system said.
    struct Fault: Error {
        let code = errno
        var words: String { String(cString: strerror(code)) }
    }

    /// Writes all of `data` and waits until the disk has it.
    func write(_ data: Data) throws(Fault) {
        var written = 0
        while written < data.count {
            let count = data.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Fault() }
            written += count
        }
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
