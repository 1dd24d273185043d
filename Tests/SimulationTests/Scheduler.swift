import Foundation
import ImageDeletion
import TestSupport

/// Runs asynchronous code on the thread that calls it: one job at a time, which of those that are ready is drawn by lot,
/// and in a time of its own, which jumps to whatever comes next. The same seed gives the same run.
///
/// The concurrency runtime has a hook through which every job goes that has no executor of its own. Jobs that are made on
/// a scheduler's thread are that scheduler's; all others, like those of tests that run at the same time, go their way.
final class Scheduler: @unchecked Sendable {
    /// Why a run did not come to its end.
    enum Stuck: Error {
        /// All wait for each other.
        case deadlock
        /// It still goes on after as many steps, or as much time, as nothing here can take.
        case endless
    }

    private struct Sleeper {
        var end: TimeInterval
        var continuation: CheckedContinuation<Void, any Error>
    }

    private static let mostSteps = 2_000_000
    private static let longest: TimeInterval = 7 * 24 * 60 * 60

    private var generator: SeededGenerator
    private var ready: [UnownedJob] = []
    private var sleepers: [Int: Sleeper] = [:]
    private var sleepersSoFar = 0
    /// How many seconds have passed.
    private(set) var time: TimeInterval = 0

    init(seed: Int) { generator = SeededGenerator(seed: seed) }

    /// Runs `body` and everything that it starts to the end.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) throws(Stuck) -> Value {
        JobHook.install()
        JobHook.scheduler = self
        defer { JobHook.scheduler = nil }
        let result = Locked<Value?>(nil)
        Task {
            let value = await body()
            result.withLock { $0 = value }
        }
        var steps = 0
        while true {
            steps += 1
            if steps > Self.mostSteps || time > Self.longest { throw .endless }
            if !ready.isEmpty {
                let job = ready.remove(at: generator.number(0...ready.count - 1))
                job.runSynchronously(on: JobHook.executor)
            } else if let next = sleepers.min(by: { ($0.value.end, $0.key) < ($1.value.end, $1.key) }) {
                sleepers[next.key] = nil
                time = max(time, next.value.end)
                next.value.continuation.resume()
            } else if let value = result.value {
                return value
            } else {
                throw .deadlock
            }
        }
    }

    /// Waits in the scheduler's time.
    @Sendable func sleep(_ duration: Duration) async throws {
        sleepersSoFar += 1
        let number = sleepersSoFar
        let end = time + Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                sleepers[number] = Sleeper(end: end, continuation: continuation)
            }
        } onCancel: {
            sleepers.removeValue(forKey: number)?.continuation.resume(throwing: CancellationError())
        }
    }

    fileprivate func take(_ job: UnownedJob) { ready.append(job) }
}

/// The runtime's hook for jobs without an executor of their own, and which scheduler this thread runs.
private enum JobHook {
    private typealias Enqueue = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Enqueue) -> Void

    private final class AnyThread: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) { JobHook.scheduler?.take(UnownedJob(job)) }
    }

    private static let place: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()
    private static let anyThread = AnyThread()

    static var executor: UnownedTaskExecutor { anyThread.asUnownedTaskExecutor() }

    static var scheduler: Scheduler? {
        get { pthread_getspecific(place).map { Unmanaged<Scheduler>.fromOpaque($0).takeUnretainedValue() } }
        set { pthread_setspecific(place, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) }) }
    }

    private static let isInstalled: Bool = {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "swift_task_enqueueGlobal_hook") else { return false }
        symbol.assumingMemoryBound(to: Hook?.self).pointee = { job, enqueue in
            if let scheduler = JobHook.scheduler { scheduler.take(job) } else { enqueue(job) }
        }
        return true
    }()

    static func install() { precondition(isInstalled, "this runtime has no hook for jobs") }
}
