public import Foundation
public import ImageDeletion

extension Receipt {
    /// Opens the receipt at `url` for the project of `session`.
    public convenience init(_ url: URL, at session: ImageSession) throws(Fault) {
        guard let project = session.project else { preconditionFailure("the token of a test says its project") }
        try self.init(url, at: session, project: project)
    }
}
