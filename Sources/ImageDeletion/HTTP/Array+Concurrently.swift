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
