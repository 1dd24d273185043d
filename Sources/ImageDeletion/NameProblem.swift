package import ImageDeletionEssentials

/// Why a name does not say which image is meant.
package enum NameProblem: Sendable, Hashable {
    /// No private image of the project has it.
    case unknown(String, project: String)
    /// Several images have it.
    case ambiguous(String, [Candidate])
    /// The image that had it when the receipt was begun has another name now.
    case renamed(id: String, was: String)

    /// An image with the name.
    package struct Candidate: Sendable, Hashable {
        package var id: String
        package var createdAt: Date?
        package var size: Int64?
    }
}

extension NameProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknown(let name, let project):
            "no private image of project \(printable(project, limit: 64)) is named \(quoted(name))"
                + (name.blankEnds.isEmpty ? "." : ", which \(name.blankEnds.joined(separator: " and ")) with a blank.")
        case .ambiguous(let name, let images):
            "\(images.count) images are named \(quoted(name)): "
                + images.map(\.id).joined(separator: ", ") + "."
        case .renamed(let id, let name):
            "image \(id), which was named \(quoted(name)) when the receipt was begun, has another name now."
        }
    }
}

extension String {
    /// The ends that are blank, as verbs. A name with a blank too many names another image than was meant, and not one that
    /// is gone.
    var blankEnds: [String] {
        [(unicodeScalars.first, "begins"), (unicodeScalars.last, "ends")]
            .filter { $0.0?.properties.isWhitespace == true }.map(\.1)
    }
}
