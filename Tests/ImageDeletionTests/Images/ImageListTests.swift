import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("List of images", .timeLimit(.minutes(10)))
struct ImageListTests {
    private static let query = ImageQuery(owner: DemoImage.projectID, pageSize: 5)

    /// One page of a list, as a server writes it.
    private static func page(_ numbers: some Sequence<Int>, next: String? = nil, isLinked: Bool = true) -> String {
        let images = numbers.map { #"{"id":"\#(Sample.id($0))","name":"n-\#($0)"}"# }.joined(separator: ",")
        let links = isLinked ? #","first":"/v2/images""# + (next.map { #","next":"\#($0)""# } ?? "") : ""
        return #"{"images":[\#(images)]\#(links)}"#
    }

    /// The numbers of the images that are listed.
    private func numbers(_ fixture: ServiceFixture, _ query: ImageQuery = query) async throws -> [Int] {
        try await fixture.service().images(query).compactMap { Int($0.id.description.suffix(12)) }
    }

    /// A server whose list is what `answer` says of the marker and the number of earlier pages.
    private func fixture(_ answer: @escaping @Sendable (Int?, Int) -> FaultyTransport.Fault?) -> ServiceFixture {
        ServiceFixture { request, earlier in
            guard request.line == "GET /v2/images" else { return nil }
            if Self.isHidden(request) { return .answer(200, body: Self.page([])) }
            return answer(Self.marker(request), earlier)
        }
    }

    private static func items(_ request: SentRequest) -> [URLQueryItem] {
        URLComponents(url: request.url, resolvingAgainstBaseURL: false)?.queryItems ?? []
    }

    private static func marker(_ request: SentRequest) -> Int? {
        items(request).first { $0.name == "marker" }?.value.flatMap { Int($0.suffix(12)) }
    }

    private static func isHidden(_ request: SentRequest) -> Bool { items(request).contains { $0.name == "os_hidden" } }

    /// The requests for the ordinary list.
    private func lists(_ fixture: ServiceFixture) -> [SentRequest] {
        fixture.transport.requests.filter { $0.method == "GET" && !Self.isHidden($0) }
    }

    @Test("Reads all pages", arguments: [1, 4, 5, 6, 10, 11, 23])
    func pages(count: Int) async throws {
        let fixture = ServiceFixture(images: Sample.images(count))
        #expect(Set(try await numbers(fixture)) == Set(1...count))
        // A full page may be followed by an empty one.
        #expect(lists(fixture).count == count / 5 + 1)
    }

    @Test("Reads pages that are shorter than requested", arguments: [1, 2, 3, 4])
    func shortPages(longest: Int) async throws {
        let fixture = ServiceFixture(images: Sample.images(13), longestPage: longest)
        let read = try await numbers(fixture)
        #expect(read.count == 13)
        #expect(Set(read) == Set(1...13))
    }

    @Test("Uses the last version of an image that is listed twice")
    func changed() async throws {
        let fixture = fixture { marker, _ in
            let pages: [Int?: String] = [
                nil: Self.page(1...5, next: "x"),
                5: Self.page(5...8).replacing("n-5", with: "release"),
            ]
            return pages[marker].map { .answer(200, body: $0) } ?? .answer(400)
        }
        let images = try await fixture.service().images(Self.query) { $0.name?.hasPrefix("n-") ?? false }
        #expect(images.compactMap(\.name) == ["n-1", "n-2", "n-3", "n-4", "n-6", "n-7", "n-8"])
    }

    @Test("Reads until a page is empty when pages have no links")
    func unlinked() async throws {
        let fixture = fixture { marker, _ in
            let pages: [Int?: ClosedRange<Int>] = [nil: 1...5, 5: 6...7, 7: 8...12]
            return .answer(200, body: Self.page(pages[marker].map(Array.init) ?? [], isLinked: false))
        }
        #expect(try await numbers(fixture) == Array(1...12))
        #expect(lists(fixture).count == 4)
    }

    @Test("Stops at a page with links but no next one")
    func linkedEnd() async throws {
        let fixture = fixture { marker, _ in
            .answer(200, body: marker == nil ? Self.page(1...2, next: "/v2/images?marker=x") : Self.page(3...3))
        }
        #expect(try await numbers(fixture) == [1, 2, 3])
        #expect(lists(fixture).count == 2)
    }

    @Test(
        "Ignores the address of the next page and uses only its own endpoint",
        arguments: ["https://elsewhere.example/v2/images?marker=x", "//elsewhere.example", "/v3/users", "", "%%"]
    )
    func foreignLink(next: String) async throws {
        let fixture = fixture { marker, _ in
            .answer(200, body: marker == nil ? Self.page(1...5, next: next) : Self.page([]))
        }
        #expect(try await numbers(fixture) == Array(1...5))
        #expect(lists(fixture).allSatisfy { $0.url.host == fixture.cloud.imageURL.host && $0.url.path == "/v2/images" })
        #expect(lists(fixture).map(Self.marker) == [nil, 5])
    }

    @Test("Lists each image once when a page is repeated")
    func pageTwice() async throws {
        let fixture = fixture { marker, earlier in
            switch (marker, earlier) {
            case (nil, _): .answer(200, body: Self.page(1...5, next: "x"))
            case (5, 1): .answer(200, body: Self.page(1...5, next: "x"))
            case (5, _): .answer(200, body: Self.page(6...10, next: "x"))
            case (10, _): .answer(200, body: Self.page(4...7, next: "x"))
            case (7, _): .answer(200, body: Self.page(11...12))
            default: .answer(400)
            }
        }
        #expect(try await numbers(fixture) == Array(1...12))
    }

    @Test("Fails when pages repeat in a circle")
    func circle() async throws {
        let fixture = fixture { _, _ in .answer(200, body: Self.page(1...5, next: "x")) }
        await #expect(throws: ImageDeletionError.self) { try await numbers(fixture) }
        #expect(lists(fixture).count < 10)
        let (one, other) = (Self.page(1...5, next: "x"), Self.page(6...10, next: "x"))
        let two = self.fixture { marker, _ in .answer(200, body: marker == 5 ? other : one) }
        await #expect(throws: ImageDeletionError.self) { try await numbers(two) }
        #expect(lists(two).count < 20)
    }

    @Test("Fails when the list does not end", arguments: Sampling.of([1, 50_000], 1))
    func invented(count: Int) async throws {
        let fixture = fixture { marker, _ in
            let first = (marker ?? 0) + 1
            return .answer(200, body: Self.page(first..<(first + count), next: "x"))
        }
        let error = await #expect(throws: ImageDeletionError.self) {
            _ = try await fixture.service().images(Self.query) { _ in false }
        }
        #expect("\(error.debugDescription)".contains("the list of images does not end"))
        #expect(lists(fixture).count <= (count == 1 ? 2_000 : 10))
    }

