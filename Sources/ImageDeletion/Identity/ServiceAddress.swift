import ImageDeletionEssentials

/// The address of a service, fit to be sent a secret to.
struct ServiceAddress: Sendable, Hashable {
    let url: URL

    /// Reads `text`; the path's trailing slashes are taken off.
    init(_ text: String, allowsHTTP: Bool) throws(AddressFault) {
        let printable = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        guard printable, var parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else {
            throw .malformed
        }
        guard let scheme = parts.scheme?.lowercased(), scheme == "https" || scheme == "http" else { throw .scheme }
        guard parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil else {
            throw .extraParts
        }
        guard scheme == "https" || allowsHTTP || LoopbackHost.contains(host) else { throw .unencrypted }
        while parts.path.hasSuffix("/") { parts.path.removeLast() }
        guard let url = parts.url else { throw .malformed }
        self.url = url
    }

    /// The identity service: ends in `/v3`, which may be left out in `text`.
    static func identity(_ text: String, allowsHTTP: Bool) throws(AddressFault) -> URL {
        let url = try ServiceAddress(text, allowsHTTP: allowsHTTP).url
        if url.lastPathComponent == "v2.0" { throw .identityV2 }
        return url.lastPathComponent == "v3" ? url : url.appendingPathComponent("v3")
    }

    /// The image service: ends in `/v2`, in the place of another version of API 1 or 2, or behind an address without one.
    static func image(_ text: String, allowsHTTP: Bool) throws(AddressFault) -> URL {
        let url = try ServiceAddress(text, allowsHTTP: allowsHTTP).url
        return (imageVersion(url) == nil ? url : url.deletingLastPathComponent()).appendingPathComponent("v2")
    }

    /// Returns 1 or 2 for an address that ends in a version of the image API (`/v1`, `/v1.1`, `/v2`, `/v2.9`), else nil.
    static func imageVersion(_ url: URL) -> Int? {
        let parts = url.lastPathComponent.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.dropFirst().allSatisfy({ UInt8($0) != nil }) else { return nil }
        return ["v1": 1, "v2": 2][parts[0]]
    }

    /// `text`, which is no address to be used, as it may be told: what may be a password or a token is left out.
    static func told(_ text: String) -> String {
        let end = text.firstIndex { "?#".contains($0) } ?? text.endIndex
        let rest = end < text.endIndex ? "\(text[end])…" : ""
        // A password may have one of these in it, so that only its beginning stands before.
        let isCut = text[end...].contains("@") && text[..<end].replacing("://", with: "").contains(":")
        guard let at = isCut ? end : text[..<end].lastIndex(of: "@") else { return text[..<end] + rest }
        let start = text.firstRange(of: "//").map(\.upperBound).flatMap { $0 < at ? $0 : nil } ?? text.startIndex
        return text[..<start] + "…" + text[at..<end] + rest
    }
}
