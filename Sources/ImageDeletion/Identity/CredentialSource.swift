/// The place that credentials come from.
public enum CredentialSource: Sendable, Hashable {
    /// The `OS_*` variables.
    case variables
    /// A cloud in `clouds.yaml`, by its name, with the paths of the files that were read for it.
    case cloud(String, files: [String])
}

extension CredentialSource {
    /// Returns the key in `clouds.yaml` that counts in the place of a variable; nil if the variable itself counts.
    package func key(of variable: String) -> String? {
        guard case .cloud = self else { return nil }
        let key = CloudKeys.key(of: variable)
        return CloudKeys.all.contains(key.replacing(/^auth\./, with: "")) ? key : nil
    }
}

/// Something about the settings that people should know.
public enum SettingsWarning: Sendable, Hashable {
    /// This variable is set and has no effect.
    case ignoredVariable(String)
    /// These variables are set and have no effect, because the settings are those of this cloud.
    case ignoredVariables([String], cloud: String)
    /// The file at this path contains a secret, and its mode gives other users access to it.
    case secretReadableByOthers(path: String)
    /// The file at this path cannot be read, and the next one was used.
    case unreadableFile(path: String, reason: String)
}
