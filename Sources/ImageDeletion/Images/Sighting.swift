/// What a look at the image service told about one ID.
public struct Sighting: Sendable, Hashable {
    /// The ID that was looked for.
    public let id: ImageID
    /// What was there: the image, or the error that says why none was seen.
    public let finding: Result<Image, ImageDeletionError>

    /// A sighting of `id`.
    public init(id: ImageID, finding: Result<Image, ImageDeletionError>) {
        self.id = id
        self.finding = finding
    }
}

extension ImageClient {
    /// Looks at each of `ids`, at most `concurrency` at once, and tells what was seen in the order asked for.
    func look(at ids: [ImageID], concurrency: Int) async -> [Sighting] {
        await ids.concurrently(atMost: concurrency) { id in
            do throws(ImageDeletionError) {
                return Sighting(id: id, finding: .success(try await image(id)))
            } catch {
                return Sighting(id: id, finding: .failure(error))
            }
        }
    }
}

extension Array where Element: Sendable {
    /// What `transform` makes of each element, in their order, at most `limit` at once.
    func concurrently<Answer: Sendable>(
        atMost limit: Int,
        _ transform: @escaping @Sendable (Element) async -> Answer
    ) async -> [Answer] {
        await withTaskGroup(of: (Int, Answer).self) { group in
            var answers: [Answer?] = [Answer?](repeating: nil, count: count)
            for (index, element) in enumerated() {
                if index >= limit, let (done, answer) = await group.next() { answers[done] = answer }
                group.addTask { (index, await transform(element)) }
            }
            for await (done, answer) in group { answers[done] = answer }
            return answers.compactMap { $0 }
        }
    }
}
