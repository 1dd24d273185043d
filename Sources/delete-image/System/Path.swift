import ImageDeletionEssentials

/// Paths as texts.
extension String {
    /// This absolute path, and those of the folders around it up to the root.
    var withAncestors: [String] {
        Array(
            sequence(first: self) { path in
                guard path != "/", let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
                return slash == path.startIndex ? "/" : String(path[..<slash])
            }
        )
    }

    /// Whether a folder is there, or where the link that is there leads to.
    var isFolderPath: Bool {
        var info = stat()
        return stat(self, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }
}
