import Foundation
import ImageDeletion
import TestSupport
import Testing

/// A receipt's file when a run was killed, when it is another file, and when it cannot be written.
@Suite("Receipt: the file")
struct ReceiptFileTests {
    private let folder: TemporaryFolder
    private let file: URL
    private static let time = Date(timeIntervalSince1970: 1_795_000_000)

    init() throws {
        folder = try TemporaryFolder()
        file = folder.file("receipt.jsonl")
    }

    private func session() async throws -> ImageSession { try await ServiceFixture().service().signIn() }

    private func outcomes(_ numbers: Int...) async throws -> [Outcome] {
        try await ServiceFixture().delete(numbers.map(Sample.id))
    }

    /// A receipt of the deletion of the images 1 and 2, line by line, without the file.
    private func twoLines() async throws -> [Data] {
        let receipt = try Receipt(file, at: try await session())
        for outcome in try await outcomes(1, 2) { #expect(receipt.append(outcome, at: Self.time)) }
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { Data($0) + Data("\n".utf8) }
        try FileManager.default.removeItem(at: file)
        #expect(lines.count == 2)
        return lines
    }

    private func fault(of url: URL, at session: ImageSession) -> ReceiptProblem? {
        do {
            _ = try Receipt(url, at: session)
            return nil
        } catch {
            return error
        }
    }

    @Test("Reads the whole lines of a receipt that was cut at any byte, and continues it")
    func torn() async throws {
        let session = try await session()
        let lines = try await twoLines()
        let third = try #require(try await outcomes(3).first)
        for length in 0..<lines[1].count {
            try (lines[0] + lines[1].prefix(length)).write(to: file)
            do {
                let receipt = try Receipt(file, at: session)
                #expect(try receipt.deleted == [ImageID(Sample.id(1))], "\(length) bytes of the last line")
                #expect(try Data(contentsOf: file) == lines[0], "\(length) bytes of the last line")
                #expect(receipt.append(third, at: Self.time))
            }
            let receipt = try Receipt(file, at: session)
            #expect(try receipt.deleted == [ImageID(Sample.id(1)), ImageID(Sample.id(3))])
        }
    }

    @Test("Treats a receipt that was cut in its first line as new")
    func tornFirst() async throws {
        let session = try await session()
        let lines = try await twoLines()
        for length in 0..<lines[0].count {
            try lines[0].prefix(length).write(to: file)
            #expect(try Receipt(file, at: session).deleted == [], "\(length) bytes")
            #expect(try Data(contentsOf: file).isEmpty, "\(length) bytes")
        }
    }

    @Test(
        "Names a line that is not a receipt's, and changes nothing",
        arguments: [
            "?", "{", "{}", "[]", "null", #"{"attempts":1}"#, "\0", "\u{FEFF}", "3",
            #"{"attempts":1,"endpoint":"e","id":"i","outcome":"deleted","schema":"delete-image-report/2","time":"t"}"#,
            #"{"attempts":1,"endpoint":"e","id":"i","outcome":"deleted","time":"t"}"#,
            #"{"attempts":1,"endpoint":"e","id":"i","schema":"delete-image-receipt/2","time":"t"}"#,
            #"{"attempts":1,"endpoint":"e","id":"i","outcome":"deleted","schema":"delete-image-receipt/2","time":"t"}"#,
            """
            {"attempts":1,"endpoint":"e","id":"\(Sample.id(1))","outcome":"gone","schema":"delete-image-receipt/2",\
            "time":"t"}
            """,
        ]
    )
    func noReceipt(text: String) async throws {
        let session = try await session()
        let lines = try await twoLines()
        let (odd, blank) = (Data("\(text)\n".utf8), Data("\n".utf8))
        let contents: [(Data, line: Int)] = [
            (odd, 1), (odd + lines[0], 1), (lines[0] + odd, 2), (lines[0] + odd + lines[1], 2),
            (lines[0] + lines[1] + odd + lines[1].prefix(20), 3), (blank + lines[0] + blank + odd, 4),
        ]
        for (content, line) in contents {
            try content.write(to: file)
            // Twice, because the first must not keep it locked.
            for _ in 0..<2 { #expect(fault(of: file, at: session) == .malformed(line: line)) }
            #expect(try Data(contentsOf: file) == content)
        }
    }

    @Test("Rejects a receipt of another version and keeps it", arguments: ["1", "3", "10"])
    func otherVersion(version: String) async throws {
        let lines = try await twoLines()
        let text = String(decoding: lines[0], as: UTF8.self)
        let content = Data(text.replacing("delete-image-receipt/2", with: "delete-image-receipt/\(version)").utf8)
        try content.write(to: file)
        #expect(fault(of: file, at: try await session()) == .otherVersion)
        #expect(try Data(contentsOf: file) == content)
    }

    static let otherFiles: [Data] = [
        Data("just text".utf8), Data("text\n".utf8), Data("text\nwithout an end".utf8), Data(#"{"rules":{}}"#.utf8),
        Data("{\n  \"rules\": {}\n}\n".utf8), Data("[1]".utf8), Data("{ ".utf8), Data(#"{"attemptS":"#.utf8),
        Data(#"{"attempts" : 1"#.utf8), Data(#" {"attempts":1"#.utf8), Data(0...255), Data([0]), Data([0xFF, 0xFE]),
        Data(repeating: 0, count: 4096), Data("\r".utf8),
    ]

    @Test("Rejects another file and keeps it", arguments: otherFiles)
    func otherFile(content: Data) async throws {
        try content.write(to: file)
        guard case .malformed? = fault(of: file, at: try await session()) else {
            Issue.record("it was taken")
            return
        }
        #expect(try Data(contentsOf: file) == content)
    }

    @Test("Names a cut line that is not a receipt's")
    func otherEnd() async throws {
        let session = try await session()
        let lines = try await twoLines()
        let content = lines[0] + Data("\n".utf8) + lines[1] + Data("and so on".utf8)
        try content.write(to: file)
        #expect(fault(of: file, at: session) == .malformed(line: 4))
        #expect(try Data(contentsOf: file) == content)
    }

    @Test("Locks the receipt for one run")
    func inUse() async throws {
        let session = try await session()
        let outcome = try #require(try await outcomes(1).first)
        var first: Receipt? = try Receipt(file, at: session)
        #expect(first?.append(outcome, at: Self.time) == true)
        let content = try Data(contentsOf: file)
        #expect(fault(of: file, at: session) == .inUse)
        #expect(try Data(contentsOf: file) == content)
        #expect(first?.append(outcome, at: Self.time) == true)
        first = nil
        #expect(fault(of: file, at: session) == nil)
    }

    @Test("Reports the system's error when a receipt cannot be opened")
    func unusable() async throws {
        let session = try await session()
        #expect(fault(of: folder.url, at: session) == .system("Is a directory"))
        #expect(
            fault(of: folder.file("no/such/receipt.jsonl"), at: session) == .system("No such file or directory")
        )
        try Data().write(to: file)
        #expect(fault(of: file.appendingPathComponent("receipt.jsonl"), at: session) == .system("Not a directory"))
    }

    @Test("Does not read a device or a pipe", .timeLimit(.minutes(10)))
    func noFile() async throws {
        let session = try await session()
        #expect(mkfifo(file.path, 0o600) == 0)
        #expect(fault(of: file, at: session) == .system("it is no regular file"))
        #expect(fault(of: URL(fileURLWithPath: "/dev/null"), at: session) == .system("it is no regular file"))
    }

    @Test(
        "Writes nothing after a failed write",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))
    )
    func fullDisk() async throws {
        let outcomes = try await outcomes(1, 2, 3)
        let receipt = try Receipt(file, at: try await session())
        #expect(receipt.append(outcomes[0], at: Self.time))
        let content = try Data(contentsOf: file)
        let writing = try #require(descriptor(of: file))

        let full = open("/dev/full", O_WRONLY)
        dup2(full, writing)
        close(full)
        #expect(!receipt.append(outcomes[1], at: Self.time))
        #expect(receipt.problem == .system("No space left on device"))

        let roomy = open(file.path, O_WRONLY | O_APPEND)
        dup2(roomy, writing)
        close(roomy)
        #expect(!receipt.append(outcomes[2], at: Self.time))
        #expect(receipt.problem == .system("No space left on device"))
        #expect(try Data(contentsOf: file) == content)
    }

    /// As what this process has `url` open.
    private func descriptor(of url: URL) -> Int32? {
        var wanted = stat()
        guard stat(url.path, &wanted) == 0 else { return nil }
        return (3..<4096).first { number in
            var info = stat()
            return fstat(number, &info) == 0 && info.st_ino == wanted.st_ino && info.st_dev == wanted.st_dev
        }
    }
}
