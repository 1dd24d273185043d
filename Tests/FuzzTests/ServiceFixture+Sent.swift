import Foundation
import ImageDeletion
import TestSupport

extension ServiceFixture {
    /// The requests that were sent with `method` to a path that ends in `end`.
    func sent(_ method: String, _ end: String = "") -> [SentRequest] {
        transport.requests.filter { $0.method == method && $0.url.path.hasSuffix(end) }
    }
}

extension ImageID {
    /// The `number`th of any number of IDs.
    static func sample(_ number: Int) -> ImageID {
        guard let id = try? ImageID(Sample.id(number)) else { preconditionFailure("this is an ID") }
        return id
    }
}
