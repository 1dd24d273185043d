import Foundation

/// A value that threads take turns at.
public final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var content: Value

    public init(_ value: Value) { content = value }

    public var value: Value { lock.withLock { content } }

    @discardableResult
    public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try lock.withLock { try body(&content) }
    }
}
