import Foundation

/// How many of the cases of the long tests run: a sample by default, all with `DELETE_IMAGE_EXHAUSTIVE=1`.
///
/// Each run draws another sample, and prints the seed that repeats it.
public enum Sampling {
    private static let variables = ProcessInfo.processInfo.environment

    public static let isExhaustive = variables["DELETE_IMAGE_EXHAUSTIVE"] == "1"

    /// The seed of the samples of this run; `DELETE_IMAGE_SAMPLE` sets it.
    private static let seed: Int = {
        let seed = variables["DELETE_IMAGE_SAMPLE"].flatMap { Int($0) } ?? Int.random(in: 0..<1_000_000)
        print("A sample of the long tests runs; DELETE_IMAGE_SAMPLE=\(seed) repeats it.")
        return seed
    }()

    /// The number of inputs that a test makes.
    public static func count(_ all: Int, sample: Int) -> Int { isExhaustive ? all : sample }

    /// Returns `cases` in their order: all, or a sample of `count`.
    public static func of<Case>(_ cases: [Case], _ count: Int) -> [Case] {
        guard !isExhaustive, count < cases.count else { return cases }
        var generator = SeededGenerator(seed: seed)
        return cases.indices.shuffled(using: &generator).prefix(count).sorted().map { cases[$0] }
    }

    /// Returns each element of `first` with every element of `second`, or with one of them.
    public static func pairs<First, Second>(_ first: [First], _ second: [Second]) -> [(First, Second)] {
        var generator = SeededGenerator(seed: seed)
        return first.flatMap { one in (isExhaustive ? second : [generator.pick(second)]).map { (one, $0) } }
    }
}
