import Foundation
import ImageDeletion
import TestSupport
import Testing

/// What the identity service answers, well or badly.
@Suite("Token response")
struct TokenResponseTests {
    private func fixture(_ fault: FaultyTransport.Fault) -> ServiceFixture {
        ServiceFixture { request, _ in request.method == "POST" ? fault : .answer(204) }
    }

    private func error(_ fixture: ServiceFixture, _ changes: [String: String?] = [:]) async throws
        -> ImageDeletionError?
    {
        let service = try fixture.service(changes)
        do {
            _ = try await service.signIn()
            return nil
        } catch {
            return error
        }
    }

    @Test("Sends a long token unchanged", arguments: [1, 16_384, 40_000])
    func longToken(length: Int) async throws {
        let token = String(repeating: "Z", count: length)
        let fixture = fixture(SampleTokenResponse { $0.token = token }.fault)
        try await fixture.service().delete(imageWithID: Sample.id(1))
        #expect(fixture.transport.requests.last?.header("X-Auth-Token") == token)
        #expect(!"\(fixture.events.value)".contains("ZZZ"))
    }

    @Test(
        "Reads an expiry with any fraction of a second",
        arguments: [
            "2026-11-19T11:06:40Z", "2026-11-19T11:06:40.000Z", "2026-11-19T11:06:40.000000Z",
            "2026-11-19T11:06:40.527363Z",
        ]
    )
    func expiry(text: String) async throws {
        let fixture = fixture(SampleTokenResponse { $0.expiresAt = text }.fault)
        let service = try fixture.service()
        #expect(try await service.signIn().project?.name == "ci")
        // A day less five minutes later it is due, and not before.
        fixture.clock.advance(by: 24 * 3600 - 300 - 1)
        _ = try await service.signIn()
        #expect(fixture.transport.count("POST") == 1)
        fixture.clock.advance(by: 2)
        _ = try await service.signIn()
        #expect(fixture.transport.count("POST") == 2)
    }

    static let unusableAnswers: [(FaultyTransport.Fault, String)] = [
        (SampleTokenResponse { $0.token = nil }.fault, "X-Subject-Token"),
        (SampleTokenResponse { $0.token = "" }.fault, "X-Subject-Token"),
        (SampleTokenResponse { $0.token = "two words" }.fault, "characters"),
        (SampleTokenResponse { $0.token = "a\r\nX-Evil: 1" }.fault, "characters"),
        (SampleTokenResponse { $0.token = "tökén" }.fault, "characters"),
        (SampleTokenResponse { $0.token = "a\u{7F}" }.fault, "characters"),
        (SampleTokenResponse { $0.expiresAt = nil }.fault, "expires_at"),
        (SampleTokenResponse { $0.expiresAt = "tomorrow" }.fault, "expires_at"),
        (SampleTokenResponse { $0.expiresAt = "" }.fault, "expires_at"),
        (.answer(201, headers: ["X-Subject-Token": "t"]), "no token description"),
        (.answer(201, headers: ["X-Subject-Token": "t"], body: "<html>Welcome</html>"), "no token description"),
        (.answer(201, headers: ["X-Subject-Token": "t"], body: "{}"), "no token description"),
        (.answer(200, headers: ["X-Subject-Token": "t"], body: #"{"token":[]}"#), "no token description"),
        (.answer(201, headers: ["X-Subject-Token": "t"], body: #"{"token":{"expires_at":7}}"#), "no token description"),
    ]

    @Test("Rejects an invalid token response and reports why", arguments: unusableAnswers.indices)
    func unusable(index: Int) async throws {
        let (fault, words) = Self.unusableAnswers[index]
        let fixture = fixture(fault)
        guard let error = try await error(fixture)?.serviceError else {
            Issue.record("no error")
            return
        }
        #expect(error.service == .identity)
        #expect(error.kind == .unexpected)
        #expect(error.message?.contains(words) == true)
        #expect(fixture.transport.requests.count == 1)
    }

    @Test("Reports an expired token with both clocks")
    func ended() async throws {
        let answer = SampleTokenResponse {
            $0.expiresAt = "2026-11-18T11:06:40Z"
            $0.headers = ["Date": "Wed, 18 Nov 2026 11:06:00 GMT"]
        }
        let fixture = fixture(answer.fault)
        #expect(
            try await error(fixture)
                == .configuration([
                    .tokenEnded(
                        expiresAt: fixture.clock.now,
                        now: fixture.clock.now,
                        serverTime: fixture.clock.now.addingTimeInterval(-40)
                    )
                ])
        )
    }

    @Test("Finds no image with a token without a project")
    func unscoped() async throws {
        let fixture = fixture(SampleTokenResponse { $0.projectID = nil }.fault)
        #expect(try await error(fixture) == .configuration([.tokenWithoutProject]))
    }

    /// The project that was wanted and the one that the token is for, where that is what is wrong.
    private func projects(_ error: ImageDeletionError?) -> [String?] {
        guard case .configuration(let problems)? = error?.reason, problems.count == 1,
            case .otherProject(let wanted, let token) = problems[0]
        else { return [] }
        return [wanted, token.id, token.name]
    }

    @Test("Rejects a token of another project")
    func otherProject() async throws {
        let fixture = fixture(
            SampleTokenResponse {
                $0.projectID = "other"
                $0.projectName = "prod"
            }.fault
        )
        #expect(try await projects(error(fixture)) == ["ci", "other", "prod"])
        #expect(try await projects(error(fixture, ["OS_PROJECT_ID": "p1"])) == ["p1", "other", "prod"])
        #expect(try await error(fixture, ["OS_PROJECT_ID": "other", "OS_PROJECT_NAME": ""]) == nil)
        // Both are set, and only one of them is the token's.
        #expect(try await projects(error(fixture, ["OS_PROJECT_ID": "other"])) == ["ci", "other", "prod"])
    }

    @Test("Rejects an application credential or OS_TOKEN of another project")
    func otherProjectThanSaid() async throws {
        let fixture = ServiceFixture { _, _ in SampleTokenResponse { $0.status = 200 }.fault }
        let credential = [
            "OS_APPLICATION_CREDENTIAL_ID": "a1", "OS_APPLICATION_CREDENTIAL_SECRET": "s", "OS_PASSWORD": "",
        ]
        for changes in [credential, ["OS_TOKEN": "t"]] {
            let wrong = try await error(fixture, changes.merging(["OS_PROJECT_NAME": "prod"]) { $1 })
            #expect(projects(wrong) == ["prod", "70c77dc6bbfa40dbb5f00e6705972d6f", "ci"])
            #expect(try await error(fixture, changes.merging(["OS_PROJECT_NAME": ""]) { $1 }) == nil)
        }
    }

    @Test(
        "Reports only a wrong clock",
        arguments: [
            ("Wed, 18 Nov 2026 10:06:40 GMT", 3600.0), ("Wed, 18 Nov 2026 12:06:40 GMT", -3600),
            ("Wed, 18 Nov 2026 11:02:00 GMT", nil), ("lunch time", nil),
        ]
    )
    func clock(date: String, seconds: Double?) async throws {
        let fixture = fixture(SampleTokenResponse { $0.headers = ["Date": date] }.fault)
        _ = try await fixture.service().signIn()
        let told = fixture.events.value.compactMap { event in
            if case .clockDiffers(let seconds) = event { seconds } else { nil }
        }
        #expect(told == [seconds].compactMap { $0 })
    }
}
