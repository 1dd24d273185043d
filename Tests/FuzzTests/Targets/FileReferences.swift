import Foundation
import ImageDeletion
import TestSupport

@testable import delete_image

extension FuzzTarget {
    /// A file of a package, in which IDs may be written.
    static let references = FuzzTarget(
        "references",
        inputs: 20,
        samples: [
            "image = \"6b1c0b6e-93a5-4d0c-9d52-000000000001\" # base\n",
            "--------\n----6B1C0B6E-93A5-4D0C-9D52-000000000002-\n\n6b1c0b6e-93a5-4d0c-9d52-000000000001\n",
            "6b1c0b6e-93a5-4d0c-9d52-6b1c0b6e-93a5-4d0c-9d52-000000000001",
            "6b1c0b6e-93a5-4d0c-9d52-000000000003\r\n\n6b1c0b6e-93a5-4d0c-9d52-000000000003\n", "no image\r\nat all",
            "",
        ]
    ) { input, generator in
        let folder = try TemporaryFolder()
        // So that IDs lie across the end of a block.
        let filler = Data(
            repeating: UInt8(ascii: generator.pick(["-", "\n", "x"])),
            count: (1 << 20) - generator.number(1...60)
        )
        let content = generator.once(in: 3) ? filler + input : input
        try content.write(to: folder.file("main.tf"))
        let ids = (1...9).map { ImageID.sample($0) }
        let found = try await References.find(Set(ids), in: folder.url, except: [])
        // As git has it: what holds a zero byte at its beginning is no text.
        let isText = !content.prefix(8000).contains(0)
        let lowercased = Data(
            content.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        )
        for id in ids {
            let place = lowercased.range(of: Data(id.description.utf8)).map { range in
                lowercased[..<range.lowerBound].count { $0 == UInt8(ascii: "\n") } + 1
            }
            try must(
                found[id]?.line == (isText ? place : nil),
                "\(id) is in \(place ?? 0), not \(found[id]?.line ?? 0)"
            )
        }
        return found.isEmpty ? .refused : .accepted
    }
}
