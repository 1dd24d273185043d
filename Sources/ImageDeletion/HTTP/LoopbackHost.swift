import ImageDeletionEssentials

/// The hosts that are this machine itself: nothing that is sent to them leaves it.
enum LoopbackHost {
    /// Returns whether `host`, a name or an address, is one. Names are not resolved, because who answers for a name may
    /// change, except `localhost` (RFC 6761).
    static func contains(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" { return true }
        if host.contains(":") { return isIPv6Loopback(host) }
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false)
        return bytes.count == 4 && bytes[0] == "127" && bytes.allSatisfy { UInt8($0) != nil && $0.first != "+" }
    }

    /// Returns whether `host`, with or without brackets, is `::1` in any spelling.
    private static func isIPv6Loopback(_ host: String) -> Bool {
        let address = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, address, &bytes) == 1 && bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}
