import Foundation
import TestSupport
import Testing

/// Something that reads foreign bytes: what it usually reads, and what holds whatever it reads.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// What became of an input that did no harm.
    enum Verdict: Hashable { case accepted, refused }

    /// Reads the input, and throws a ``Violation`` where something does not hold.
    typealias Check = @Sendable (_ input: Data, _ generator: inout SeededGenerator) async throws -> Verdict

    let name: String
    /// How many inputs there are in an ordinary `swift test`.
    let inputs: Int
    /// What is good, and bad in interesting ways: inputs are made out of these.
    let samples: [String]
    let check: Check

    init(_ name: String, inputs: Int, samples: [String], check: @escaping Check) {
        self.name = name
        self.inputs = inputs
        self.samples = samples
        self.check = check
    }

    var testDescription: String { name }

    static let all = [
        tokens, images, image, members, servers, volumes, errors, headers, cache, plans, policies, receipts, arguments,
        lists, clouds,
        globs, groups, ages, addresses, references,
    ]
}

/// What does not hold.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// Says that `fact` holds whatever was read.
func must(_ fact: Bool, _ words: @autoclosure () -> String) throws {
    if !fact { throw Violation(description: words()) }
}
