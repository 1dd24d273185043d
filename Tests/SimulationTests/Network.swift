import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

/// The network between one process and the cloud. It injects faults and records in the ledger what truly happened.
final class Network: HTTPTransport, @unchecked Sendable {
    private let process: Int
    private let scenario: Scenario
    private let cloud: DemoCloud
    /// Called before each request with the number of requests so far.
    private let onRequest: @Sendable (Int) async -> Void
    private var generator: SeededGenerator
    /// The earliest times for requests to be repeated, from `Retry-After`.
    private var notBefore: [String: TimeInterval] = [:]
    private var lastPage: HTTPResponse?

    init(
        of process: Int,
        on scenario: Scenario,
        to cloud: DemoCloud,
        seed: Int,
        onRequest: @escaping @Sendable (Int) async -> Void
    ) {
        self.process = process
        self.scenario = scenario
        self.cloud = cloud
        self.onRequest = onRequest
        generator = SeededGenerator(seed: seed)
    }

    private var ledger: Ledger { scenario.ledger }
    private var scheduler: Scheduler { scenario.scheduler }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        if Task.isCancelled { throw TransportError(.cancelled, "cancelled") }
        let sent = SentRequest(request)
        ledger[process].requests.append(sent)
        if ledger[process].hasEnded { ledger[process].late += 1 }
        await onRequest(ledger[process].requests.count)
        if let earliest = notBefore.removeValue(forKey: sent.identity), scheduler.time < earliest {
            ledger[process].hasty += 1
        }
        let fault = scenario.faultProfile.fault(of: sent, &generator)
        if let fault { ledger.count("\(sent.method) \(fault.kind)") }
        if sent.changesImages {
            let id = sent.imageID
            ledger[process].begun[id] = ledger[process].begun[id] ?? scheduler.time
            if sent.deletesImage, fault?.mayLoseAnswer ?? false { ledger[process].unanswered.insert(id) }
        }
        ledger.note("\(process): \(sent.method) \(sent.url.path) \(fault?.name ?? "")")
        try await wait(.milliseconds(generator.number(0...200)))
        let answer = try await answer(to: request, sent, fault)
        try await wait(.milliseconds(generator.number(0...200)))
        if let seconds = answer.headers["Retry-After"].flatMap(Double.init),
            (0...60).contains(seconds), !saysTokenIsRefused(answer.body)
        {
            notBefore[sent.identity] = scheduler.time + seconds
        }
        if answer.status == 401 {
            if sent.method == "POST" {
                ledger[process].credentialsRefused += 1
            } else {
                ledger[process].tokensRefused += 1
            }
        }
        return answer
    }

    /// Waits, and fails if the process gives up meanwhile; what the server has done remains.
    private func wait(_ duration: Duration) async throws {
        do { try await scheduler.sleep(duration) } catch { throw TransportError(.cancelled, "cancelled") }
    }

    private func answer(
        to request: HTTPRequest,
        _ sent: SentRequest,
        _ fault: FaultProfile.Fault?
    ) async throws -> HTTPResponse {
        switch fault {
        case nil: return try await act(request, sent, isShown: true)
        case .refused: throw TransportError(.unreachable, "connection refused")
        case .untrusted: throw TransportError(.untrusted, "certificate has expired")
        case .reset(let hasActed):
            if hasActed { _ = try await act(request, sent) }
            throw TransportError(.connectionLost, "connection reset by peer")
        case .silence(let hasActed):
            if hasActed { _ = try await act(request, sent) }
            try await wait(.seconds(24 * 60 * 60))
            throw TransportError(.connectionLost, "connection reset by peer")
        case .drip(let seconds):
            let answer = try await act(request, sent, isShown: true)
            try await wait(.seconds(seconds))
            return answer
        case .late(let seconds):
            // What is put back before a request that is still on its way will not stay so.
            if sent.method == "PATCH" { ledger[process].protectionUnknown.insert(sent.imageID) }
            if sent.changesImages { ledger[process].changeUnknown.insert(sent.imageID) }
            Task {
                try await scheduler.sleep(.seconds(seconds))
                _ = try await act(request, sent)
            }
            throw TransportError(.connectionLost, "connection reset by peer")
        case .truncated:
            var response = try await act(request, sent)
            response.body = response.body.prefix(response.body.count / 2)
            return response
        case .oversized:
            _ = try await act(request, sent)
            throw TransportError(.oversizedAnswer, "the answer exceeds 16777216 bytes")
        case .answer(let answer, let hasActed):
            if hasActed { _ = try await act(request, sent) }
            note(answer, to: sent, hasActed: hasActed)
            return other(answer, sent)
        case .list(let list):
            let answer = try await act(request, sent)
            guard sent.line == "GET /v2/images" else { return answer }
            ledger[process].wasShownAnotherList = true
            return changed(answer, list)
        }
    }

    /// Passes the request to the cloud.
    ///
    /// - Parameter isShown: Whether the process sees the response as it is.
    private func act(
        _ request: HTTPRequest,
        _ sent: SentRequest,
        isShown: Bool = false
    ) async throws -> HTTPResponse {
        if sent.method == "POST", scenario.hasOldPassword { return other(FaultProfile.Answer(status: 401), sent) }
        let answer = try await cloud.answer(to: request, seenBy: ledger)
        let status = answer.status
        if status == 401, sent.method != "POST" { ledger[process].endedTokens += 1 }
        if sent.deletesImage, status == 204 { ledger[process].taken.insert(sent.imageID) }
        if sent.method == "PATCH", status == 200, sent.body.contains(Data("false".utf8)),
            sent.body.contains(Data("/protected".utf8))
        {
            ledger[process].unprotected.insert(sent.imageID)
        }
        if isShown, sent.method == "GET", sent.url.pathComponents.count == 4, status == 200 {
            ledger[process].shown[sent.imageID] = ledger.now[sent.imageID]
        }
        if let token = answer.headers["X-Subject-Token"] { ledger.keepSecret(token) }
        ledger.note("\(process): \(sent.method) \(sent.url.lastPathComponent) … \(status)")
        return answer
    }

    /// Records what an injected response reports of an image.
    private func note(_ answer: FaultProfile.Answer, to sent: SentRequest, hasActed: Bool) {
        if sent.line == "GET /v2/images" { ledger[process].wasShownAnotherList = true }
        guard sent.url.path.hasPrefix("/v2/images/") else { return }
        let id = sent.imageID
        if sent.changesImages { ledger[process].changeUnknown.insert(id) }
        if answer.saysGone { ledger[process].saidGone.insert(id) }
        if answer.saysHeld { ledger[process].saidHeld.insert(id) }
        if sent.method == "PATCH" { ledger[process].protectionUnknown.insert(id) }
        if sent.deletesImage, hasActed {
            ledger[process].answeredOtherwise.insert(id)
            if answer.saysRefused { ledger[process].saidRefused.insert(id) }
        }
    }

    /// Returns whether a response, whatever its status, refuses the token, so that a retry with a new one need not wait.
    private func saysTokenIsRefused(_ body: Data) -> Bool {
        ["IMG.0087", "1103", "need to refresh"].contains { body.range(of: Data($0.utf8)) != nil }
    }

    private func other(_ answer: FaultProfile.Answer, _ sent: SentRequest) -> HTTPResponse {
        let token = sent.header("X-Auth-Token") ?? "no token"
        func filled(_ text: String) -> String {
            text.replacing("TOKEN", with: token).replacing("BODY", with: String(decoding: sent.body, as: UTF8.self))
        }
        // Not to a deletion: that would be the server's lie, and nobody could see through it.
        let status = answer.status == 204 && ["DELETE", "PUT"].contains(sent.method) ? 200 : answer.status
        return HTTPResponse(
            status: status,
            headers: HTTPHeaders(answer.headers.mapValues(filled)),
            body: Data(filled(answer.body).utf8)
        )
    }

    private func changed(_ answer: HTTPResponse, _ list: FaultProfile.List) -> HTTPResponse {
        defer { lastPage = answer }
        guard var page = try? JSONSerialization.jsonObject(with: answer.body) as? [String: Any] else { return answer }
        switch list {
        case .repeated: return lastPage ?? answer
        case .lost: page["images"] = (page["images"] as? [Any])?.filter { _ in !generator.once(in: 3) }
        case .linkless: (page["next"], page["first"]) = (nil, nil)
        case .linked: page["next"] = "/v2/images?marker=more"
        }
        var changed = answer
        if let body = try? JSONSerialization.data(withJSONObject: page, options: [.sortedKeys]) { changed.body = body }
        return changed
    }
}

extension SentRequest {
    /// The method, URL and body: retries of one request have the same.
    fileprivate var identity: String { "\(method) \(url) \(String(decoding: body, as: UTF8.self))" }

    /// Whether it is a request to change an image.
    var changesImages: Bool { method != "GET" && url.path.hasPrefix("/v2/images") }

    /// Whether it asks for the deletion of an image.
    var deletesImage: Bool {
        method == "DELETE" && url.path.hasPrefix("/v2/images/") && url.pathComponents.count == 4
    }

    /// The ID of the image that it is about; empty if it is about none.
    var imageID: String { url.pathComponents.count > 3 ? url.pathComponents[3] : "" }
}

extension DemoCloud {
    /// Returns the response to `request` and records the images after it, as one atomic step.
    fileprivate func answer(to request: HTTPRequest, seenBy ledger: Ledger) async throws -> HTTPResponse {
        let answer = try await send(request)
        ledger.see(currentImages)
        return answer
    }
}
