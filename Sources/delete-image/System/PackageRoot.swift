import ImageDeletionEssentials

/// The package around a folder.
enum PackageRoot: Sendable {
    case none
    case found(URL)
    /// Someone else controls it, so nothing in it is used; the reason is the start of a sentence.
    case untrusted(URL, reason: String)

    /// Looks for the nearest folder, `folder` or one around it, that holds a `Package.swift`.
    init(around folder: URL) {
        var folder = folder.standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
            guard folder.path != "/" else {
                self = .none
                return
            }
            folder.deleteLastPathComponent()
        }
        let paths = [folder.path, folder.appendingPathComponent("Package.swift").path]
        if let reason = paths.lazy.compactMap({ Ownership.objection(to: $0) }).first {
            self = .untrusted(folder, reason: reason)
        } else {
            self = .found(folder)
        }
    }

    /// The package's folder, if it may be used.
    var url: URL? {
        if case .found(let url) = self { url } else { nil }
    }
}
