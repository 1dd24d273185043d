import ImageDeletionEssentials

/// What can be shown to whoever reads a stream.
struct Display: Sendable {
    /// How many columns a line has at the terminal; nil in a log, where a line has no end.
    var width: Int?
    /// Whether text may have colours.
    var isColoured = false
    /// Whether a line may be replaced by another.
    var isLive = false

    /// A file or a pipe: plain lines.
    static let log = Display()

    /// A colour of text.
    enum Ink: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case faint = "2"
    }

    /// `text` in this colour, where there are colours.
    func coloured(_ text: String, _ ink: Ink?) -> String {
        guard isColoured, let ink, !text.isEmpty else { return text }
        return "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m"
    }
}

extension Display {
    /// What is behind a file descriptor.
    ///
    /// - Parameter environment: `TERM` says whether the terminal knows control codes, `NO_COLOR` (no-color.org) whether
    ///   colours are wanted.
    init(_ descriptor: Int32, environment: [String: String]) {
        guard isatty(descriptor) == 1 else { return }
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { width = Int(size.ws_col) }
        isLive = !["", "dumb"].contains(environment["TERM"] ?? "")
        isColoured = isLive && environment["NO_COLOR", default: ""].isEmpty
    }

    /// Whether a line may be replaced although `descriptor` is written to at the same time: not where that is a pipe, whose
    /// reader may write to the same screen, at a moment of its own.
    func mayBeLive(beside descriptor: Int32) -> Bool {
        var info = stat()
        return isLive && fstat(descriptor, &info) == 0 && info.st_mode & S_IFMT != S_IFIFO
    }
}

extension Unicode.Scalar {
    /// How many columns it takes at a terminal: marks none, East Asian writing and pictures two (UAX #11, in blocks).
    var columns: Int {
        if isASCII { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: return Self.wide.contains { $0.contains(value) } ? 2 : 1
        }
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
        0x20000...0x3FFFD,
    ]
}
