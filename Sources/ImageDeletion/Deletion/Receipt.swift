package import ImageDeletionEssentials

/// A file with two JSON lines for each image: one before its first changing request, one with its outcome.
///
/// A line is on the disk before the request, and before the next deletion starts. Killed at any moment, the file ends in a
/// whole line or in the beginning of one, which the next run takes away. That run passes over what is deleted already
/// (``DeletionOptions/receipt``). A line counts only for the same image service and project.
public final class Receipt: Sendable {
    /// The format and its version.
    private static let schema = "delete-image-receipt/2"

    /// Hundreds of thousands of lines. It is read as a whole, and another file, named by mistake, may have any size.
    private static let limit = 64 << 20

    /// The images of which the file says last that they were deleted, at this cloud and in this project.
    package let deleted: Set<ImageID>
    /// The images whose deletion an earlier run began, and of which it wrote no outcome or got no response. If they are
    /// gone, it deleted them.
    package let begun: Set<ImageID>
    /// The images whose protection an earlier run was to lift, and of which it does not say that it is back. If they are
    /// still there, they may be unprotected.
    package var unprotected: Set<ImageID> { state.withLock { $0.unprotected } }
    /// The image that a name meant to an earlier run, which began its deletion.
    package let imagesByName: [ExactText: ImageID]
    /// Whether the file stays as it is.
    let isReadOnly: Bool
    private let file: File
    private let place: Place
    private let state: Locked<State>

    /// The first error of writing, nil as long as there is none; after it nothing more is written.
    public var error: ImageDeletionError? { problem.map { .receipt($0) } }
    package var problem: ReceiptProblem? { state.withLock { $0.problem } }

    private struct State {
        var problem: ReceiptProblem?
        var unprotected: Set<ImageID>
    }

    /// Where an ID means something.
    private struct Place: Sendable {
        var endpoint: String
        var project: String

        func holds(_ line: Line) -> Bool {
            line.endpoint.exact == endpoint.exact && line.project.exact == project.exact
        }
    }

    private struct Version: Decodable {
        var schema: String
    }

    private struct Line: Codable {
        var schema = Receipt.schema
        var time: String
        var endpoint: String
        var project: String
        var id: ImageID
        var name: String?
        var outcome: String
        var reason: String?
        /// When the grace period ends.
        var dueAt: String?
        var status: Int?
        var code: String?
        var requestID: String?
        var attempts: Int
        /// Whether the protection is lifted before the deletion (`begun`), or is not known to be back since.
        var unprotecting: Bool?
        /// Whether the response to a deletion was lost, in this run or an earlier one; only with the outcome `failed`.
        var mayBeGone: Bool?
    }

    private static let begun = "begun"

    /// Opens the receipt at `url` for this run alone.
    ///
    /// - Parameters:
    ///   - url: The file.
    ///   - session: The image service. Lines of another one are passed over.
    ///   - project: The project. Lines of another one are passed over.
    ///   - isReadOnly: Whether the file stays as it is; then it must exist. Otherwise it is created if there is none.
    /// - Throws: ``ReceiptProblem``; then the file is as it was.
    package init(
        _ url: URL,
        at session: ImageSession,
        project: TokenProject,
        isReadOnly: Bool = false
    ) throws(ReceiptProblem) {
        let place = Place(endpoint: session.endpoint.absoluteString, project: project.id)
        self.place = place
        self.isReadOnly = isReadOnly
        let access = isReadOnly ? O_RDONLY : O_RDWR | O_CREAT | O_APPEND
        let file: File
        do { file = try File(url.path, access | O_NONBLOCK, mode: 0o644) } catch { throw .system(error.reason) }
        do throws(ReceiptProblem) {
            guard (try? file.status())?.isRegular == true else { throw .system("it is no regular file") }
            // Whoever only reads is in nobody's way.
            if !isReadOnly { do { try file.tryLock() } catch { throw .inUse } }
            let lines = try Self.lines(of: file, isReadOnly: isReadOnly).filter(place.holds)
            let last = lines.reduce(into: [:]) { $0[$1.id] = $1 }.values
            deleted = Set(last.filter { $0.outcome == "deleted" }.map(\.id))
            begun = Set(last.filter { $0.outcome == Self.begun || $0.mayBeGone ?? false }.map(\.id))
            state = Locked(State(unprotected: Set(last.filter { $0.unprotecting ?? false }.map(\.id))))
            imagesByName = lines.reduce(into: [:]) { names, line in
                if let name = line.name, [Self.begun, "deleted"].contains(line.outcome) { names[name.exact] = line.id }
            }
            // The name of a new file has to be on the disk as well.
            if let folder = try? File(url.deletingLastPathComponent().path, O_RDONLY) {
                try? folder.synchronize()
                folder.close()
            }
        } catch {
            file.close()
            throw error
        }
        self.file = file
    }

