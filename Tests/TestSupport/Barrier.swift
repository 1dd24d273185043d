/// A barrier at which tasks wait for each other, so that a test knows which operations are concurrent.
public actor Barrier {
    private let size: Int
    private var arrived = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter size: The number of tasks that must arrive before any of them continues. Later tasks do not wait.
    public init(of size: Int) { self.size = size }

    public func arrive() async {
        arrived += 1
        guard arrived < size else {
            for continuation in waiting { continuation.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
