package import Foundation
package import ImageDeletion

extension Receipt {
    /// Opens the receipt at `url` for the project of `session`.
    package convenience init(_ url: URL, at session: ImageSession) throws(ReceiptProblem) {
        guard let project = session.project else { preconditionFailure("the token of a test says its project") }
        try self.init(url, at: session, project: project)
    }
}
