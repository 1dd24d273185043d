import ImageDeletionCurl

/// The libcurl of this machine.
struct Libcurl: Sendable {
    let functions: ImageDeletionLibcurl

    /// The library, opened by the first use; or why it cannot be used.
    static let shared: Result<Libcurl, ImageDeletionError> = {
        var reason: UnsafePointer<CChar>?
        if let functions = ImageDeletionLoad(&reason) { return .success(Libcurl(functions: functions.pointee)) }
        return .failure(.configuration([.libcurl(reason: reason.map { String(cString: $0) } ?? "")]))
    }()

    /// Whether libcurl calls back before it sends a request, and again before it sends the request once more.
    var announcesSending: Bool { functions.version >= 0x07_50_00 }
}

/// The options of a transfer, with libcurl's numbers, which never change.
enum CurlOption: Int32 {
    case maximumConnectionsPerHost = 7
    case noBody = 44
    case bodySize = 60
    case freshConnection = 74
    case forbidReuse = 75
    case noSignal = 99
    case timeLimit = 155
    case protocols = 181
    case pathAsIs = 234
    case suppressProxyHeaders = 265
    case quickExit = 322
    case bodyContext = 10001
    case url = 10002
    case proxy = 10004
    case errorBuffer = 10010
    case headers = 10023
    case certificate = 10025
    case keyPassword = 10026
    case headerContext = 10029
    case method = 10036
    case authorities = 10065
    case key = 10087
    case authorityFolder = 10097
    case acceptedEncoding = 10102
    case copiedBody = 10165
    case sendingContext = 10313
    case receiveBody = 20011
    case receiveHeader = 20079
    case beforeSending = 20312
}
