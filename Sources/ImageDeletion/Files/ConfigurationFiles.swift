package import ImageDeletionEssentials

/// The configuration files of a machine, as a value, so that a test has its own.
package struct ConfigurationFiles: Sendable {
    /// The folder that relative paths begin in.
    package var currentDirectory: String
    /// The user's home folder, used where `HOME` is not set.
    package var homeDirectory: String?
    /// Returns the file at a path; nil if there is none.
    package var file: @Sendable (_ path: String) throws(FileError) -> Content?

    /// A file that has been read.
    package struct Content: Sendable {
        package var data: Data
        /// Whether its mode gives other users access to it.
        package var isReadableByOthers: Bool

        /// Creates the content of a file.
        package init(_ data: Data, isReadableByOthers: Bool = false) {
            self.data = data
            self.isReadableByOthers = isReadableByOthers
        }
    }

    /// Creates a set of files.
    package init(
        currentDirectory: String,
        homeDirectory: String? = nil,
        file: @escaping @Sendable (_ path: String) throws(FileError) -> Content?
    ) {
        self.currentDirectory = currentDirectory
        self.homeDirectory = homeDirectory
        self.file = file
    }

    /// The files of this machine.
    package static var system: ConfigurationFiles {
        ConfigurationFiles(
            currentDirectory: FileManager.default.currentDirectoryPath,
            homeDirectory: FileManager.default.homeDirectoryForCurrentUser.path
        ) { path throws(FileError) in try read(path) }
    }

    /// A hundred times what anyone writes by hand, and read in a moment.
    private static let limit = 1 << 20

    private static func read(_ path: String) throws(FileError) -> Content? {
        let file: File
        do {
            // A pipe that nobody writes to must not stop the program.
            file = try File(path, O_RDONLY | O_NONBLOCK)
        } catch  where [ENOENT, ENOTDIR, ELOOP].contains(error.code) {
            return nil
        }
        defer { file.close() }
        let status = try file.status()
        // The usual way to name no file.
        if !status.isRegular, path != "/dev/null" { throw FileError("it is not a regular file") }
        let data = try file.read(atMost: limit + 1)
        if data.count > limit { throw FileError("it is larger than \(limit >> 20) MiB") }
        return Content(data, isReadableByOthers: status.st_mode & (S_IRWXG | S_IRWXO) != 0)
    }
}
