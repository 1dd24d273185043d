import ImageDeletion
import ImageDeletionEssentials

/// Finds image IDs that are written in text files.
enum References {
    /// The first place of each of `ids` in the files of `folder`, save `others`: by path, then by line.
    ///
    /// - Throws: ``UnreadableFile``: what is not read could name any image. `CancellationError` when it was given up.
    static func find(
        _ ids: Set<ImageID>,
        in folder: URL,
        except others: [String]
    ) async throws -> [ImageID: KeepReason.Reference] {
        let isGivenUp = Locked(false)
        return try await withTaskCancellationHandler {
            let paths = try await PackageFiles.paths(in: folder)
            let passedOver = Set(others.compactMap(FileIdentity.init))
            let wanted = Dictionary(grouping: ids, by: \.inAnyCase)
            let found = Locked(Findings())
            let lanes = min(max(1, paths.count), ProcessInfo.processInfo.activeProcessorCount)
            DispatchQueue.concurrentPerform(iterations: lanes) { lane in
                for path in paths[(paths.count * lane / lanes)..<(paths.count * (lane + 1) / lanes)] {
                    do {
                        // A name that is no UTF-8 was not read as it is, so the file cannot be found by it.
                        if path.contains("\u{FFFD}") { throw UnreadableFile(path: path) }
                        try read("\(folder.path)/\(path)", except: passedOver) { text, line in
                            for (ids, offset) in places(of: wanted, in: text) {
                                for id in ids {
                                    let place = KeepReason.Reference(file: path, line: line + offset)
                                    found.withLock { $0.add(id, place) }
                                }
                            }
                            return !isGivenUp.value
                        }
                    } catch {
                        found.withLock { $0.unreadable.append(path) }
                    }
                    if isGivenUp.value { return }
                }
            }
            if isGivenUp.value { throw CancellationError() }
            if let path = found.value.unreadable.min() { throw UnreadableFile(path: path) }
            return found.value.places
        } onCancel: {
            isGivenUp.withLock { $0 = true }
        }
    }

    /// Reads a text file block by block, each with the last 35 bytes of the one before it, so that every ID is whole in
    /// one of them. Links are passed over (their target is a file of its own), and so is what holds a zero byte at its
    /// beginning, by which git tells text. Plain system calls: Foundation's take four times as long, which counts with
    /// fifty thousand files.
    ///
    /// - Parameter search: Takes a block and the number of its first line, and says whether to go on.
    private static func read(
        _ path: String,
        except others: Set<FileIdentity>,
        _ search: ([UInt8], Int) -> Bool
    ) throws {
        let file: File
        do { file = try File(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) } catch {
            // Deleted but still in git's list, or a link.
            if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return }
            throw error
        }
        defer { file.close() }
        let status = try file.status()
        guard status.isRegular, !others.contains(FileIdentity(status)) else { return }
        var (left, line, text) = (Int(status.st_size), 1, [UInt8]())
        while left > 0 {
            let block = try file.read(atMost: min(left, 1 << 20))
            let isFirst = text.isEmpty
            text += block
            if block.isEmpty || isFirst && text.prefix(8000).contains(0) { return }
            left -= block.count
            guard search(text, line) else { return }
            line += text.dropLast(35).count { $0 == UInt8(ascii: "\n") }
            text = text.suffix(35)
        }
    }

    /// The IDs in `text`, in any case, and how many lines after its first. Every hyphen may be the first of a UUID;
    /// `memchr` finds hyphens faster than anything that looks at each byte.
    private static func places(of wanted: [String: [ImageID]], in text: [UInt8]) -> [([ImageID], Int)] {
        text.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return [] }
            var places: [([ImageID], Int)] = []
            var (position, line, counted) = (0, 0, 0)
            while position < bytes.count,
                let hyphen = memchr(base + position, Int32(UInt8(ascii: "-")), bytes.count - position)
            {
                let start = base.distance(to: UnsafeRawPointer(hyphen)) - 8
                position = start + 9
                // A ruled line is all hyphens, and none of them is worth more than one look.
                guard start >= 0, start + 36 <= bytes.count, bytes[start + 9] != UInt8(ascii: "-"),
                    [13, 18, 23].allSatisfy({ bytes[start + $0] == UInt8(ascii: "-") }),
                    let id = try? ImageID(String(decoding: bytes[start..<(start + 36)], as: UTF8.self)),
                    let ids = wanted[id.inAnyCase]
                else { continue }
                line += bytes[counted..<start].count { $0 == UInt8(ascii: "\n") }
                counted = start
                places.append((ids, line))
            }
            return places
        }
    }

    /// What several threads find.
    private struct Findings {
        var places: [ImageID: KeepReason.Reference] = [:]
        var unreadable: [String] = []

        mutating func add(_ id: ImageID, _ place: KeepReason.Reference) {
            if let known = places[id], (known.file, known.line) <= (place.file, place.line) { return }
            places[id] = place
        }
    }
}

/// Which file it is, by whatever name.
private struct FileIdentity: Hashable {
    let device: dev_t
    let number: ino_t

    init(_ info: stat) { (device, number) = (info.st_dev, info.st_ino) }

    init?(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        self.init(info)
    }
}
