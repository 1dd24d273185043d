import Foundation
import ImageDeletion
import TestSupport
import Testing

/// A plan's file as people and other programs may have edited it.
@Suite("Saved plan: the file")
struct SavedPlanFileTests {
    /// A file with these images; `fields` are the others'.
    private func file(
        images: String,
        schema: String = SavedPlan.schema,
        fields: String =
            #","createdAt":"2026-11-18T11:06:40Z","endpoint":"https://ims.example/v2","project":{"id":"p"}"#
    ) -> String {
        #"{"schema":"\#(schema)","images":[\#(images)]\#(fields)}"#
    }

    private func image(_ number: Int, fate: String = "delete", id: String? = nil, _ fields: String = "") -> String {
        #"{"id":"\#(id ?? Sample.id(number))","fate":"\#(fate)","protected":false,"tags":[],"#
            + #""owner":"p","visibility":"private"\#(fields)}"#
    }

    /// What is said to be wrong; nil where nothing is.
    private func fault(_ json: String) -> String? {
        do {
            _ = try SavedPlan(json: Data(json.utf8))
            return nil
        } catch .malformed(let words) {
            return words
        } catch {
            Issue.record("another fault: \(error)")
            return nil
        }
    }

    @Test("What is needed is not much")
    func minimal() throws {
        let plan = try SavedPlan(json: Data(file(images: image(1)).utf8))
        #expect(plan.content.endpoint == "https://ims.example/v2")
        #expect(plan.content.project.id == "p")
        #expect(plan.content.user == nil)
        #expect(try plan.deletions == [ImageID(Sample.id(1))])
    }

    @Test("An ID in upper case is another image's than the one in lower case")
    func upperCase() throws {
        let id = "6B1C0B6E-93A5-4D0C-9D52-2C1F7F6A3C11"
        let unprotect = #","protected":true,"unprotect":true"#
        let json = file(images: image(1, id: id, "").replacing(#","protected":false"#, with: unprotect))
        let plan = try SavedPlan(json: Data(json.utf8))
        var image = try Image.read(#"{"id":"\#(id)","owner":"p","visibility":"private","protected":true}"#)
        let lifting = plan.plan([Sighting(id: image.id, finding: .success(image))])
        #expect(plan.deletions == [image.id])
        #expect(lifting.entries.map(\.fate) == [.delete])
        #expect(lifting.entries.map(\.liftsProtection) == [true])
        let other = try Image.read(#"{"id":"\#(id.lowercased())","owner":"p","visibility":"private"}"#)
        #expect(plan.plan([Sighting(id: other.id, finding: .success(other))]).entries.isEmpty)
        image.name = "web"
        let changed = plan.plan([Sighting(id: image.id, finding: .success(image))])
        #expect(changed.entries.map(\.fate) == [.keep(.changed(["name"]))])
    }

    @Test("What could be read in two ways, or be passed over, is no plan")
    func twoWays() {
        let plan = file(images: image(1))
        #expect(fault(plan) == nil)
        let twice = plan.replacing(#""fate":"delete""#, with: #""fate":"keep","fate":"delete""#)
        #expect(twice != plan)
        #expect(fault(twice)?.contains("duplicate key") == true)
        // The two keys look the same.
        let hidden = plan.replacing(#""fate":"delete""#, with: "\"\u{FEFF}fate\":\"keep\",\"fate\":\"delete\"")
        #expect(fault(hidden)?.contains("duplicate key") == true)
        let odd = plan.replacing(#""fate":"delete""#, with: #""fate":"delete","unlessinuse":true"#)
        #expect(fault(odd) == "images[0].unlessinuse: unknown key")
        let above = "{\"unlessInUse\":true," + plan.drop { $0.isWhitespace }.dropFirst()
        #expect(fault(above) == "unlessInUse: unknown key")
        #expect(fault(#"{"schema":"delete-image-plan/2","images":[]}"#) == "schema: it is not delete-image-plan/1")
    }

    @Test("Of an image that is kept as well as deleted it is not known what is meant")
    func twice() {
        for (first, second) in [("keep", "delete"), ("delete", "keep"), ("delete", "delete")] {
            let words = fault(file(images: image(1, fate: first) + "," + image(1, fate: second)))
            #expect(words?.hasPrefix("images[1].id") == true)
        }
        let upper = image(1, id: Sample.id(1).uppercased())
        #expect(fault(file(images: [image(1, fate: "keep"), image(2), upper].joined(separator: ","))) == nil)
    }

    @Test(
        "Another version is not read",
        arguments: ["", "delete-image-plan/2", "delete-image-plan/10", "delete-image/1", "Delete-image-plan/1"]
    )
    func otherVersion(schema: String) {
        #expect(fault(file(images: "", schema: schema))?.hasPrefix("schema: ") == true)
    }

    @Test("What is no JSON is said to be none", arguments: ["", "plan", "{", "PK\u{3}\u{4}", "---\nschema: x"])
    func noJSON(text: String) {
        #expect(fault(text) != nil)
    }

    @Test("What is other JSON is no plan either", arguments: ["[]", "3", "null", "{}", #"{"rules":{}}"#, #""plan""#])
    func otherJSON(text: String) {
        #expect(fault(text) != nil)
    }

    @Test(
        "A field that is missing or of another type is named with its place",
        arguments: [
            (#""schema":"delete-image-plan/1","#, "", "schema is missing"),
            (#""endpoint":"https://ims.example/v2","#, "", "endpoint is missing"),
            (#","project":{"id":"p"}"#, "", "project is missing"),
            (#","project":{"id":"p"}"#, #","project":{"name":"ci"}"#, "project: id is missing"),
            (#","project":{"id":"p"}"#, #","project":"p""#, "project: "),
            (#""fate":"delete","#, "", "images[1]: fate is missing"),
            (#""protected":false,"#, "", "images[1]: protected is missing"),
            (#""protected":false,"#, #""protected":"no","#, "images[1].protected: "),
            (#""tags":[],"#, "", "images[1]: tags is missing"),
            (#""tags":[],"#, #""tags":["ci",1],"#, "images[1].tags[1]: "),
            (#""tags":[],"#, #""tags":[],"size":"big","#, "images[1].size: "),
            (#""tags":[],"#, #""tags":[],"unprotect":1,"#, "images[1].unprotect: "),
            (#""fate":"delete","#, #""fate":"Delete","#, "images[1].fate: "),
            (#""fate":"delete","#, #""fate":"deleted","#, "images[1].fate: "),
            (#""fate":"delete","#, #""fate":"","#, "images[1].fate: "),
            (Sample.id(2), "nightly-1", "images[1].id: "), (Sample.id(2), "", "images[1].id: "),
            (Sample.id(2), "../../servers", "images[1].id: "),
        ]
    )
    func places(old: String, new: String, words: String) throws {
        let whole = file(images: image(1, fate: "keep") + "," + image(2))
        #expect(fault(whole) == nil)
        let place = try #require(whole.range(of: old, options: .backwards))
        #expect(fault(whole.replacingCharacters(in: place, with: new))?.hasPrefix(words) == true)
    }
}
