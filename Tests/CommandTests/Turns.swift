import TestSupport

extension Executable {
    /// On Linux URLSession keeps a processor busy while it waits for the first answer on a connection: all tests at once
    /// would leave this process none to answer them with.
    private static let turns = Turns(atOnce: 2)

    /// Does `run`, which runs a program to its end, when few others do the same.
    static func amongFew<Result>(_ run: () async throws -> Result) async rethrows -> Result {
        await turns.begin()
        do {
            let result = try await run()
            await turns.end()
            return result
        } catch {
            await turns.end()
            throw error
        }
    }
}

/// Where tasks wait for their turn to do what only few can do at once.
private actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(atOnce free: Int) { self.free = free }

    func begin() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func end() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
