import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

extension FuzzTarget {
    /// A receipt's file.
    static let receipts = FuzzTarget(
        "receipts",
        inputs: 50,
        samples: [
            line(1, "deleted") + line(2, "failed") + line(3, "kept"),
            line(1, "begun") + line(1, "deleted") + line(2, "begun"),
            line(1, "deleted", project: "other") + line(2, "missing"), line(1, "deleted").dropLast(40) + "",
            line(2, "deleted") + line(3, "deleted").prefix(20), "", "a list of mine\n",
        ]
    ) { input, _ in
        let folder = try TemporaryFolder()
        let file = folder.file("receipt.jsonl")
        try input.write(to: file)
        let fixture = ServiceFixture(images: []) { request, _ in request.method == "DELETE" ? .answer(204) : nil }
        let service = try fixture.service(retries: 1)
        let session = try await service.signIn()
        let deleted: Set<ImageID>
        do throws(ReceiptProblem) {
            let receipt = try Receipt(file, at: session)
            deleted = receipt.deleted
            var options = DeletionOptions()
            options.receipt = receipt
            await service.delete(DeletionPlan(deleting: [.sample(9)]), options: options)
            if let fault = receipt.problem { throw fault }
        } catch {
            try must(fixture.sent("DELETE").isEmpty, "it was read and then refused: \(error)")
            try must(Data(contentsOf: file) == input, "it is refused, and not as it was")
            return .refused
        }
        let content = try Data(contentsOf: file)
        try isKept(of: input, content)
        try isWritten(deleted, in: input, session)
        let again = try Receipt(file, at: session)
        try must(again.deleted == deleted.union([.sample(9)]), "read again, it says that others were deleted")
        return .accepted
    }

    /// Whole lines stay; what is gone is the beginning of a line of a receipt.
    private static func isKept(of input: Data, _ content: Data) throws {
        let whole = input.lastIndex(of: UInt8(ascii: "\n")).map { input[...$0] } ?? Data()
        try must(content.starts(with: whole), "a line is gone")
        let rest = input[whole.endIndex...]
        let beginning = Data(#"{"attempts":"#.utf8)
        try must(rest.starts(with: beginning.prefix(rest.count)), "what is no beginning of a line was cut off")
    }

    private static func isWritten(_ deleted: Set<ImageID>, in input: Data, _ session: ImageSession) throws {
        let lines = input.split(separator: UInt8(ascii: "\n")).compactMap { line in
            JSONTree(line).map { (text: line, json: $0) }
        }
        guard !lines.contains(where: { $0.json.isAmbiguous($0.text) }) else { return }
        let written = lines.map(\.json).filter { line in
            line["outcome"]?.string == "deleted" && line["endpoint"]?.string == session.endpoint.absoluteString
                && line["project"]?.string == session.project?.id
        }
        let ids = Set(written.compactMap { $0["id"]?.string })
        try must(ids.isSuperset(of: deleted.map(\.description)), "\(deleted) are said to be deleted")
    }

    private static func line(_ number: Int, _ outcome: String, project: String = DemoImage.projectID) -> String {
        #"{"attempts":1,"endpoint":"https://ims.demo.example/v2","id":"\#(Sample.id(number))","#
            + #""name":"nightly-\#(number)","outcome":"\#(outcome)","project":"\#(project)","requestID":"req-1","#
            + #""schema":"delete-image-receipt/2","status":204,"time":"2026-11-18T11:06:40Z"}"# + "\n"
    }
}
