import ImageDeletion
import ImageDeletionEssentials

/// Files and folders that other users control. Like Git, this tool takes nothing from them that nobody named.
enum Ownership {
    /// Returns the reason not to trust the file or folder at `path`; nil if only this user, or root, controls it, or if it
    /// does not exist.
    static func objection(to path: String) -> String? {
        // Whoever made a link chose what it leads to.
        var link = stat()
        var info = stat()
        guard lstat(path, &link) == 0, stat(path, &info) == 0 else { return nil }
        return [0, geteuid()].contains(link.st_uid) ? objection(to: info) : "it belongs to another user"
    }

    /// Returns the reason not to trust the open `file`, which nobody can exchange any more.
    static func objection(to file: File) -> String? {
        guard let status = try? file.status(), status.isRegular else { return "it is not a regular file" }
        return objection(to: status)
    }

    private static func objection(to info: stat) -> String? {
        guard [0, geteuid()].contains(info.st_uid) else { return "it belongs to another user" }
        // With the sticky bit, others can add files, but can neither replace nor rename ours.
        if info.st_mode & S_ISVTX != 0 { return nil }
        // Where the umask is 002, each user has a private group, which has the user's number.
        let isPrivateGroup = info.st_gid == geteuid()
        let others = mode_t(S_IWOTH) | (isPrivateGroup ? 0 : mode_t(S_IWGRP))
        return info.st_mode & others == 0 ? nil : "other users can write to it"
    }
}
