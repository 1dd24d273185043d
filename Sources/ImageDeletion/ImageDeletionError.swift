public import Foundation

/// An error of this library. What became of an image is an ``Outcome`` instead.
///
/// ``code`` says what kind of error it is. Later versions may have more codes, so a `switch` over it needs a `default`.
/// The description is one or more sentences with the facts, on one line for each problem. It never contains a token or a
/// password, nor control characters.
public struct ImageDeletionError: Error, Sendable, Hashable {
    /// A kind of error.
    public struct Code: Sendable, Hashable {
        private let name: String

        /// Settings are missing, contradict each other, or do not fit the cloud that answered.
        public static let configuration = Code(name: "configuration")
        /// A service refused, failed or could not be reached: see ``ImageDeletionError/serviceError``.
        public static let service = Code(name: "service")
        /// A text is not an image ID (a UUID). Nothing was sent.
        public static let invalidImageID = Code(name: "invalidImageID")
    }

    /// The facts of an error, by its kind.
    package enum Reason: Sendable, Hashable {
        case configuration([ConfigurationProblem])
        case service(ServiceError)
        case invalidImageID(String)
    }

    package let reason: Reason

    /// The kind of error.
    public var code: Code {
        switch reason {
        case .configuration: .configuration
        case .service: .service
        case .invalidImageID: .invalidImageID
        }
    }

    /// The failure of a request, if ``code`` is ``Code/service``.
    public var serviceError: ServiceError? {
        if case .service(let error) = reason { error } else { nil }
    }

    package static func configuration(_ problems: [ConfigurationProblem]) -> Self { Self(reason: .configuration(problems)) }
    package static func service(_ error: ServiceError) -> Self { Self(reason: .service(error)) }
    package static func invalidImageID(_ text: String) -> Self { Self(reason: .invalidImageID(text)) }

    private init(reason: Reason) { self.reason = reason }
}

extension ImageDeletionError: CustomStringConvertible, LocalizedError {
    public var description: String {
        switch reason {
        case .configuration(let problems): problems.map(\.description).joined(separator: "\n")
        case .service(let error): error.description
        case .invalidImageID(let text): "“\(printable(text, limit: 60))” is not an image ID (a UUID)."
        }
    }

    public var errorDescription: String? { description }
}
