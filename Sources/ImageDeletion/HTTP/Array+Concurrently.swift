extension Array where Element: Sendable {
    /// What `transform` makes of each element, in their order, at most `limit` at once.
    ///
    /// After a failure that every other element would meet as well, or several in a row for a reason of the service's own,
    /// no other is begun, and it is the failure of them all: a service that is down, or that takes no token, is not asked
    /// again for each.
    func concurrently<Answer: Sendable>(
        atMost limit: Int,
        _ transform: @escaping @Sendable (Element) async -> Result<Answer, ImageDeletionError>
    ) async -> [Result<Answer, ImageDeletionError>] {
        await withTaskGroup(of: (Int, Result<Answer, ImageDeletionError>).self) { group in
            var answers = [Result<Answer, ImageDeletionError>?](repeating: nil, count: count)
            var failure: ImageDeletionError?
            var streak = FailureStreak()
            func note(_ index: Int, _ answer: Result<Answer, ImageDeletionError>) {
                answers[index] = answer
                let error: ImageDeletionError? = if case .failure(let error) = answer { error } else { nil }
                if streak.isOver(after: error) { failure = failure ?? error }
            }
            for (index, element) in enumerated() {
                if index >= limit, failure == nil, let (done, answer) = await group.next() { note(done, answer) }
                if failure != nil { break }
                group.addTask { (index, await transform(element)) }
            }
            for await (done, answer) in group { note(done, answer) }
            return answers.compactMap { answer in answer ?? failure.map { .failure($0.withoutRequest) } }
        }
    }
}

extension ImageDeletionError {
    /// The same for what was not asked about: it has no request.
    fileprivate var withoutRequest: ImageDeletionError {
        guard var error = serviceError else { return self }
        (error.requestID, error.attempts) = (nil, 0)
        return .service(error)
    }
}
