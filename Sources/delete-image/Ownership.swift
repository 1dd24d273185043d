import Foundation

/// Files and folders that other users control. Like Git, this tool takes nothing from them that nobody named.
enum Ownership {
    /// Returns the reason not to trust the file or folder at `path`; nil if only this user, or root, controls it, or if it
    /// does not exist.
    ///
    /// - Parameter descriptor: The file at `path` as it was opened, so that nobody can exchange it after the check.
    static func objection(to path: String, opened descriptor: Int32? = nil) -> String? {
        // Whoever made a link chose what it leads to.
        var link = stat()
        var info = stat()
        let isSeen = descriptor.map { fstat($0, &info) == 0 } ?? (stat(path, &info) == 0)
        guard isSeen, lstat(path, &link) == 0 else { return nil }
        guard [link, info].allSatisfy({ [0, geteuid()].contains($0.st_uid) }) else {
            return "it belongs to another user"
        }
        // With the sticky bit, others can add files, but can neither replace nor rename ours.
        if info.st_mode & S_ISVTX != 0 { return nil }
        // Where the umask is 002, each user has a private group, which has the user's number.
        let isPrivateGroup = info.st_gid == geteuid()
        let others = mode_t(S_IWOTH) | (isPrivateGroup ? 0 : mode_t(S_IWGRP))
        return info.st_mode & others == 0 ? nil : "other users can write to it"
    }
}
