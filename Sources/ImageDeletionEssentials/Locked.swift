/// A value that one thread at a time can use.
///
/// `Mutex` needs macOS 15.
package final class Locked<Value>: @unchecked Sendable {
    // The mutex must not move, and the value is touched only while it is held.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var content: Value

    package init(_ value: Value) {
        content = value
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// The value as it is now.
    package var value: Value { withLock { $0 } }

    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&content)
    }
}
