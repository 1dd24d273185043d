/// What a look at the image service told about one ID.
package struct Sighting: Sendable, Hashable {
    /// The ID that was looked for.
    package let id: ImageID
    /// What was there: the image, or the error that says why none was seen.
    package let finding: Result<Image, ImageDeletionError>

    /// A sighting of `id`, for an image that was found in a list, or for a test.
    package init(id: ImageID, finding: Result<Image, ImageDeletionError>) {
        self.id = id
        self.finding = finding
    }
}

extension ImageClient {
    /// Looks at each of `ids`, at most `concurrency` at once, and tells what was seen in the order asked for.
    func look(at ids: [ImageID], concurrency: Int) async -> [Sighting] {
        let findings = await ids.concurrently(atMost: concurrency) { id in
            do throws(ImageDeletionError) { return .success(try await image(id)) } catch { return .failure(error) }
        }
        return zip(ids, findings).map(Sighting.init)
    }
}
