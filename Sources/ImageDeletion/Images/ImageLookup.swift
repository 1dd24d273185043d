/// What a look at the image service told about one ID.
package struct ImageLookup: Sendable, Hashable {
    /// The ID that was looked for.
    package let id: ImageID
    /// What was there: the image, or the error that says why none was seen.
    package let result: Result<Image, ImageDeletionError>

    /// A lookup of `id`, for an image that was found in a list, or for a test.
    package init(id: ImageID, result: Result<Image, ImageDeletionError>) {
        self.id = id
        self.result = result
    }
}

extension ImageClient {
    /// Looks up each of `ids`, at most `concurrency` at once, and returns the results in the order asked for.
    func look(at ids: [ImageID], properties: Set<String>, concurrency: Int) async -> [ImageLookup] {
        let findings = await ids.concurrently(atMost: concurrency) { id in
            do throws(ImageDeletionError) { return .success(try await image(id, properties: properties)) } catch {
                return .failure(error)
            }
        }
        return zip(ids, findings).map(ImageLookup.init)
    }
}
