// Foundation, Dispatch and the C library, as far as this package uses them. On Linux, the rest of Foundation brings ICU
// along, which makes the program nearly three times as large and slower to start.
#if canImport(FoundationEssentials)
    @_exported public import Dispatch
    @_exported public import FoundationEssentials
    @_exported public import Glibc
#else
    @_exported public import Foundation
#endif
