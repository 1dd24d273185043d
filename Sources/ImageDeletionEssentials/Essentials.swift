// What this package uses of Foundation, Dispatch and the C library. All of Foundation would bring ICU along on Linux: the
// program would be four times as large, and take longer to start.
#if canImport(FoundationEssentials)
    @_exported public import Dispatch
    @_exported public import FoundationEssentials
    @_exported public import Glibc
#else
    @_exported public import Foundation
#endif
