import Foundation
import ImageDeletion
import TestSupport
import Testing

@Suite("Image")
struct ImageTests {
    private func read(_ fields: String) throws -> Image { try .read(#"{"id":"\#(Sample.id(1))"\#(fields)}"#) }

    @Test("Reads the service's description")
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
        "Treats missing, null and mistyped fields as unknown",
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

    /// An image as Open Telekom Cloud documents it ("Querying Image Details (Native OpenStack API)").
    private static let documented = """
        {
            "schema": "/v2/schemas/image", "min_disk": 100, "created_at": "2018-09-06T14:03:27Z",
            "__image_source_type": "uds", "container_format": "bare", "file": "/v2/images/\(Sample.id(1))/file",
            "updated_at": "2018-09-06T15:17:33Z", "protected": true, "checksum": "d41d8cd98f00b204e9800998ecf8427e",
            "__support_kvm_fpga_type": "", "__isregistered": "true", "tags": ["key.value", "image"],
            "__os_bit": "64", "__image_size": "449261568", "virtual_size": null, "size": 0, "min_ram": 2048,
            "max_ram": "65536", "status": "active", "name": "ims_test", "visibility": "private", "owner": "p",
            "self": "/v2/images/\(Sample.id(1))", "__os_type": "Linux", "__os_version": "CentOS 7.4 64bit",
            "__imagetype": "private", "__platform": "CentOS", "__data_origin": null, "__description": "",
            "__lazyloading": "True", "__whole_image": "true", "disk_format": "zvhd2", "id": "\(Sample.id(1))",
            "virtual_env_type": "FusionCompute", "active_at": "2018-09-06T14:05:13Z", "hw_firmware_type": "bios"
        }
        """

    @Test("Reads Open Telekom Cloud's documented image")
    func openTelekomCloud() throws {
        let image = try Image.read(Self.documented)
        #expect(image.name == "ims_test")
        #expect(image.isPrivate(to: "p"))
        #expect(image.isProtected)
        #expect(!image.isHidden)
        #expect(image.createdAt == Date(timeIntervalSince1970: 1_536_242_607))
        #expect(image.updatedAt == Date(timeIntervalSince1970: 1_536_247_053))
        #expect(image.size == 449_261_568)
        #expect(image.tags == ["key.value", "image"])
    }

    @Test(
        "Reads the size from either field",
        arguments: [
            (#""size":7"#, 7), (#""size":7,"__image_size":"9""#, 7), (#""size":0,"__image_size":"9""#, 9),
            (#""size":null,"__image_size":"9""#, 9), (#""__image_size":"9""#, 9), (#""size":0"#, 0),
            (#""size":0,"__image_size":"""#, 0), (#""__image_size":"big""#, nil), ("\"size\":null", nil),
        ]
    )
    func size(fields: String, size: Int64?) throws {
        #expect(try read("," + fields).size == size)
    }

    @Test("Equals a description with nothing but the ID when created from one")
    func made() throws {
        #expect(try Image(id: ImageID(Sample.id(1))) == read(""))
    }

    @Test(
        "Reads protection from a string",
        arguments: [("true", true), (#""true""#, true), ("false", false), (#""false""#, false)]
    )
    func protection(value: String, isProtected: Bool) throws {
        #expect(try read(#","protected":\#(value)"#).isProtected == isProtected)
    }

    @Test(
        "Reads a date with any fraction of a second",
        arguments: ["2026-09-21T14:13:20Z", "2026-09-21T14:13:20.000000Z"]
    )
    func fraction(text: String) throws {
        #expect(try read(#","created_at":"\#(text)""#).createdAt == Date(timeIntervalSince1970: 1_790_000_000))
    }

    @Test("Rejects an image without an ID", arguments: ["{}", #"{"id":null}"#, #"{"id":1}"#, #"{"id":"web-1"}"#, "[]"])
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

    @Test("Takes only private images that a project owns as its own", arguments: owned.indices)
    func privacy(index: Int) throws {
        let (owner, visibility, type, isPrivate) = Self.owned[index]
        let image = try Image.sample(1) { image in
            (image.owner, image.visibility, image.imageType) = (owner, visibility, type)
        }
        #expect(image.isPrivate(to: "p") == isPrivate)
    }
}
