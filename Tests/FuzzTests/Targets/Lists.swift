import Foundation
import ImageDeletion
import TestSupport

@testable import delete_image

extension FuzzTarget {
    /// A list of images for `--from`.
    static let lists = FuzzTarget(
        "lists",
        inputs: 300,
        samples: [
            "# old ones\n6b1c0b6e-93a5-4d0c-9d52-000000000001\n\n  nightly 2  \r\n6B1C0B6E-93A5-4D0C-9D52-000000000002\n",
            "\u{FEFF}nightly-1\nnightly-1\n\tbase #1\n", "#\n\n", "größer\n6b1c0b6e-93a5-4d0c-9d52-00000000000\n",
        ]
    ) { input, _ in
        func targets(_ list: Data) async throws(Failure) -> [ImageSelection.Name] {
            var options = Options()
            options.lists = ["list"]
            let package = URL(fileURLWithPath: "/nowhere")
            let selection = try await Selection(options, package: package, now: .now, read: { _, _ in list })
            guard case .new(let images) = selection, case .named(let names) = images.kind else { return [] }
            return names
        }
        let found: [ImageSelection.Name]
        do throws(Failure) {
            found = try await targets(input)
        } catch {
            try must([.input, .usage].contains(error.status), "\(error.status) is not what a list can lead to")
            let isPlain = error.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            try must(isPlain, "what is printed moves the cursor: \(error.message.debugDescription)")
            return .refused
        }
        try must(Set(found).count == found.count, "an image is selected twice")
        let bytes = Data(String(decoding: input, as: UTF8.self).lowercased().utf8)
        for target in found {
            let words = written(target)
            try must(bytes.range(of: Data(words.lowercased().utf8)) != nil, "nobody has written \(words)")
            try must(words.unicodeScalars.first != "#", "a comment is taken for an image: \(words)")
        }
        // The comment comes first, because a byte order mark at the beginning of a file is none of its text.
        let again = try await targets(Data(("#\n" + found.map { written($0) + "\n" }.joined()).utf8))
        try must(again == found, "written again, the list names others")
        return .accepted
    }

    private static func written(_ target: ImageSelection.Name) -> String {
        switch target {
        case .id(let id): id.description
        case .name(let name): name.text
        }
    }
}
