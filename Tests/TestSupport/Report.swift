import Foundation

/// The JSON document, read as a script would.
public struct Report: Decodable {
    public struct Row: Decodable {
        public var id: String
        public var name: String?
        public var outcome: String
        public var reason: String?
        public var status: Int?
        public var code: String?
        public var detail: String?
        public var requestID: String?
        public var attempts: Int
    }

    public struct Problem: Decodable {
        public var kind: String
        public var message: String
    }

    public var schema: String
    public var dryRun: Bool
    public var summary: [String: Int]
    public var images: [Row]
    public var error: Problem?
}

extension Executable.Finished {
    /// Standard output as the JSON document; fails where it is anything else.
    public func report() throws -> Report { try JSONDecoder().decode(Report.self, from: Data(output.utf8)) }
}
