import ImageDeletionEssentials

extension HTTPRequest {
    /// Why this request cannot be sent; nil if it can.
    ///
    /// A line break in a header would begin another header, or another request.
    var fault: String? {
        let address = url.absoluteString
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
            return "the address is neither https nor http"
        }
        guard let host = url.host(percentEncoded: true), !host.isEmpty else { return "the address has no host" }
        // FoundationEssentials escapes such a character, instead of translating the name.
        if host.contains("%"), host.contains(/%[89A-Fa-f]/) {
            return "the host name contains a character beyond ASCII. Write the name in its form with xn--"
        }
        if url.user != nil || url.password != nil || url.fragment != nil {
            return "the address contains a user name, a password or a fragment"
        }
        if !(0...65_535).contains(url.port ?? 0) { return "the address has no valid port" }
        if !address.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            return "the address contains a blank, a control character or a character beyond ASCII"
        }
        if method.isEmpty || !method.utf8.allSatisfy(\.isTokenCharacter) { return "the method is malformed" }
        for field in headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(\.isTokenCharacter) else {
                return "the name of a header field is malformed"
            }
            guard field.value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
                return "the header \(field.name) contains a line break or another control character"
            }
        }
        return nil
    }
}

extension UInt8 {
    /// Whether it may be part of a method or of a field's name (RFC 9110, 5.6.2).
    fileprivate var isTokenCharacter: Bool {
        self < 0x80 && isLetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains(self)
    }
}
