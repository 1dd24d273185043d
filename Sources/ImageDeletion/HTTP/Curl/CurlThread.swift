import ImageDeletionCurl
import ImageDeletionEssentials

/// The thread that all transfers of a transport run on. It owns libcurl's handles while they are under way.
final class CurlThread: Sendable {
    /// What other threads ask for.
    private struct Requests {
        var started: [CurlTransfer] = []
        var cancelled: [CurlTransfer] = []
        var isStopped = false
    }

    private let libcurl: Libcurl
    // Only `multi_wakeup` is called outside the thread, which libcurl allows, and only before the thread knows that it
    // is to stop.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer
    private let requests = Locked(Requests())

    init(_ libcurl: Libcurl) throws(ImageDeletionError) {
        guard let multi = libcurl.functions.multi_init() else {
            throw .configuration([.libcurl(reason: "out of memory")])
        }
        self.libcurl = libcurl
        self.multi = multi
        ImageDeletionSetMultiNumber(multi, CurlOption.maximumConnectionsPerHost.rawValue, 64)
        let context = Unmanaged.passRetained(self)
        let failure = ImageDeletionStartThread(
            { context in
                Unmanaged<CurlThread>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard failure == 0 else {
            context.release()
            libcurl.functions.multi_cleanup(multi)
            throw .configuration([.libcurl(reason: String(cString: strerror(failure)))])
        }
    }

    func start(_ transfer: CurlTransfer) { ask { $0.started.append(transfer) } }

    func cancel(_ transfer: CurlTransfer) { ask { $0.cancelled.append(transfer) } }

    /// Ends the thread, and every transfer on it.
    func stop() { ask { $0.isStopped = true } }

    private func ask(_ change: (inout Requests) -> Void) {
        requests.withLock { requests in
            // Within the lock: afterwards, the handle may be gone.
            if requests.isStopped { return }
            // Whoever asked first has woken the thread, and it has not looked yet.
            let isAwake = !requests.started.isEmpty || !requests.cancelled.isEmpty
            change(&requests)
            if !isAwake { _ = libcurl.functions.multi_wakeup(multi) }
        }
    }

    private func run() {
        var transfers: [UnsafeMutableRawPointer: CurlTransfer] = [:]
        func remove(_ easy: UnsafeMutableRawPointer) -> CurlTransfer? {
            guard let transfer = transfers.removeValue(forKey: easy) else { return nil }
            _ = libcurl.functions.multi_remove_handle(multi, easy)
            return transfer
        }
        while true {
            let asked = requests.withLock { requests in
                defer { (requests.started, requests.cancelled) = ([], []) }
                return requests
            }
            for transfer in asked.started where transfer.isWaitedFor {
                transfers[transfer.easy] = transfer
                _ = libcurl.functions.multi_add_handle(multi, transfer.easy)
            }
            for transfer in asked.cancelled { _ = remove(transfer.easy) }
            if asked.isStopped { break }
            var running: Int32 = 0
            _ = libcurl.functions.multi_perform(multi, &running)
            var result: Int32 = 0
            while let easy = ImageDeletionNextFinished(multi, &result) { remove(easy)?.end(result) }
            _ = libcurl.functions.multi_poll(multi, nil, 0, 60_000, nil)
        }
        for easy in transfers.keys { _ = libcurl.functions.multi_remove_handle(multi, easy) }
        libcurl.functions.multi_cleanup(multi)
    }
}