    @Test(
        "Lists all other images once when some are deleted while the list is read",
        arguments: [[5], [4, 5], [1, 2, 3, 4, 5], [5, 6], [10], [6, 7, 8, 9, 10], Array(1...10)],
        [400, 404]
    )
    func vanishing(gone: [Int], status: Int) async throws {
        // They go when the page after the last of them is asked for.
        let last = gone.max() ?? 0
        let fixture = fixture { marker, earlier in
            let isGone = earlier > (last - 1) / 5
            let left = (1...17).filter { !isGone || !gone.contains($0) }
            guard let marker else { return .answer(200, body: Self.page(left.prefix(5), next: "x")) }
            guard let index = left.firstIndex(of: marker) else { return .answer(status) }
            let page = left[(index + 1)...].prefix(5)
            return .answer(200, body: Self.page(page, next: page.count == 5 ? "x" : nil))
        }
        let read = try await numbers(fixture)
        #expect(Set(read).isSuperset(of: Set(1...17).subtracting(gone)))
        #expect(read.count == Set(read).count)
    }

    @Test("Continues after the last image that still exists")
    func stepsBack() async throws {
        let fixture = fixture { marker, _ in
            switch marker {
            case nil: .answer(200, body: Self.page(1...5, next: "x"))
            case 2: .answer(200, body: Self.page(6...7))
            default: .answer(400)
            }
        }
        #expect(try await numbers(fixture) == [1, 2, 3, 4, 5, 6, 7])
        #expect(lists(fixture).map(Self.marker) == [nil, 5, 4, 2])
    }

