import Foundation

/// Where this run keeps what outlives it: the token cache.
enum WorkDirectory {
    /// The option's folder, else the variable's (which the plugin sets), else the plugin work directory of the package
    /// around the current folder, else the user's cache folder; nil where there is not even that.
    static func url(
        option: String?,
        environment: [String: String],
        currentDirectory: URL,
        exists: (URL) -> Bool
    ) -> URL? {
        if let path = option ?? environment["DELETE_IMAGE_WORK_DIRECTORY"], !path.isEmpty {
            return URL(fileURLWithPath: path, isDirectory: true, relativeTo: currentDirectory)
        }
        return pluginWorkDirectory(around: currentDirectory, exists: exists) ?? userCache(environment)
    }

    private static func pluginWorkDirectory(around folder: URL, exists: (URL) -> Bool) -> URL? {
        // As SwiftPM has it: below the name of the plugin's target, whatever the package.
        PackageRoot.url(around: folder, exists: exists)?
            .appendingPathComponent(".build/plugins/DeleteImage/outputs", isDirectory: true)
    }

    private static func userCache(_ environment: [String: String]) -> URL? {
        if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
            return URL(fileURLWithPath: path).appendingPathComponent("delete-image", isDirectory: true)
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        #if os(macOS)
            let caches = "Library/Caches/delete-image"
        #else
            let caches = ".cache/delete-image"
        #endif
        return URL(fileURLWithPath: home).appendingPathComponent(caches, isDirectory: true)
    }
}
