public import Foundation

/// The plan as the content of a file.
extension SavedPlan {
    /// Reads a plan.
    ///
    /// Whoever approves it may read it by other means, so nothing in it may be passed over, or be read in two ways.
    ///
    /// - Parameter json: The content of the file.
    /// - Throws: ``Fault/malformed(_:)`` with the place in the file.
    init(json: Data) throws(ImageDeletionError) {
        let document: StrictJSON
        do { document = try StrictJSON(json) } catch {
            throw .plan(.malformed(error.path.isEmpty ? error.reason : "\(error.path): \(error.reason)"))
        }
        let content: Content
        do {
            let version = try JSONDecoder().decode(Version.self, from: document.data)
            guard version.schema == Self.schema else {
                throw ImageDeletionError.plan(.malformed("schema: it is not \(Self.schema)"))
            }
            content = try JSONDecoder().decode(Content.self, from: document.data)
            let known = try JSONSerialization.jsonObject(with: SavedPlan(checked: content).json())
            if let key = Self.unknownKey(of: document.value, besides: known) {
                throw ImageDeletionError.plan(.malformed("\(key): unknown key"))
            }
        } catch let error as ImageDeletionError {
            throw error
        } catch {
            throw .plan(.malformed((error as? DecodingError)?.place ?? "invalid JSON"))
        }
        var seen: Set<ImageID> = []
        for (index, image) in content.images.enumerated() {
            guard seen.insert(image.id).inserted else { throw .plan(.malformed("images[\(index)].id: duplicate ID")) }
        }
        self.init(checked: content)
    }

    private struct Version: Decodable {
        var schema: String
    }

    /// The path of a key in `given`, as it was read, that `known`, which is written anew, does not have.
    private static func unknownKey(of given: Any, besides known: Any, at path: String = "") -> String? {
        if let given = given as? [Any], let known = known as? [Any] {
            return zip(given, known).enumerated().lazy.compactMap { index, pair in
                unknownKey(of: pair.0, besides: pair.1, at: "\(path)[\(index)]")
            }.first
        }
        guard let given = given as? [String: Any], let known = known as? [String: Any] else { return nil }
        return given.sorted { $0.key < $1.key }.lazy.compactMap { key, value in
            let path = path.isEmpty ? key : "\(path).\(key)"
            guard let twin = known[key] else { return value is NSNull ? nil : path }
            return unknownKey(of: value, besides: twin, at: path)
        }.first
    }

    /// The file's content, as people can read it.
    ///
    func json() -> Data {
        // Nothing in a plan makes the encoder throw.
        (try? JSONWriter.data(content, isPretty: true) + Data("\n".utf8)) ?? Data()
    }
}