    @Test("Fails when the server rejects every marker")
    func neverKnown() async throws {
        let fixture = fixture { marker, _ in
            marker == nil ? .answer(200, body: Self.page(1...5, next: "x")) : .answer(400)
        }
        await #expect(throws: ImageDeletionError.self) { try await numbers(fixture) }
        #expect(lists(fixture).count < 50)
    }

    @Test("Fails instead of returning a shorter list", arguments: [400, 401, 403, 404, 500])
    func failing(status: Int) async throws {
        let first = fixture { _, _ in .answer(status) }
        await #expect(throws: ImageDeletionError.self) { try await numbers(first) }
        #expect(lists(first).count == (status == 401 ? 2 : status == 500 ? 5 : 1))
        guard status != 400, status != 404 else { return }
        let second = fixture { marker, _ in marker == nil ? nil : .answer(status) }
        await #expect(throws: ImageDeletionError.self) { try await numbers(second, Self.query) }
    }

    @Test("Retries transient failures and replaces an expired token")
    func passing() async throws {
        let fixture = ServiceFixture(images: Sample.images(12)) { request, earlier in
            guard request.method == "GET" else { return nil }
            return earlier == 1 ? .answer(503) : earlier == 3 ? .answer(401) : nil
        }
        #expect(Set(try await numbers(fixture)) == Set(1...12))
        #expect(fixture.transport.count("POST") == 2)
    }

