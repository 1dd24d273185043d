/// Where tasks wait for each other, so that a test knows what is under way at the same time.
public actor Barrier {
    private let size: Int
    private var arrived = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter size: How many have to arrive before any of them goes on. Later ones do not wait.
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
