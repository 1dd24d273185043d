import ImageDeletionEssentials

/// Where this run keeps what outlives it: the token cache.
enum WorkDirectory {
    /// Returns the folders to use, the first one that can be trusted: the option's alone, else the variable's (which the
    /// plugin sets) alone, else the plugin work directory of the package, else the user's cache folder.
    static func candidates(
        option: String?,
        environment: [String: String],
        currentDirectory: URL,
        package: URL?
    ) -> [URL] {
        if let path = option ?? environment["DELETE_IMAGE_WORK_DIRECTORY"], !path.isEmpty {
            return [URL(fileURLWithPath: path, isDirectory: true, relativeTo: currentDirectory)]
        }
        // As SwiftPM has it: below the name of the plugin's target, whatever the package.
        let outputs = package?.appendingPathComponent(".build/plugins/DeleteImage/outputs", isDirectory: true)
        return [outputs, userCache(environment)].compactMap { $0 }
    }

    /// Returns the reason not to keep a token in `folder`; nil for one that is, or can become, this user's own.
    ///
    /// What belongs to a package must not lead out of it: a link may have come with a checkout or an archive.
    static func objection(to folder: URL) -> String? {
        let path = folder.standardizedFileURL.path
        // A folder that does not exist will be created in the nearest one that does.
        let ancestors = path.withAncestors
        guard let existing = ancestors.first(where: { access($0, F_OK) == 0 }) else { return nil }
        let package = ancestors.first { access($0 + "/Package.swift", F_OK) == 0 }
        if let package, let root = resolved(package), let target = resolved(existing),
            target != root, !target.hasPrefix(root + "/")
        {
            return "it leads out of the package"
        }
        // In what is not a folder, nothing can be created anyway.
        guard existing.isFolderPath else { return nil }
        let reason = Ownership.objection(to: existing)
        return existing == path ? reason : reason.map { "\(existing) is not safe: \($0)" }
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
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
