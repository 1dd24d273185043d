import ImageDeletionEssentials

/// How every request leaves: deadline, retry, redaction and the record of it are here and nowhere else.
public struct ServiceConnection: Sendable {
    /// The transport; nil for a ``CurlTransport`` that ``ImageService`` creates with the environment's certificates.
    public var transport: (any HTTPTransport)?
    /// When a request is sent again.
    public var retry: RetryPolicy
    /// The time limit of one attempt, from its start to its last byte. ``CurlTransport`` keeps it itself; the task of any
    /// other transport is cancelled then.
    public var timeout: Duration
    /// What o'clock it is, and how to wait.
    public var clock: WallClock
    /// Is told what happens on the way, from any task, which waits for it.
    public var report: @Sendable (ServiceEvent) -> Void

    /// A connection; the defaults are those of the command.
    public init(
        transport: (any HTTPTransport)? = nil,
        retry: RetryPolicy = RetryPolicy(),
        timeout: Duration = .seconds(30),
        clock: WallClock = .system,
        report: @escaping @Sendable (ServiceEvent) -> Void = { _ in }
    ) {
        self.transport = transport
        self.retry = retry
        self.timeout = timeout
        self.clock = clock
        self.report = report
    }

    /// Sends until the answer is one that `request` expects, no further try is worth it, or none is left.
    func send(_ request: ServiceRequest) async throws(ServiceError) -> Reply {
        var (httpRequest, redact) = request.attempt(at: clock.now())
        if let fault = httpRequest.fault {
            var error = ServiceError(request.service.name, .invalidRequest, message: fault)
            error.attempts = 0
            throw error
        }
        var earlier: ServiceError?
        var attempt = 1
        var uncertainAttempts = 0
        while true {
            let started = clock.now()
            let answer = await answer(to: httpRequest)
            let response = try? answer.get()
            let requestID = response?.requestID.map(redact.callAsFunction)
            let reading = reading(
                of: answer,
                to: request,
                requestID: requestID,
                attempt: attempt,
                after: earlier,
                redact: redact
            )
            report(
                .request(
                    RequestRecord(
                        request.service.name,
                        httpRequest,
                        attempt: attempt,
                        status: response?.status,
                        failure: reading.failure,
                        requestID: requestID,
                        duration: clock.now().timeIntervalSince(started)
                    )
                )
            )
            guard var failure = reading.failure else { return try reading.get() }
            if failure.isUncertain(retryAfter: response?.headers["Retry-After"]) {
                uncertainAttempts += 1
            }
            failure.uncertainAttempts = uncertainAttempts
            if let limit = request.maximumUncertainAttempts, uncertainAttempts >= limit { throw failure }
            guard failure.isTransient, attempt <= retry.retries, !Task.isCancelled else { throw failure }
            earlier = failure
            let wait = retry.wait(afterAttempt: attempt, response: response, now: clock.now())
            do { try await clock.sleep(wait) } catch { throw failure }
            attempt += 1
            // A signature holds for a few minutes only.
            if request.sign != nil { (httpRequest, redact) = request.attempt(at: clock.now()) }
        }
    }

    private func answer(to request: HTTPRequest) async -> Result<HTTPResponse, TransportError> {
        do {
            switch transport {
            case let transport as CurlTransport: return .success(try await transport.send(request, within: timeout))
            case let transport?: return .success(try await response(to: request, from: transport))
            case nil: preconditionFailure("ImageService sets it")
            }
        } catch let error as TransportError {
            return .failure(error)
        } catch  where error is CancellationError || Task.isCancelled {
            return .failure(TransportError(.cancelled, "cancelled"))
        } catch {
            return .failure(TransportError(.connectionLost, "\(error)"))
        }
    }

    /// Sends through a transport whose own time limits may mean anything.
    private func response(to request: HTTPRequest, from transport: any HTTPTransport) async throws -> HTTPResponse {
        let clock = clock
        let timeout = timeout
        return try await withThrowingTaskGroup { group in
            group.addTask { () -> HTTPResponse? in try await transport.send(request) }
            group.addTask {
                try? await clock.sleep(timeout)
                return nil
            }
            defer { group.cancelAll() }
            if let response = try await group.next() ?? nil { return response }
            group.cancelAll()
            // A transport that is cancelled knows whether it had begun to send.
            let result = await group.nextResult()
            if case .success(let response?) = result { return response }
            if Task.isCancelled { throw CancellationError() }
            var error = TransportError(.timedOut, "")
            if case .failure(let failure as TransportError) = result, failure.kind == .unreachable { error = failure }
            error.noteTimeLimit(timeout)
            throw error
        }
    }

    private func reading(
        of answer: Result<HTTPResponse, TransportError>,
        to request: ServiceRequest,
        requestID: String?,
        attempt: Int,
        after earlier: ServiceError?,
        redact: Redaction
    ) -> Result<Reply, ServiceError> {
        var failure: ServiceError
        switch answer {
        case .success(let response) where request.expects.contains(response.status):
            // A token that has just been made may stand in an address or a name that came with it.
            let made = response.headers["X-Subject-Token"].map {
                Redaction(request.secrets + [Secret($0)])
            }
            return .success(
                Reply(
                    service: request.service.name,
                    status: response.status,
                    body: (made ?? redact)(body: response.body),
                    headers: response.headers,
                    requestID: requestID,
                    attempts: attempt
                )
            )
        case .success(let response):
            let status = response.status
            let told = ErrorBody(response.body, status: status, redact: redact)
            failure = ServiceError(
                request.service.name,
                .init(service: request.service.name, status: status, code: told.code, message: told.message),
                status: status,
                code: told.code,
                message: told.message,
                requestID: requestID ?? told.requestID
            )
            if let methods = AuthenticationReceipt.missingMethods(response) {
                failure.kind = .incompleteCredentials
                failure.message = methods.isEmpty ? nil : redact(methods.joined(separator: ", "))
            }
            if request.sign != nil {
                failure.noteRefusedSignature(
                    hasSecurityToken: request.headers["X-Security-Token"] != nil,
                    now: clock.now(),
                    serviceTime: response.headers["Date"].flatMap(HTTPDate.parse)
                )
            }
            if failure.kind == .redirected {
                failure.message = response.headers["Location"].map(redact.callAsFunction)
            }
        case .failure(let error):
            failure = ServiceError(request.service.name, .init(error.kind), message: redact(error.description))
            if let status = error.status { failure.noteBroken(status: status) }
        }
        failure.attempts = attempt
        if let earlier { failure.follow(earlier) }
        return .failure(failure)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

extension HTTPResponse {
    fileprivate var requestID: String? { headers["X-Openstack-Request-Id"] ?? headers["X-Request-Id"] }
}
