import ImageDeletionEssentials

/// Carries out one plan, several deletions at a time, and can be stopped in an orderly way.
package actor ImageDeleter {
    private let client: ImageClient
    private let plan: DeletionPlan
    private let options: DeletionOptions
    private var next = 0
    private var isStopped = false
    private var streak = FailureStreak()
    private var outcomes: [Outcome?]
    /// Ends when the first deletion has had its answer, or there is none to wait for.
    private let (beginning, begun) = AsyncStream.makeStream(of: Never.self)

    init(client: ImageClient, plan: DeletionPlan, options: DeletionOptions) {
        self.client = client
        self.plan = plan
        self.options = options
        outcomes = Array(repeating: nil, count: plan.entries.count)
    }

    /// Starts no further deletion. Those under way are finished.
    package func stop() {
        isStopped = true
    }

    /// Deletes what the plan says: see ``ImageService/delete(_:options:onOutcome:)``. To be called once.
    package func carryOut(onOutcome: @escaping @Sendable (Outcome) -> Bool = { _ in true }) async -> [Outcome] {
        let onOutcome = { @Sendable outcome in
            let goesOn = onOutcome(outcome)
            return self.note(outcome) && goesOn
        }
        await withTaskGroup { lanes in
            // One image goes first: what all of them would meet, a dead token or a missing right, is met once.
            lanes.addTask { await self.work(onOutcome) }
            for await _ in beginning {}
            for _ in 1..<max(1, min(options.concurrency, plan.entries.count)) {
                lanes.addTask { await self.work(onOutcome) }
            }
        }
        for (index, entry) in plan.entries.enumerated() where outcomes[index] == nil {
            let outcome = Outcome(decidedBy: entry) ?? Outcome(entry, .pending)
            outcomes[index] = outcome
            _ = onOutcome(outcome)
        }
        return outcomes.compactMap { $0 }
    }

    /// Writes `outcome` into the receipt, if it does not say so already.
    private nonisolated func note(_ outcome: Outcome) -> Bool {
        guard let receipt = options.receipt, outcome.result != .pending else { return true }
        // Of what an earlier run was killed at, the receipt has only said that it was begun.
        if outcome.isOld, receipt.deleted.contains(outcome.id) { return true }
        return receipt.append(outcome, at: client.connection.clock.now())
    }

    private func work(_ onOutcome: @Sendable (Outcome) -> Bool) async {
        defer { begun.finish() }
        while !isStopped, !Task.isCancelled, next < plan.entries.count {
            let index = next
            next += 1
            guard let outcome = await outcome(of: plan.entries[index]) else { return }
            outcomes[index] = outcome
            let failure = outcome.result == .failed ? outcome.error : nil
            // What the plan keeps says nothing about the service.
            if plan.entries[index].changesImage
                ? streak.isOver(after: failure) : failure?.affectsEveryImage == true
            {
                isStopped = true
            }
            if !onOutcome(outcome) { isStopped = true }
        }
    }

    /// - Returns: nil where the run was stopped before anything was done.
    private func outcome(of entry: DeletionPlan.Entry) async -> Outcome? {
        if let decided = Outcome(decidedBy: entry) { return decided }
        // What the caller wants to be checked, and the plan did not ask for, was not checked.
        guard options.safeguards.isSubset(of: entry.conditions.safeguards) else {
            return Outcome(entry, .kept(.unchecked))
        }
        defer { begun.finish() }
        // Whoever waits for a token has not begun to delete.
        do throws(ImageDeletionError) { try await client.authorization.signIn() } catch {
            return Task.isCancelled ? nil : Outcome(entry, .failed, error: error)
        }
        if isStopped || Task.isCancelled { return nil }
        switch entry.action {
        case .mark(let dueAt): return await mark(entry, until: dueAt)
        case .unmark(let reason): return await unmark(entry, reason)
        case .delete:
            if entry.conditions.grace != nil, let outcome = await objection(to: entry) { return outcome }
            // The run may have been stopped while the image was looked up.
            if isStopped || Task.isCancelled { return nil }
        case .unchecked, .keep, .unseen, .alreadyDeleted: break
        }
        if options.receipt?.begin(entry, at: client.connection.clock.now()) == false {
            isStopped = true
            return nil
        }
        if entry.liftsProtection, let refusal = await protect(entry.id, false) {
            if refusal.cause.isNotFound { return gone(entry, refusal) }
            // With the answer lost, it may be lifted all the same.
            let isPutBack = refusal.mayHaveActed ? await protectAgain(entry.id) == nil : true
            return Outcome(entry, .failed, error: refusal.cause, protectionFault: isPutBack ? .notLifted : .notPutBack)
        }
        do throws(RequestFailure) {
            let reply = try await client.delete(entry.id, deletingBackup: options.deletesBackups)
            begun.finish()
            if options.waitsUntilGone, let failure = await lingering(entry.id) {
                return Outcome(
                    entry,
                    .failed,
                    error: failure,
                    attempts: reply.attempts,
                    mayBeGone: true,
                    protectionFault: entry.liftsProtection ? .notPutBack : nil
                )
            }
            return Outcome(entry, .deleted, requestID: reply.requestID, attempts: reply.attempts)
        } catch {
            let error = await certain(error, of: entry)
            let outcome = Outcome(entry, after: error)
            return entry.liftsProtection ? await protectingAgain(entry, outcome, after: error) : outcome
        }
    }

    /// Looks once more at an image whose grace period is over: somebody may just have removed its mark.
    ///
    /// - Returns: The outcome if it must not be deleted; nil if it is as it was.
    private func objection(to entry: DeletionPlan.Entry) async -> Outcome? {
        do throws(ImageDeletionError) {
            let differences = entry.image?.differences(
                from: try await client.image(entry.id, properties: plan.propertyNames)
            )
            return differences == [] ? nil : Outcome(entry, .kept(.changed(differences ?? [])))
        } catch {
            return Outcome(entry, error.isNotFound ? .missing : .failed, error: error)
        }
    }

    /// Marks an image and hides it, if the service can.
    ///
    /// The tag comes first: an image that is hidden without one would never be shown again.
    private func mark(_ entry: DeletionPlan.Entry, until plannedDueAt: Date) async -> Outcome {
        var dueAt = plannedDueAt
        // The period begins now, and not when the plan was made. An image that is marked already is only hidden.
        if let grace = entry.conditions.grace, entry.image?.dueAt != dueAt {
            dueAt = max(dueAt, client.connection.clock.now().addingTimeInterval(Double(grace.seconds)))
        }
        let mark = DeletionMark(dueAt: dueAt)
        do throws(RequestFailure) {
            let reply = try await client.addTag(mark.tag, to: entry.id)
            // The mark is what counts, so a service that does not hide the image changes nothing.
            var refusal: ImageDeletionError?
            if entry.image?.canBeHidden == true, entry.image?.isHidden == false {
                do throws(RequestFailure) {
                    let image = try await client.set(.hidden, of: entry.id, to: true)
                    if let image, !image.marks.contains(mark) {
                        // Another run has removed the mark in between.
                        try await client.set(.hidden, of: entry.id, to: false)
                        return Outcome(entry, .kept(.changed(["tags"])), attempts: reply.attempts)
                    }
                } catch {
                    refusal = error.cause
                }
            }
            return Outcome(
                entry,
                .marked(until: mark.dueAt),
                error: refusal,
                requestID: reply.requestID,
                attempts: reply.attempts
            )
        } catch {
            return Outcome(entry, unchanged: await certain(error, of: entry))
        }
    }

    /// Removes the marks of an image, and shows it again.
    ///
    /// The tags go first: a mark that stays would delete the image when it is due. `--restore` shows an image that stays
    /// hidden.
    private func unmark(_ entry: DeletionPlan.Entry, _ reason: KeepReason?) async -> Outcome {
        var attempts = 0
        do throws(RequestFailure) {
            for mark in entry.image?.marks ?? [] {
                do throws(RequestFailure) {
                    attempts += try await client.removeTag(mark.tag, from: entry.id).attempts
                } catch {
                    // The tag may be gone, or the image.
                    guard error.cause.isNotFound else { throw error }
                    attempts += error.attempts
                    do throws(ImageDeletionError) { _ = try await client.image(entry.id) } catch {
                        throw RequestFailure(cause: error, attempts: attempts, mayHaveActed: true)
                    }
                }
            }
            // Another run may be hiding it just now.
            if entry.image?.canBeHidden == true || entry.image?.isHidden == true {
                try await client.set(.hidden, of: entry.id, to: false)
            }
            return Outcome(entry, .unmarked(reason), attempts: max(attempts, 1))
        } catch {
            return Outcome(entry, unchanged: await certain(error, of: entry))
        }
    }

    /// Returns the failure of a deletion as what it means for `entry`. A 403 that does not say why may be about the
    /// image. For an image that was seen to be the project's own, the account lacks the permission, and every other image
    /// would meet the same.
    private func certain(_ failure: RequestFailure, of entry: DeletionPlan.Entry) async -> RequestFailure {
        guard var error = failure.cause.serviceError, error.kind == .forbidden, error.service == .image,
            let project = try? await client.authorization.signIn(), entry.image?.isPrivate(to: project.id) == true
        else { return failure }
        error.kind = .lacksPermission
        var failure = failure
        failure.cause = .service(error)
        return failure
    }

    /// Puts the protection back where the image is still there.
    private func protectingAgain(
        _ entry: DeletionPlan.Entry,
        _ outcome: Outcome,
        after failure: RequestFailure
    ) async -> Outcome {
        switch outcome.result {
        case .deleted, .missing: return outcome
        case .marked, .unmarked, .failed, .kept, .wouldDelete, .wouldMark, .wouldUnmark, .pending: break
        }
        guard let refusal = await protectAgain(entry.id) else { return outcome }
        guard refusal.cause.isNotFound else { return Outcome(entry, after: failure, protectionFault: .notPutBack) }
        // It is gone: by the deletion whose answer was lost, or by somebody else.
        guard failure.mayHaveActed else {
            return gone(entry, refusal, attempts: failure.attempts)
        }
        return Outcome(entry, .deleted, error: failure.cause, attempts: failure.attempts)
    }

    /// Somebody deleted the image, or an earlier run did: this one has sent no deletion that may have acted.
    private func gone(_ entry: DeletionPlan.Entry, _ refusal: RequestFailure, attempts: Int = 0) -> Outcome {
        Outcome(entry, entry.wasBegun ? .deleted : .missing, error: refusal.cause, attempts: attempts)
    }

    /// In a task of its own: whoever gives the run up does not mean to leave an image unprotected.
    private func protectAgain(_ id: ImageID) async -> RequestFailure? {
        await Task { await protect(id, true) }.value
    }

    /// - Returns: Why the protection is not as asked for; nil where it is.
    private func protect(_ id: ImageID, _ isProtected: Bool) async -> RequestFailure? {
        do throws(RequestFailure) {
            try await client.set(.protected, of: id, to: isProtected)
            return nil
        } catch {
            return error
        }
    }

    /// Waits until `id` cannot be seen any more, up to ten minutes.
    ///
    /// - Returns: What kept it from being seen to be gone; nil once it is gone.
    private func lingering(_ id: ImageID) async -> ImageDeletionError? {
        let clock = client.connection.clock
        let patience = clock.now().addingTimeInterval(10 * 60)
        var pause = Duration.milliseconds(500)
        while true {
            do throws(ImageDeletionError) {
                let image = try await client.image(id)
                if ["deleted", "pending_delete"].contains(image.status) { return nil }
                let failure = ImageDeletionError.service(
                    ServiceError(.image, .unexpected, status: 204, message: "accepted, but the image is still there")
                )
                // Stopped or not: the service said 204, and what it said is told.
                if isStopped || clock.now() >= patience { return failure }
                do { try await clock.sleep(pause) } catch { return failure }
                pause = min(pause * 2, .seconds(5))
            } catch {
                return error.isNotFound ? nil : error
            }
        }
    }
}
