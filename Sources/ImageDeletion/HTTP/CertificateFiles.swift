import ImageDeletionEssentials

/// The PEM files that a connection with TLS uses instead of the system's settings.
public struct CertificateFiles: Sendable, Hashable {
    /// The path of the certificate authorities (`OS_CACERT`). They replace the system's store, as in the OpenStack client;
    /// nil for the system's store.
    public var authorities: String?
    /// The path of the client's certificate (`OS_CERT`); nil for none.
    public var certificate: String?
    /// The path of the certificate's private key (`OS_KEY`); nil if the certificate's file contains it.
    public var key: String?

    /// Creates the set of these files.
    public init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
    }

    /// Looks into each file, so that what is wrong is known before anything is sent.
    func check() throws(ImageDeletionError) {
        var problems: [ConfigurationProblem] = []
        func check(_ path: String?, _ variable: String, for parts: [Part]) {
            guard let path, let fault = Self.fault(of: path, parts) else { return }
            problems.append(.file(variable: variable, path: path, fault))
        }
        check(authorities, "OS_CACERT", for: [.certificate])
        check(certificate, "OS_CERT", for: key == nil ? [.certificate, .key] : [.certificate])
        check(key, "OS_KEY", for: [.key])
        if key != nil, certificate == nil { problems.append(.missing(["OS_CERT"])) }
        if !problems.isEmpty { throw .configuration(problems) }
    }

    /// A part of a PEM file, as its first line names it.
    private enum Part: String {
        case certificate = "CERTIFICATE-----"
        case key = "PRIVATE KEY-----"
    }

    private static func fault(of path: String, _ parts: [Part]) -> CertificateFault? {
        // The system's own bundle has 0.2 MB. A pipe or a device may have no end.
        let content: Data
        do {
            let file = try File(path, O_RDONLY | O_NONBLOCK)
            defer { file.close() }
            content = try file.read(atMost: 4 << 20)
        } catch {
            return .unreadable(error.reason)
        }
        let labels = String(decoding: content, as: UTF8.self)
            .split(separator: "-----BEGIN ", omittingEmptySubsequences: false).dropFirst()
        for part in parts where !labels.contains(where: { $0.prefix { $0 != "\n" }.contains(part.rawValue) }) {
            return part == .key ? .noPrivateKey : .noCertificate
        }
        let isEncrypted = labels.contains { $0.hasPrefix("ENCRYPTED") || $0.contains("Proc-Type: 4,ENCRYPTED") }
        return parts.contains(.key) && isEncrypted ? .encryptedKey : nil
    }
}
