import Foundation
import ImageDeletionDemo

/// A line of a receipt, as an earlier run wrote it before it was killed.
struct ReceiptLine {
    var id: String
    var name: String?
    var outcome = "begun"
    var isUnprotecting = false

    /// The line's text for a receipt of `cloud`.
    func text(of cloud: DemoCloud) -> String {
        #"{"attempts":0,"endpoint":"\#(cloud.imageURL.absoluteString)/v2","id":"\#(id)","#
            + (name.map { #""name":"\#($0)","# } ?? "")
            + #""outcome":"\#(outcome)","project":"\#(DemoImage.projectID)","schema":"delete-image-receipt/2","#
            + #""time":"2026-01-01T00:00:00Z"\#(isUnprotecting ? #","unprotecting":true"# : "")}"# + "\n"
    }
}
