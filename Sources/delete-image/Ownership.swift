import Foundation

/// Files and folders that other users control. Like Git, this tool takes nothing from them that nobody named.
enum Ownership {
    /// Returns the reason not to trust the file or folder at `path`; nil if it is this user's own, or does not exist.
    static func objection(to path: String) -> String? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return info.st_uid == geteuid() ? writers(info) : "it belongs to another user"
    }

    /// Returns the reason not to create anything in the folder at `path`, which may also belong to root, like `/tmp`. In
    /// what is not a folder, nothing can be created anyway.
    static func objection(toCreatingIn path: String) -> String? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { return nil }
        return [0, geteuid()].contains(info.st_uid) ? writers(info) : "it belongs to another user"
    }

    private static func writers(_ info: stat) -> String? {
        // With the sticky bit, others can add files, but can neither replace nor rename ours.
        if info.st_mode & S_ISVTX != 0 { return nil }
        // Where the umask is 002, each user has a private group, which has the user's number.
        let isPrivateGroup = info.st_gid == geteuid()
        let others = mode_t(S_IWOTH) | (isPrivateGroup ? 0 : mode_t(S_IWGRP))
        return info.st_mode & others == 0 ? nil : "other users can write to it"
    }
}