    @Test(
        "Rejects a response that is not a list",
        arguments: ["", "[]", "{}", #"{"images":{}}"#, #"{"images":null}"#, "<html>", #"{"images":["#]
    )
    func noList(body: String) async throws {
        let fixture = fixture { _, _ in .answer(200, body: body) }
        await #expect(throws: ImageDeletionError.self) { try await numbers(fixture) }
    }

    @Test(
        "Rejects a list with an unreadable entry",
        arguments: [#"{"id":"../x"}"#, #"{"name":"a"}"#, "null", "5"]
    )
    func noImage(entry: String) async throws {
        let entries = #"{"images":[{"id":"\#(Sample.id(1))"},\#(entry)],"first":"/v2/images"}"#
        let fixture = fixture { _, _ in .answer(200, body: entries) }
        let error = await #expect(throws: ImageDeletionError.self) { try await numbers(fixture) }
        #expect("\(error.debugDescription)".contains("entry 2 of a page of the list of images has no image ID"))
    }

    @Test("Rejects a list that has a next page after an empty one", arguments: [nil, 5])
    func brokenOff(marker: Int?) async throws {
        let fixture = fixture { place, _ in
            .answer(200, body: place == marker ? Self.page([], next: "x") : Self.page(1...5, next: "x"))
        }
        await #expect(throws: ImageDeletionError.self) { try await numbers(fixture) }
    }

    @Test("Lists each hidden image once, in its last version")
    func hidden() async throws {
        let hidden = (6...13).map { DemoImage(id: Sample.id($0), name: "n", isHidden: true) }
        let fixture = ServiceFixture(images: Sample.images(5) + hidden, longestPage: 3)
        let images = try await fixture.service().images(Self.query)
        #expect(images.filter(\.isHidden).count == 8)
        #expect(Set(images.map(\.id)).count == 13)

        // Image 4 is hidden while the first list is read.
        let moving = ServiceFixture { request, _ in
            guard request.line == "GET /v2/images" else { return nil }
            guard Self.isHidden(request) else { return .answer(200, body: Self.page(1...4, next: nil)) }
            let page = Self.page(4...4).replacing("}]", with: #","os_hidden":true}]"#)
            return .answer(200, body: page)
        }
        let moved = try await moving.service().images(Self.query)
        #expect(moved.map(\.isHidden) == [false, false, false, true])
    }

    @Test("Lists no hidden images when the service rejects or ignores the parameter")
    func noHidden() async throws {
        for isRefused in [true, false] {
            let fixture = ServiceFixture { request, _ in
                guard request.line == "GET /v2/images" else { return nil }
                if isRefused, Self.isHidden(request) { return .answer(400) }
                return .answer(200, body: Self.marker(request) == nil ? Self.page(1...5, next: "x") : Self.page(6...7))
            }
            #expect(try await numbers(fixture) == Array(1...7))
            #expect(fixture.transport.count("GET") == 3)
        }
        let failing = ServiceFixture { request, _ in Self.isHidden(request) ? .answer(403) : nil }
        await #expect(throws: ImageDeletionError.self) { try await numbers(failing) }
    }

    @Test("Fails when not all hidden images can be listed", arguments: [1, 2])
    func halfHidden(page: Int) async throws {
        let hidden = Self.page(1...5, next: "x").replacing(#""}"#, with: #"","os_hidden":true}"#)
        let fixture = ServiceFixture { request, _ in
            guard request.line == "GET /v2/images" else { return nil }
            guard Self.isHidden(request) else { return .answer(200, body: Self.page(6...7)) }
            if page == 1 { return .answer(200, body: Self.page([], next: "x")) }
            return Self.marker(request) == nil ? .answer(200, body: hidden) : .answer(400)
        }
        await #expect(throws: ImageDeletionError.self) { try await numbers(fixture) }
    }

    @Test("Treats a link that is not a string as a next page")
    func oddLink() async throws {
        let fixture = fixture { marker, _ in
            let first = Self.page(1...2, next: "x").replacing(#""next":"x""#, with: #""next":{"href":"x"}"#)
            return .answer(200, body: marker == nil ? first : Self.page(3...3))
        }
        #expect(try await numbers(fixture) == [1, 2, 3])
    }

    @Test(
        "Encodes the query",
        arguments: ["plain", "a b", "a+b", "a&owner=x", "ä/ö", "50%", "#", "?", "in:a,b", "=", "日本"]
    )
    func encoding(text: String) async throws {
        let fixture = ServiceFixture()
        _ = try await numbers(
            fixture,
            ImageQuery(owner: "o", name: text, tags: [text, "ci", "a.b", "a=b"], pageSize: 7)
        )
        let items = Self.items(try #require(lists(fixture).first))
        // Glance would take a name that begins so for a list of names; it is looked for here alone.
        let name = text.hasPrefix("in:") ? [] : [URLQueryItem(name: "name", value: text)]
        #expect(
            items == [URLQueryItem(name: "owner", value: "o"), URLQueryItem(name: "limit", value: "7")] + name
                + (text.contains("=") ? [] : [URLQueryItem(name: "tag", value: text)])
                + [URLQueryItem(name: "tag", value: "ci")]
        )
        #expect(lists(fixture).first?.url.absoluteString.contains("+") == false)
    }

    @Test("Keeps only the matching images of a long list")
    func many() async throws {
        let (count, pageSize) = (Sampling.count(100_000, sample: 10_000), 500)
        let fixture = fixture { marker, _ in
            let first = (marker ?? 0) + 1
            let page = first..<min(first + pageSize, count + 1)
            return .answer(200, body: Self.page(page, next: page.count == pageSize ? "x" : nil))
        }
        let images = try await fixture.service().images(ImageQuery(owner: "o", pageSize: pageSize)) { image in
            image.id.description.hasSuffix("777")
        }
        #expect(images.count == count / 1000)
        #expect(lists(fixture).count == count / pageSize + 1)
    }
}
