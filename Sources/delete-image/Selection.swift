import Foundation
import ImageDeletion

/// Which images the command line and its lists name, in that order, each once.
struct Selection: Equatable {
    var ids: [ImageID]

    /// Reads the IDs among `options`, and the lists through `read`.
    ///
    /// - Throws: ``Failure`` that names everything that is no ID; then nothing at all is selected.
    init(_ options: Options, read: (String) throws -> Data) throws(Failure) {
        var seen: Set<ImageID> = []
        var ids: [ImageID] = []
        var refused: [String] = []
        for text in options.images {
            do { ids.append(try ImageID(text)) } catch { refused.append(quoted(text)) }
        }
        guard refused.isEmpty else {
            throw Failure(.usage, "not an image ID (a UUID): \(refused.joined(separator: ", ")). Nothing was deleted.")
        }
        for list in options.lists {
            let name = list == "-" ? "standard input" : printable(list, limit: 200)
            let data: Data
            do { data = try read(list) } catch {
                throw Failure(.input, "\(name) cannot be read: \(printable(error.localizedDescription))")
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw Failure(.input, "\(name) is no UTF-8 text. Give one image ID a line.")
            }
            for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            {
                let line = line.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"]))
                if line.isEmpty || line.hasPrefix("#") { continue }
                do { ids.append(try ImageID(line)) } catch { refused.append("line \(index + 1): \(quoted(line))") }
            }
            guard refused.isEmpty else {
                let some = refused.prefix(5).joined(separator: ", ") + (refused.count > 5 ? ", …" : "")
                throw Failure(
                    .input,
                    "\(name): not an image ID (a UUID): \(some). Give one ID a line. Nothing was deleted."
                )
            }
        }
        self.ids = ids.filter { seen.insert($0).inserted }
        if self.ids.isEmpty {
            throw Failure(.usage, "nothing to delete: name images by ID, or give a list of IDs with --from.")
        }
        if let most = options.maxDeletions, self.ids.count > most {
            throw Failure(
                .usage,
                "\(count(self.ids.count, "image")) selected, more than --max-deletions \(most). Nothing was deleted."
            )
        }
    }
}

private func quoted(_ text: String) -> String { "“\(printable(text, limit: 60))”" }
