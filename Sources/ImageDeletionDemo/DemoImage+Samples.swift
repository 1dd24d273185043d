public import ImageDeletionEssentials

extension DemoImage {
    /// What a project's image service looks like after three weeks of nightly builds: the nightlies, a protected
    /// release, an image shared with another project, one that a server's volume was created from, two of a branch, with the
    /// same name, a hidden one, and the provider's public one.
    ///
    /// The IDs are always the same. All were created at midnight, so that the ages in days are the same all day long.
    public static func samples(now: Date) -> [DemoImage] {
        let midnight = (now.timeIntervalSince1970 / day).rounded(.down) * day
        func night(_ ago: Int) -> Date { Date(timeIntervalSince1970: midnight - Double(ago) * day) }
        let nightlies = (1...21).map { ago in
            let made = night(ago)
            return DemoImage(
                id: id(UInt64(ago)),
                name: "nightly-\(made.formatted(.iso8601.year().month().day()))",
                createdAt: made,
                size: 2_400_000_000 + Int64(ago * 7_340_032),
                tags: ["ci", "nightly", "branch=main"]
            )
        }
        return nightlies + [
            DemoImage(
                id: id(101),
                name: "release-1.4",
                isProtected: true,
                createdAt: night(40),
                size: 2_254_857_830,
                tags: ["release"]
            ),
            DemoImage(
                id: id(102),
                name: "build-base",
                visibility: "shared",
                createdAt: night(25),
                size: 1_503_238_553,
                tags: ["ci"],
                members: ["9b1c6a0f5d7e4c83a2f1b0c9d8e7f6a5"]
            ),
            DemoImage(
                id: id(103),
                name: "web-golden",
                createdAt: night(12),
                size: 3_114_532_864,
                tags: ["ci"],
                usedBy: "web-1",
                use: .volume
            ),
            DemoImage(
                id: id(105),
                name: "pr-118",
                createdAt: night(10),
                size: 2_147_483_648,
                tags: ["ci", "branch=pr-118"]
            ),
            DemoImage(
                id: id(106),
                name: "pr-118",
                createdAt: night(9),
                size: 2_155_872_256,
                tags: ["ci", "branch=pr-118"]
            ),
            DemoImage(id: id(107), name: "build-base-2025", isHidden: true, createdAt: night(90), size: 1_288_490_188),
            DemoImage(
                id: id(104),
                name: "Standard_Debian_12_amd64_latest",
                owner: "5f2a8c1e9b7d4e60831c2d4f6a8b0e1d",
                visibility: "public",
                isProtected: true,
                createdAt: night(9),
                size: 1_073_741_824
            ),
        ]
    }

    private static let day: TimeInterval = 24 * 60 * 60

    /// A UUID that looks like any other and is always the same for `seed` (SplitMix64).
    private static func id(_ seed: UInt64) -> String {
        var state = seed &* 0xD1B5_4A32_D192_ED03
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
        let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = [high, low].map { number in
            let hex = String(number, radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }.joined()
        let cuts = [0, 8, 12, 16, 20, 32]
        return zip(cuts, cuts.dropFirst()).map { from, to in String(Array(digits)[from..<to]) }.joined(separator: "-")
    }
}
