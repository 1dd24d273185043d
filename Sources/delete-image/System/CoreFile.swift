import ImageDeletionEssentials

/// The memory of this process, which holds the password and the token.
enum CoreFile {
    /// Keeps the memory out of core files, and out of reach of the user's other processes where the system has a switch
    /// for that (Linux).
    static func disable() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        #if os(Linux)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
            // A program that collects core files gets one whatever the limit, unless the process is not dumpable.
            // Swift cannot call `prctl` by its name, because it is variadic.
            typealias ProcessControl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
            let setDumpable: Int32 = 4
            if let function = dlsym(nil, "prctl") {
                _ = unsafeBitCast(function, to: ProcessControl.self)(setDumpable, 0, 0, 0, 0)
            }
        #else
            setrlimit(RLIMIT_CORE, &none)
        #endif
    }
}
