/// What can keep an image that was selected. The raw values are the names in reports and plans.
public enum Safeguard: String, Sendable, Hashable, CaseIterable, Encodable {
    /// A server of the project was created from it or depends on it.
    case inUse
    /// It is shared with another project.
    case shared
    /// Its ID is written in a file.
    case referenced
}
