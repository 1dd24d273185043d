import ImageDeletion
import ImageDeletionEssentials

/// The files that a command line names.
enum UserFile {
    /// No list, plan or policy is larger; a file that is was named by mistake, and must not fill the memory.
    private static let limit = 64 << 20

    /// The content of the file at `path`; of standard input for `-`.
    ///
    /// A pipe or a keyboard may take its time, so it is read on a thread of its own, and given up with the task.
    ///
    /// - Parameter isNamed: Whether somebody named this very file. Any other must belong to this user, or to root, and
    ///   must not be a symbolic link.
    /// - Throws: ``Fault``; ``Objection``; `CancellationError` when it was given up.
    static func content(_ path: String, isNamed: Bool) async throws -> Data {
        let (contents, reader) = AsyncThrowingStream<Data, any Error>.makeStream()
        DispatchQueue(label: "file").async {
            do {
                let flags = O_RDONLY | (isNamed ? 0 : O_NOFOLLOW | O_NONBLOCK)
                let file = path == "-" ? File(descriptor: STDIN_FILENO) : try File(path, flags)
                defer { if path != "-" { file.close() } }
                if !isNamed, let reason = Ownership.objection(to: file) { throw Objection(reason: reason) }
                let content = try file.read(atMost: limit + 1)
                guard content.count <= limit else { throw Fault.tooLarge }
                reader.yield(content)
            } catch let error as FileError {
                let isLink = error.code == ELOOP && !isNamed
                reader.finish(
                    throwing: isLink ? Objection(reason: "it is a symbolic link") : Fault(reason: error.reason)
                )
            } catch {
                reader.finish(throwing: error)
            }
        }
        for try await content in contents { return content }
        throw CancellationError()
    }

    /// Puts `data` into the file at `path`, all of it or nothing. A slip of the pen must not cost what is something else.
    ///
    /// - Parameter isOurs: Whether content that is there already may go.
    /// - Throws: ``Fault``.
    static func replace(_ path: String, with data: Data, where isOurs: (Data) -> Bool) throws {
        let file = URL(fileURLWithPath: path)
        var info = stat()
        if stat(path, &info) == 0 {
            // A device or a pipe would be replaced as well.
            guard info.isRegular else { throw Fault(reason: "it is no regular file", isOther: true) }
            guard info.st_size == 0 || info.st_size <= limit && (try? isOurs(Data(contentsOf: file))) == true else {
                throw Fault(reason: "it is something else", isOther: true)
            }
        }
        do {
            try data.write(to: file, options: .atomic)
        } catch {
            throw Fault(error)
        }
    }

    /// The reason not to trust a file that nobody named.
    struct Objection: Error {
        var reason: String
    }

    /// Why a file cannot be read or written.
    struct Fault: Error {
        var reason: String
        /// Whether what is there is not what was thought to be.
        var isOther = false

        static let tooLarge = Fault(reason: "it is larger than \(limit >> 20) MiB", isOther: true)

        init(reason: String, isOther: Bool = false) { (self.reason, self.isOther) = (reason, isOther) }

        /// Foundation's own words are "The operation could not be completed."; the system's say what happened.
        init(_ error: any Error) {
            let cause = (error as? CocoaError)?.underlying ?? error
            let code = (cause as? POSIXError)?.code.rawValue
            reason = code.map { String(cString: strerror($0)) } ?? "\(error)"
        }
    }
}
