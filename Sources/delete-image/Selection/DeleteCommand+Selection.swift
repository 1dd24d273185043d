import ImageDeletion
import ImageDeletionEssentials

/// What a run is about.
extension DeleteCommand {
    /// What the command line and its files select; nil if that is nothing.
    func selection() async throws(Failure) -> Selection? {
        if case .untrusted(let folder, let reason) = package {
            warn("the package in \(printable(folder.path)) is not used, because \(reason).")
        }
        if options.lists.contains("-"), context.environment["DELETE_IMAGE_PLUGIN_PROCESS"] != nil {
            throw Failure(
                .usage,
                "--from -: SwiftPM gives plugins no standard input. Write the list to a file, or use the executable."
            )
        }
        if options.forgetsToken, !options.selects { return nil }
        let selection = try await Selection(options, package: policyFolder, now: report.now, read: context.read)
        guard selection.isEmpty else { return selection }
        printLine("Nothing to \(options.restores ? "restore" : "delete"): the list has no images.")
        // A plan is written, and a receipt may have work left, all the same.
        let hasReceipt = options.receipt.map(FileManager.default.fileExists(atPath:)) ?? false
        return options.planFile != nil || hasReceipt ? selection : nil
    }

    /// The folder of the policy that `--policy` without a file names: the current one, if it has a policy, else the
    /// package's.
    private var policyFolder: URL {
        let current = context.currentDirectory
        let policy = current.appendingPathComponent(RetentionPolicy.fileName).path
        return FileManager.default.fileExists(atPath: policy) ? current : package.url ?? current
    }
}
