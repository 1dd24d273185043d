import Foundation
import ImageDeletionDemo
import TestSupport
import Testing

@Suite("Names", .serialized)
struct NameTests {
    @Test("Looks up a name with one request per list")
    func one() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "base"), .old(2, "base-2"), .old(3, "Base")])
        let run = try await cloud.run(["--yes", "base"])
        #expect(run.status == 0)
        #expect(
            cloud.requestLines == [
                "POST /identity/v3/auth/tokens",
                "GET /image/v2/images?owner=\(DemoImage.projectID)&limit=500&name=base",
                "GET /image/v2/images?owner=\(DemoImage.projectID)&limit=500&name=base&os_hidden=true",
                "DELETE /image/v2/images/\(Sample.id(1))",
            ]
        )
        #expect(run.output.contains("  deleted  \(Sample.id(1))  base  "))
    }

    @Test("Looks up several names with as many requests as one, and deletes an image once that is given by name and ID")
    func several() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "one"), .old(2, "two"), .old(3, "three")])
        let run = try await cloud.run(["--json", "-y", "two", Sample.id(2), "one"])
        let report = try run.report()
        #expect(report.images.map(\.id) == [Sample.id(2), Sample.id(1)])
        #expect(report.images.map(\.name) == ["two", "one"])
        #expect(report.images.map(\.outcome) == ["deleted", "deleted"])
        #expect(cloud.requestLines.count { $0.hasPrefix("GET /image/v2/images?") } == 2)
        #expect(await cloud.remaining() == [Sample.id(3)])
    }

    @Test("Deletes nothing when a name is ambiguous, and lists the images")
    func ambiguous() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "base"), .old(2, "base", day: 7), .old(3, "other")])
        let run = try await cloud.run(["--yes", "other", "base", Sample.id(3)])
        #expect(run.status == 64)
        // Times are told where the reader is.
        let words = run.errors.replacing(#/created \S+ \S+/#, with: "OLD")
        #expect(
            words == """
                error: 2 images are named “base”; say which by ID:
                  \(Sample.id(2))  OLD  2.0 GiB
                  \(Sample.id(1))  OLD  2.0 GiB
                Nothing was deleted.

                """
        )
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Deletes nothing when a name is unknown, and reports all unknown names")
    func none() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "base")])
        let run = try await cloud.run(["--yes", "base", "nosuch", "Base", "bas", "base*"])
        #expect(run.status == 1)
        for name in ["nosuch", "Base", "bas", "base*"] {
            let hint = name == "base*" ? " Patterns go with --match." : ""
            #expect(run.errors.contains("no private image of project ci is named “\(name)”.\(hint)\n"))
        }
        #expect(run.errors.hasSuffix("Nothing was deleted.\n"))
        #expect(cloud.count("DELETE") == 0)
    }

    @Test("Succeeds for an unknown name with --ignore-missing")
    func ignored() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "base")])
        let run = try await cloud.run(["--yes", "--ignore-missing", "nosuch", "base"])
        #expect(run.status == 0)
        #expect(run.errors == "warning: no private image of project ci is named “nosuch”.\n")
        #expect(await cloud.remaining().isEmpty)
        let alone = try await cloud.run(["--yes", "--ignore-missing", "nosuch"])
        #expect(alone.status == 0)
        #expect(alone.output.contains("/v2 is selected."))
    }

    @Test("Finds only the project's own private images by name", arguments: [false, true])
    func ownOnly(listsAll: Bool) async throws {
        var images: [DemoImage] = []
        for (number, visibility, owner) in [
            (1, "public", DemoImage.projectID), (2, "community", DemoImage.projectID), (3, "private", "another"),
            (4, "shared", "another"), (5, "public", "another"),
        ] {
            var image = DemoImage.old(number, "base")
            (image.visibility, image.owner, image.members) = (visibility, owner, [DemoImage.projectID])
            images.append(image)
        }
        // A server that takes no notice of what it is asked for.
        let listed = images
        let cloud = try LoopbackCloud(images: images) { request, _ in
            guard listsAll, request.path.hasPrefix("/image/v2/images?") else { return nil }
            return .list(listed.map(\.json))
        }
        let run = try await cloud.run(["--yes", "base"])
        #expect(run.status == 1)
        #expect(run.errors.contains("no private image of project ci is named “base”"))
        #expect(cloud.count("DELETE") == 0)

        await cloud.cloud.put(.old(6, "base"))
        #expect(try await cloud.run(["--yes", "base"]).status == (listsAll ? 1 : 0))
    }

    @Test("Finds the project's own shared image by name")
    func lent() async throws {
        var image = DemoImage.old(1, "base")
        image.visibility = "shared"
        let cloud = try LoopbackCloud(images: [image])
        #expect(try await cloud.run(["--yes", "base"]).status == 0)
        #expect(await cloud.remaining().isEmpty)
    }

    @Test(
        "Takes what is not a UUID as a name, and sends it only as a query value",
        arguments: [
            "../../v3/users/1", Sample.id(1) + "/../" + Sample.id(2), Sample.id(1) + "?x=1", Sample.id(1) + "#",
            "%2e%2e%2f" + Sample.id(1), Sample.id(1).replacing("-", with: ""), "{\(Sample.id(1))}", " ", "a&owner=b",
            "a+b", "ä/ö", "--json", "-", "in:a,b",
        ]
    )
    func strange(name: String) async throws {
        let cloud = try LoopbackCloud(images: Sample.images(2))
        let run = try await cloud.run(["--yes", "--", name])
        #expect(run.status == 1)
        #expect(run.errors.contains("is named “"))
        let lists = cloud.requests.filter { $0.method == "GET" }
        #expect(cloud.requests.count == lists.count + 1)
        for list in lists {
            #expect(list.path.hasPrefix("/image/v2/images?owner=\(DemoImage.projectID)&limit=500"))
            let items = URLComponents(string: list.path)?.queryItems ?? []
            #expect(items.allSatisfy { ["owner", "limit", "name", "os_hidden"].contains($0.name) })
            if let asked = items.first(where: { $0.name == "name" }) { #expect(asked.value == name) }
        }
    }

    @Test("Reads names from lists")
    func fromList() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "one"), .old(2, "two words"), .old(3, "three")])
        let run = try await cloud.run(["--yes", "--from", "-"], input: "# old\none\r\ntwo words\n\(Sample.id(3))\n")
        #expect(run.status == 0)
        #expect(await cloud.remaining().isEmpty)
    }

    @Test(
        "Keeps a blank at the end of a list's line as part of the name",
        arguments: ["one ", " one", "one\u{3000}", "\u{A0}one", " \(Sample.id(1))"]
    )
    func blanks(line: String) async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "one")])
        for options in [["--yes"], ["--yes", "--ignore-missing"]] {
            let run = try await cloud.run(options + ["--from", "-"], input: line + "\n")
            #expect(run.status == 1)
            let isAtEnd = line.unicodeScalars.last?.properties.isWhitespace ?? false
            #expect(run.errors.contains(isAtEnd ? ", which ends with a blank." : ", which begins with a blank."))
        }
        #expect(cloud.count("DELETE") == 0)

        await cloud.cloud.put(.old(2, line))
        #expect(try await cloud.run(["--yes", "--from", "-"], input: line).status == 0)
        #expect(await cloud.remaining().contains(Sample.id(1)))
    }

    @Test("Rejects a line with an ID and a name, with its number", arguments: [" ", "\t"])
    func identifierAndName(blank: String) async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "one")])
        let run = try await cloud.run(["--from", "-"], input: "# images\n\(Sample.id(1))\(blank)one\n")
        #expect(run.status == 65)
        #expect(run.errors.contains("standard input: line 2, "))
        #expect(run.errors.contains("openstack image list -f value -c ID"))
        #expect(cloud.requests.isEmpty)
    }

    @Test("Does nothing for an empty list", arguments: ["", "\n", "# none\r\n \n"])
    func emptyList(list: String) async throws {
        let cloud = try LoopbackCloud()
        let run = try await cloud.run(["--from", "-"], input: list)
        #expect(run.status == 0)
        #expect(run.output == "Nothing to delete: the list has no images.\n")
        let document = try await cloud.run(["--json", "--from", "-"], input: list)
        #expect(document.status == 0)
        #expect(try document.report().summary["selected"] == 0)
        #expect(cloud.requests.isEmpty)
    }

    @Test("Rejects a list from standard input in the plugin")
    func pluginInput() async throws {
        let cloud = try LoopbackCloud()
        let run = try await cloud.run(["--from", "-"], ["DELETE_IMAGE_PLUGIN_PROCESS": "\(getpid())"], input: "one")
        #expect(run.status == 64)
        #expect(run.errors.contains("SwiftPM gives plugins no standard input"))
        #expect(cloud.requests.isEmpty)
    }

    @Test("Compares names code point by code point")
    func codePoints() async throws {
        let (composed, decomposed) = ("gr\u{F6}\u{DF}e", "gro\u{308}\u{DF}e")
        let images: [DemoImage] = [.old(1, composed), .old(2, decomposed), .old(3, "other")]
        let both = try LoopbackCloud(images: images)
        let run = try await both.run(["--json", "--yes", composed, decomposed])
        #expect(try run.report().images.map(\.id) == [1, 2].map(Sample.id))
        #expect(await both.remaining() == [Sample.id(3)])
        // A server that takes them for the same, as some databases do.
        let listed = images
        let alone = try LoopbackCloud(images: images) { request, _ in
            request.path.hasPrefix("/image/v2/images?") ? .list(listed.map(\.json)) : nil
        }
        let one = try await alone.run(["--json", "--yes", decomposed])
        #expect(try one.report().images.map(\.id) == [Sample.id(2)])
    }

    @Test(
        "Looks up a name literally that Glance would read as an operator",
        arguments: ["debian 2016-04-17T22:40:01", "lt:1.0", "in:a,b", "debian 10:00", ":", #"eq:"a\,b" = 50%&+"#]
    )
    func colons(name: String) async throws {
        let cloud = try LoopbackCloud(images: [.old(1, name), .old(2, "a"), .old(3, "1.0")]) { request, _ in
            let items = URLComponents(string: request.path)?.queryItems ?? []
            return items.contains { $0.name == "name" && $0.value?.contains(":") == true } ? .answer(400) : nil
        }
        let run = try await cloud.run(["--yes", "--", name])
        #expect(run.status == 0, "\(run.errors)")
        #expect(await cloud.remaining() == [2, 3].map(Sample.id).reduce(into: []) { $0.insert($1) })
    }

    @Test("Deletes nothing when a list cannot be read to its end")
    func brokenList() async throws {
        let cloud = try LoopbackCloud(images: [.old(1, "base")]) { request, _ in
            request.path.hasPrefix("/image/v2/images?") ? .answer(500, headers: [:], body: Data()) : nil
        }
        let run = try await cloud.run(["--yes", "--retries", "0", "base", Sample.id(1)])
        #expect(run.status == 69)
        #expect(run.errors.contains("The image service answered 500"))
        #expect(cloud.count("DELETE") == 0)
    }
}
