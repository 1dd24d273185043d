import Foundation

/// Takes the secrets of a request out of whatever is said about it: servers do echo what they were sent.
struct Redaction: Sendable {
    private let spellings: [String]

    init(_ secrets: [Secret]) {
        // Also as it stands inside a JSON body, for answers that quote the request. The longest goes first, so that
        // no part of it stays when another secret is a part of it.
        spellings = secrets.map(\.value).filter { !$0.isEmpty }
            .flatMap { [$0, Self.jsonEscaped($0)] }
            .sorted { $0.count > $1.count }
    }

    func callAsFunction(_ text: String) -> String {
        spellings.reduce(text) { $0.replacingOccurrences(of: $1, with: "(redacted)") }
    }

    private static func jsonEscaped(_ text: String) -> String {
        guard let json = try? JSONEncoder().encode(text) else { return text }
        return String(decoding: json.dropFirst().dropLast(), as: UTF8.self)
    }
}