    deinit { file.close() }

    /// Writes down that the deletion of an image begins, and waits until the disk has it.
    ///
    /// - Parameters:
    ///   - entry: The image and what is about to happen to it.
    ///   - time: When, to the second.
    /// - Returns: Whether it is there; if not, ``problem`` says why.
    package func begin(_ entry: DeletionPlan.Entry, at time: Date) -> Bool {
        var line = line(entry.id, Self.begun, at: time)
        line.name = entry.image?.name
        line.unprotecting = entry.liftsProtection || unprotected.contains(entry.id) ? true : nil
        return write(line)
    }

    /// Writes down what became of an image and waits until the disk has it.
    ///
    /// - Parameters:
    ///   - outcome: What became of the image.
    ///   - time: When, to the second.
    /// - Returns: Whether it is there; if not, ``problem`` says why.
    package func append(_ outcome: Outcome, at time: Date) -> Bool {
        let isDeleted = [.deleted, .missing].contains(outcome.result)
        let isUnprotected = !isDeleted && unprotected.contains(outcome.id)
        // An image that was seen was not deleted by the earlier run. A service in trouble says nothing about it.
        let isUnknown = outcome.image == nil && (outcome.attempts == 0 || outcome.error?.isTransient == true)
        let mayBeGone = outcome.result == .failed && isUnknown && begun.contains(outcome.id)
        var line = line(outcome.id, outcome.result.name, at: time)
        line.name = outcome.image?.name
        line.reason = outcome.keepReason?.name
        line.dueAt = outcome.dueAt.map(ServiceDate.text)
        line.status = outcome.status
        line.code = outcome.code
        line.requestID = outcome.requestID
        line.attempts = outcome.attempts
        line.unprotecting = outcome.protectionFault == .notPutBack || isUnprotected ? true : nil
        line.mayBeGone = outcome.mayBeGone || mayBeGone ? true : nil
        return write(line)
    }

    /// Writes down that the protection of an image, which an earlier run had lifted, is back.
    func noteProtected(_ id: ImageID, at time: Date) {
        state.withLock { _ = $0.unprotected.remove(id) }
        var line = line(id, "kept", at: time)
        line.reason = KeepReason.protected.name
        _ = write(line)
    }

    private func line(_ id: ImageID, _ outcome: String, at time: Date) -> Line {
        Line(
            time: ServiceDate.text(time),
            endpoint: place.endpoint,
            project: place.project,
            id: id,
            outcome: outcome,
            attempts: 0
        )
    }

    private func write(_ line: Line) -> Bool {
        guard problem == nil else { return false }
        do {
            try file.write(JSONWriter.data(line) + Data("\n".utf8))
            try file.synchronize()
            return true
        } catch {
            let problem = ReceiptProblem.system((error as? FileError)?.reason ?? "\(error)")
            state.withLock { $0.problem = $0.problem ?? problem }
            return false
        }
    }

    /// The whole lines of the file. The beginning of another at its end is cut off: the run that wrote it was killed.
    private static func lines(of file: File, isReadOnly: Bool) throws(ReceiptProblem) -> [Line] {
        let content: Data
        do throws(FileError) {
            content = try file.read(atMost: limit + 1)
            guard content.count <= limit else { throw FileError("it is larger than \(limit >> 20) MiB") }
        } catch {
            throw .system(error.reason)
        }
        var lines: [Line] = []
        let whole = content.lastIndex(of: UInt8(ascii: "\n")).map { content[...$0] } ?? content.prefix(0)
        let texts = whole.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        for (index, text) in texts.enumerated() where !text.isEmpty {
            guard let line = try? JSONDecoder().decode(Line.self, from: text), line.schema == schema,
                line.outcome == begun || Outcome.Result.Kind(rawValue: line.outcome) != nil
            else {
                let version = (try? JSONDecoder().decode(Version.self, from: text))?.schema ?? ""
                let isOurs = version.hasPrefix("delete-image-receipt/") && version != schema
                throw isOurs ? .otherVersion : .malformed(line: index + 1)
            }
            lines.append(line)
        }
        if whole.count < content.count {
            // Only what can be the beginning of a line of ours: the file may be something else, named by mistake.
            let rest = content[whole.endIndex...]
            guard rest.starts(with: Data(#"{"attempts":"#.utf8.prefix(rest.count))) else {
                throw .malformed(line: texts.count + 1)
            }
            if !isReadOnly { do { try file.truncate(to: whole.count) } catch { throw .system(error.reason) } }
        }
        return lines
    }
}
