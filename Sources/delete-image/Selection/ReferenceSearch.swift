import ImageDeletion
import ImageDeletionEssentials

/// Finding where images' IDs are written: in the folders of `--referenced-in`, and in the package, unless the command line
/// asks for the folders alone.
extension DeleteCommand {
    /// What searches for references to what `selection` selects; nil if nothing asks for that.
    func referenceSearch(for selection: Selection) throws(Failure) -> DeletionOptions.ReferenceSearch? {
        let named = try referenceFolders()
        let isAsked = options.rule.safeguards.contains(.referenced)
        if case .saved = selection, selection.safeguards.contains(.referenced), !isAsked {
            throw Failure(
                .usage,
                "the plan keeps images that are referenced. Add --unless-referenced to search the package again, or "
                    + "--referenced-in DIR. Nothing was deleted."
            )
        }
        guard isAsked || selection.safeguards.contains(.referenced) else { return nil }
        let searchesPackage = options.searchesPackage || options.policy != nil || named.isEmpty
        let package = searchesPackage ? try packageFolder() : nil
        // A list, a plan and a receipt name images because of this very command.
        let ours = options.lists + [options.planFile, options.appliedPlan, options.receipt].compactMap { $0 }
        let find = context.references
        return { ids in
            do {
                var places: [ImageID: KeepReason.Reference] = [:]
                if let package { places = try await find(ids, package, ours) }
                for folder in named {
                    for (id, place) in try await find(ids, folder, ours) where places[id] == nil {
                        places[id] = KeepReason.Reference(
                            file: "\(folder.relativePath)/\(place.file)",
                            line: place.line
                        )
                    }
                }
                return places.mapValues(KeepReason.referenced)
            } catch {
                // What was not searched to its end may name any image.
                let path = (error as? UnreadableFile)?.path ?? "a file"
                return Dictionary(uniqueKeysWithValues: ids.map { ($0, .unreadable(path)) })
            }
        }
    }

    /// The folders that `--referenced-in` names.
    private func referenceFolders() throws(Failure) -> [URL] {
        try options.referenceFolders.map { path throws(Failure) in
            let folder = URL(fileURLWithPath: path, relativeTo: context.currentDirectory)
            guard folder.path.isFolderPath else {
                throw Failure(.usage, "--referenced-in: there is no folder \(quoted(path)). Nothing was deleted.")
            }
            return folder
        }
    }

    /// The package's folder; outside of a package, the current one.
    private func packageFolder() throws(Failure) -> URL {
        let current = context.currentDirectory
        // To search only the current folder of somebody else's package would be to miss references.
        if case .untrusted(let folder, let reason) = package, folder != current.standardizedFileURL {
            throw Failure(
                .configuration,
                "the package in \(printable(folder.path)) is not used, because \(reason); say which folder to search "
                    + "with --referenced-in DIR. Nothing was deleted."
            )
        }
        return package.url ?? current
    }
}
