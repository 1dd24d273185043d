import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

extension LoopbackServer.Reply {
    /// A list that has these images and no other page.
    static func list(_ images: [[String: JSONValue]]) -> Self {
        let page: JSONValue = ["images": .list(images.map { .object($0) }), "first": "/v2/images"]
        return .answer(200, body: (try? JSONEncoder().encode(page)) ?? Data())
    }
}

extension LoopbackCloud {
    /// Runs the executable against this cloud, with a work directory of its own.
    func run(
        _ arguments: [String],
        in folder: TemporaryFolder? = nil,
        _ changes: [String: String?] = [:],
        input: String? = nil,
        currentDirectory: URL? = nil
    ) async throws -> Executable.Finished {
        try await start(arguments, in: folder, changes, input: input, currentDirectory: currentDirectory).finished()
    }

    /// Starts the executable against this cloud.
    func start(
        _ arguments: [String],
        in folder: TemporaryFolder? = nil,
        _ changes: [String: String?] = [:],
        input: String? = nil,
        currentDirectory: URL? = nil
    ) throws -> Running {
        var environment = environment
        if let folder { environment["DELETE_IMAGE_WORK_DIRECTORY"] = folder.url.path }
        for (name, value) in changes { environment[name] = value }
        let cache = folder == nil ? ["--no-token-cache"] : []
        return try Executable.deleteImage.start(
            cache + arguments,
            environment: environment,
            input: input,
            currentDirectory: currentDirectory
        )
    }

    /// The IDs of the images that are still there.
    func remaining() async -> Set<String> { Set(await cloud.currentImages.map(\.id)) }

    /// How many requests had this method.
    func count(_ method: String) -> Int { requests.count { $0.method == method } }
}

extension Executable.Finished {
    /// Whether nothing in it does anything at a terminal but show itself, on lines of its own.
    var isFitForATerminal: Bool {
        (output + errors).unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar == "\n"
            case .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
            default: true
            }
        }
    }

    /// Whether no part of `secret` that is worth anything stands in it.
    func keeps(_ secret: String?) -> Bool {
        guard let secret else { return true }
        return ![secret.prefix(12), secret.suffix(12)].contains { (output + errors).contains($0) }
    }
}
