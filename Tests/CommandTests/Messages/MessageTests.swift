import Foundation
import TestSupport
import Testing

@testable import delete_image

/// Everything that is said when something goes wrong, compared with the table in the documentation, as a whole.
@Suite("Messages", .serialized)
struct MessageTests {
    private static let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Sources/ImageDeletion/ImageDeletion.docc/Messages.md").standardized

    @Test("Prints the messages that the documentation lists")
    func table() async throws {
        var rows: [String] = []
        for (part, situations) in Situation.all {
            rows.append("| **\(part)** | | |")
            for situation in situations {
                let (words, status) = try await situation.run()
                #expect(!words.isEmpty, "\(situation.when) says nothing")
                let cells = [situation.when, Self.escaped(words.joined(separator: " ")), "\(status.rawValue)"]
                rows.append("| \(cells.joined(separator: " | ")) |")
            }
        }
        rows.append("| **The program itself** | | |")
        for (when, words, status) in [
            ("standard output is on a full disk, or closed", "error: \(Messages.outputIsLost)", "1"),
            ("any failure, through `swift package`", "error: delete-image ended with exit status 1", "1"),
        ] {
            rows.append("| \(when) | \(Self.escaped(words)) | \(status) |")
        }

        let text = try String(contentsOf: Self.article, encoding: .utf8)
        let head = text.prefix { $0 != "|" }
        let table =
            (["| when | what is said | exit status |", "| --- | --- | --- |"] + rows).joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["DELETE_IMAGE_WRITE_MESSAGES"] != nil {
            try (head + table).write(to: Self.article, atomically: true, encoding: .utf8)
        }
        for (said, documented) in zip(table.split(separator: "\n"), text[head.endIndex...].split(separator: "\n")) {
            #expect(said == documented)
        }
        #expect(table == text[head.endIndex...], "DELETE_IMAGE_WRITE_MESSAGES=1 writes the table anew")
    }

    /// As a cell of a table shows it.
    private static func escaped(_ text: String) -> String {
        // Times are told where the reader is; here, at Greenwich.
        let text = text.replacing(#/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)/#) { match in
            let time = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt).year().month().day()
                .time(includingFractionalSeconds: false).timeZone(separator: .colon)
            return (try? time.parse(String(match.0))).map(time.format) ?? String(match.0)
        }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            .replacing(#/[|*_<>\[\]]/#) { "\\\($0.0)" }
    }
}
