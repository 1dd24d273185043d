import Foundation

/// What is written to standard error when this process crashes: what it was just doing, and how to see it again.
///
/// A crash ends the test process at once, and says nothing of the seed that led to it.
public enum LastWords {
    /// Writes `words` if the process crashes before `body` ends, on whatever thread.
    public static func during<Result>(_ words: String, _ body: () async throws -> Result) async rethrows -> Result {
        let place = Places.all.take(words)
        defer { Places.all.leave(place) }
        return try await body()
    }

    /// Writes `words` if the process crashes before `body` ends, on whatever thread.
    public static func during<Result>(_ words: String, _ body: () throws -> Result) rethrows -> Result {
        let place = Places.all.take(words)
        defer { Places.all.leave(place) }
        return try body()
    }
}

/// Where words lie ready: in memory of its own, since a process that crashes can do no more than write what is there.
private final class Places: @unchecked Sendable {
    static let all = Places()

    private static let count = 64
    private static let size = 256
    private static let signals = [SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS, SIGFPE]

    private let lock = NSLock()
    private var free = Array(0..<count)
    /// Each place begins with the length of its words.
    private let places: UnsafeMutablePointer<UInt8>
    private let earlier: UnsafeMutablePointer<sigaction>
    /// For the handler of a thread that has used up its own stack.
    private let stack: UnsafeMutableRawPointer
    private static let stackSize = 1 << 16

    private init() {
        places = .allocate(capacity: Self.count * Self.size)
        places.initialize(repeating: 0, count: Self.count * Self.size)
        earlier = .allocate(capacity: Self.signals.count)
        earlier.initialize(repeating: sigaction(), count: Self.signals.count)
        stack = .allocate(byteCount: Self.stackSize, alignment: 16)
        for (index, signal) in Self.signals.enumerated() {
            var action = sigaction()
            let speak: @convention(c) (Int32) -> Void = { Places.all.speak($0) }
            #if canImport(Darwin)
                action.__sigaction_u.__sa_handler = speak
            #else
                action.__sigaction_handler.sa_handler = speak
            #endif
            action.sa_flags = Int32(SA_ONSTACK)
            sigaction(signal, &action, earlier + index)
        }
    }

    /// - Returns: Where `words` are; nil where every place is taken.
    func take(_ words: String) -> Int? {
        useOtherStack()
        guard let place = lock.withLock({ free.popLast() }) else { return nil }
        let bytes = Array("\(words)\n".utf8.suffix(Self.size - 1))
        let start = places + place * Self.size
        (start + 1).update(from: bytes, count: bytes.count)
        start.pointee = UInt8(bytes.count)
        return place
    }

    func leave(_ place: Int?) {
        guard let place else { return }
        places[place * Self.size] = 0
        lock.withLock { free.append(place) }
    }

    /// One stack does for all threads: a process crashes once.
    private func useOtherStack() {
        var known = stack_t()
        guard sigaltstack(nil, &known) == 0, known.ss_flags & Int32(SS_DISABLE) != 0 else { return }
        var other = stack_t()
        other.ss_sp = stack
        other.ss_size = .init(Self.stackSize)
        sigaltstack(&other, nil)
    }

    /// Says what is ready and gives way to whoever handled the signal before: what crashed crashes again.
    private func speak(_ signal: Int32) {
        for place in 0..<Self.count {
            let start = places + place * Self.size
            if start.pointee > 0 { _ = write(STDERR_FILENO, start + 1, Int(start.pointee)) }
        }
        var index = 0
        while index < Self.signals.count {
            if Self.signals[index] == signal { sigaction(signal, earlier + index, nil) }
            index += 1
        }
    }
}
