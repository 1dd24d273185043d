import ImageDeletionEssentials

/// The signals that ask this process to stop.
enum Signals {
    private static let stopping = [SIGINT, SIGTERM, SIGHUP]

    /// An element for each signal that asks to stop. None of them ends the process by itself any more. Those that the
    /// process was started to ignore, by `nohup` or a script's `&`, stay ignored.
    ///
    /// Started by the plugin, the process stops too when the plugin is gone, for whatever reason: it never goes on
    /// deleting alone.
    static func terminationRequests() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let queue = DispatchQueue(label: "signals")
        let plugin = ProcessInfo.processInfo.environment["DELETE_IMAGE_PLUGIN_PROCESS"].flatMap(pid_t.init)
        var sources: [any DispatchSourceProtocol] = stopping.compactMap { number in
            let previous = unsafeBitCast(signal(number, SIG_IGN), to: Int.self)
            // The plugin ignores signals itself, to forward them.
            if plugin == nil, previous == unsafeBitCast(SIG_IGN, to: Int.self) { return nil }
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield() }
            return source
        }
        if let plugin {
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now(), repeating: .milliseconds(250))
            timer.setEventHandler {
                if getppid() != plugin {
                    continuation.yield()
                    timer.cancel()
                }
            }
            sources.append(timer)
        }
        for source in sources { source.resume() }
        // A process that a plugin starts inherits a mask that blocks them (swift-corelibs-foundation's Process).
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in stopping { sigaddset(&mask, number) }
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        // Only kept alive by the closure, and cancelled once: no two threads ever touch them.
        nonisolated(unsafe) let kept = sources
        continuation.onTermination = { _ in for source in kept { source.cancel() } }
        return stream
    }
}
