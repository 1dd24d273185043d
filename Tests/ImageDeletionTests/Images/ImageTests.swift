import Foundation
import ImageDeletion
import TestSupport
import Testing

@Suite("Image")
struct ImageTests {
    private func read(_ fields: String) throws -> Image { try .read(#"{"id":"\#(Sample.id(1))"\#(fields)}"#) }

    @Test("What the service describes is read")
    func whole() throws {
        let image = try Image.sample(7)
        #expect(try image.id == ImageID(Sample.id(7)))
        #expect(image.name == "nightly-7")
        #expect(image.owner == "70c77dc6bbfa40dbb5f00e6705972d6f")
        #expect(image.status == "active")
        #expect(image.visibility == "private")
        #expect(!image.isProtected)
        #expect(image.createdAt == Date(timeIntervalSince1970: 1_790_000_000))
        #expect(image.updatedAt == Date(timeIntervalSince1970: 1_790_086_400))
        #expect(image.size == 2_147_483_648)
        #expect(image.tags == ["ci"])
        #expect(image.imageType == "private")
    }

    @Test(
        "What is missing, null or of another type is not known",
        arguments: [
            "",
            #","name":null,"owner":null,"status":null,"visibility":null,"protected":null,"created_at":null,"#
                + #""updated_at":null,"size":null,"tags":null,"__imagetype":null"#,
            #","name":1,"owner":[],"status":{},"visibility":true,"protected":[],"created_at":1790000000,"#
                + #""updated_at":"yesterday","size":"big","tags":"ci","__imagetype":0"#,
        ]
    )
    func unknown(fields: String) throws {
        let image = try read(fields)
        #expect(image.name == nil)
        #expect(image.owner == nil)
        #expect(image.status == nil)
        #expect(image.visibility == nil)
        #expect(!image.isProtected)
        #expect(image.createdAt == nil)
        #expect(image.updatedAt == nil)
        #expect(image.size == nil)
        #expect(image.tags.isEmpty)
        #expect(image.imageType == nil)
    }

    @Test("Made from an ID it is what the service would say with nothing else")
    func made() throws {
        #expect(try Image(id: ImageID(Sample.id(1))) == read(""))
    }

    @Test(
        "Protection may be a text",
        arguments: [("true", true), (#""true""#, true), ("false", false), (#""false""#, false)]
    )
    func protection(value: String, isProtected: Bool) throws {
        #expect(try read(#","protected":\#(value)"#).isProtected == isProtected)
    }

    @Test(
        "A date may have any fraction of a second",
        arguments: ["2026-09-21T14:13:20Z", "2026-09-21T14:13:20.000000Z"]
    )
    func fraction(text: String) throws {
        #expect(try read(#","created_at":"\#(text)""#).createdAt == Date(timeIntervalSince1970: 1_790_000_000))
    }

    @Test("Without an ID it is no image", arguments: ["{}", #"{"id":null}"#, #"{"id":1}"#, #"{"id":"web-1"}"#, "[]"])
    func noID(json: String) {
        #expect(throws: (any Error).self) { try Image.read(json) }
    }

    static let owned: [(owner: String?, visibility: String?, type: String?, isPrivate: Bool)] = [
        ("p", "private", nil, true), ("p", "private", "private", true), ("p", "shared", "shared", true),
        ("p", "shared", nil, true), ("p", "private", "", true),
        ("q", "private", "private", false), ("P", "private", nil, false), ("", "private", nil, false),
        (nil, "private", nil, false), ("p", "public", nil, false), ("p", "community", nil, false),
        ("p", nil, nil, false), ("p", "", nil, false), ("p", "Private", nil, false), ("p", "private", "gold", false),
        ("p", "shared", "gold", false),
    ]

    @Test("A project's own are those that it owns and that are not everybody's", arguments: owned.indices)
    func privacy(index: Int) throws {
        let (owner, visibility, type, isPrivate) = Self.owned[index]
        let image = try Image.sample(1) { image in
            (image.owner, image.visibility, image.imageType) = (owner, visibility, type)
        }
        #expect(image.isPrivate(to: "p") == isPrivate)
    }
}
