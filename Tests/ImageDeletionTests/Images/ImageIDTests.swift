import ImageDeletion
import TestSupport
import Testing

@Suite("Image ID")
struct ImageIDTests {
    @Test(
        "Keeps the spelling of a UUID and distinguishes others",
        arguments: [
            "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11", "6B1C0B6E-93A5-4D0C-9D52-2C1F7F6A3C11",
            "6B1c0b6e-93A5-4d0C-9d52-2c1f7F6a3c11",
        ]
    )
    func uuid(text: String) throws {
        let id = try ImageID(text)
        #expect(id.description == text)
        #expect(try id == ImageID(text))
        #expect(try id != ImageID(text == text.lowercased() ? text.uppercased() : text.lowercased()))
    }

    @Test(
        "Distinguishes IDs by every bit",
        arguments: ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
    )
    func limits(text: String) throws {
        #expect(try ImageID(text).description == text)
    }

    @Test(
        "Rejects what is not a UUID",
        arguments: [
            "", "1", "nightly-1", "6b1c0b6e93a54d0c9d522c1f7f6a3c11", "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c1",
            "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c111", "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c1g",
            "6b1c0b6-e93a5-4d0c-9d52-2c1f7f6a3c11", "6b1c0b6e-93a5-4d0c-9d522-c1f7f6a3c11",
            "{6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11}", " 6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11",
            "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11\n", "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11/",
            "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11/../x", "6b1c0b6e-93a5-4d0c-9d52-../../../../",
            "6b1c0b6e–93a5–4d0c–9d52–2c1f7f6a3c11", "+b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11",
            "0x1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11", " b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11",
            "6b1c0b6e-0xa5-4d0c-9d52-2c1f7f6a3c11", "６b1c0b-93a5-4d0c-9d52-2c1f7f6a3c11",
            "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11\0", "6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c\0\0",
        ]
    )
    func noID(text: String) {
        #expect(throws: ImageDeletionError.invalidImageID(text)) { try ImageID(text) }
    }
}
