package import ImageDeletionEssentials

/// What makes a plan unfit to be carried out.
package enum PlanProblem: Sendable, Hashable {
    /// The file is not a plan of this version; the words, in English, say where it goes wrong.
    case malformed(String)
    /// It was made for another image service, with this address.
    case otherEndpoint(URL)
    /// It was made for another project, with this name or ID.
    case otherProject(String)
    /// This image, which is kept as one of the newest, is gone or cannot be used any more: what was to be deleted may be
    /// the newest now.
    case keptIsGone(id: String)
    /// This image, which is kept as one of the newest, differs in these fields, so the rule that keeps it may no longer
    /// count it.
    case keptHasChanged(id: String, fields: [String])
}

extension PlanProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let reason): "it is no plan: \(printable(reason))."
        case .otherEndpoint(let endpoint):
            "the plan is for another image service, \(printable(endpoint.absoluteString))."
        case .otherProject(let project):
            "the plan is for another project, \(printable(project, limit: 64))."
        case .keptIsGone(let id):
            "image \(id), kept by the plan as one of the newest, is gone or inactive, so the plan is out of date."
        case .keptHasChanged(let id, let fields):
            "image \(id), kept by the plan as one of the newest, has changed (\(fields.joined(separator: ", "))), so the "
                + "plan is out of date."
        }
    }
}
