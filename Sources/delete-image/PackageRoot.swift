import Foundation

/// The package around a folder.
enum PackageRoot {
    /// The nearest folder, `folder` or one around it, that holds a `Package.swift`; nil where there is none.
    static func url(around folder: URL, exists: (URL) -> Bool) -> URL? {
        var folder = folder.standardizedFileURL
        while !exists(folder.appendingPathComponent("Package.swift")) {
            guard folder.path != "/" else { return nil }
            folder.deleteLastPathComponent()
        }
        return folder
    }
}
