import Foundation
import TestSupport

/// A program that runs another one with fewer rights or less room: the words that come before a command.
struct Confinement: Sendable {
    var words: [String]

    private static let (limits, users, namespaces) = ("/usr/bin/prlimit", "/usr/bin/setpriv", "/usr/bin/unshare")

    private static func isThere(_ program: String) -> Bool { FileManager.default.isExecutableFile(atPath: program) }

    static let none = Confinement(words: [])
    static let isRoot = geteuid() == 0

    // MARK: Limits

    static let hasLimits = isThere(limits)
    /// No file may become larger.
    static func fileSize(_ bytes: Int) -> Confinement { Confinement(words: [limits, "--fsize=\(bytes)"]) }
    /// No more memory may be asked for.
    static func memory(_ bytes: Int) -> Confinement { Confinement(words: [limits, "--as=\(bytes)"]) }

    // MARK: A small disk

    static let canMount = isRoot && isThere(namespaces)
    /// Whether one folder can be put in the place of another, for one program only: some containers forbid that.
    static let canBind =
        canMount && succeeds([namespaces, "--mount", "/bin/sh", "-c", "mount --bind /tmp /etc/ssl/certs"])

    private static func succeeds(_ words: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// `folder` is a disk of its own with so many bytes. What is left on it is told on standard error at
    /// the end, after which it is gone.
    static func disk(_ bytes: Int, at folder: URL) -> Confinement {
        let script = """
            mount -t tmpfs -o size=\(bytes) tmpfs '\(folder.path)'; "$@"; status=$?
            ls -A '\(folder.path)' >&2; exit $status
            """
        return Confinement(words: [namespaces, "--mount", "/bin/sh", "-c", script, "sh"])
    }

    // MARK: Another user

    /// The number of the user that ``user`` runs programs as.
    static let userID: uid_t = isRoot ? 65534 : geteuid()
    /// Whether programs can be run as somebody to whom modes mean something, which they do not to root.
    static let hasUser = !isRoot || isThere(users)
    var isAnotherUser: Bool { words.first == Self.users }
    static let user = Confinement(
        words: isRoot ? [users, "--reuid=\(userID)", "--regid=\(userID)", "--clear-groups"] : []
    )
}

extension TemporaryFolder {
    /// Gives `file`, or the folder, to somebody else. Only root can.
    func give(_ file: String = ".", to user: uid_t = Confinement.userID) throws {
        guard lchown(self.file(file).path, user, user) == 0 else { throw POSIXError(.EPERM) }
    }

    /// What is in the folder, by name.
    func names() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: url.path)) }

    /// What is in one of its files.
    func text(_ file: String) throws -> String { try String(contentsOf: self.file(file), encoding: .utf8) }

    func write(_ text: String, to file: String) throws { try Data(text.utf8).write(to: self.file(file)) }

    /// Writes a file, and makes the folders that it needs.
    @discardableResult
    func add(_ text: String, at path: String) throws -> URL {
        let url = file(path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: url)
        return url
    }

    /// The rights to a file.
    func mode(_ file: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: self.file(file).path)[.posixPermissions] as? Int
    }
}

extension LoopbackCloud {
    /// Runs the executable against this cloud, confined.
    func run(
        _ arguments: [String],
        _ confinement: Confinement,
        in folder: TemporaryFolder? = nil
    ) async throws -> Executable.Finished {
        var environment = environment
        if let folder { environment["DELETE_IMAGE_WORK_DIRECTORY"] = folder.url.path }
        // Another user need not be let to where the tests were built, and Foundation traps in a program whose folder cannot
        // be read.
        let place = try TemporaryFolder()
        defer { withExtendedLifetime(place) {} }
        let program = confinement.isAnotherUser ? place.file("delete-image") : Executable.deleteImage.url
        if confinement.isAnotherUser {
            // A program of its own copies: while this process has the file open, a child of it that is being started has it
            // open as well, and then nobody can execute it.
            let copy = try await Executable(url: URL(fileURLWithPath: "/bin/cp"))
                .run([Executable.deleteImage.url.path, program.path])
            guard copy.status == 0 else { throw POSIXError(.EIO) }
        }
        let command = confinement.words + [program.path]
        return try await Executable(url: URL(fileURLWithPath: command[0])).run(
            command.dropFirst() + (folder == nil ? ["--no-token-cache"] : []) + arguments,
            environment: environment
        )
    }
}
