import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport
import Testing

/// A plan's file as people and other programs may have edited it.
@Suite("Saved plan: the file")
struct SavedPlanFileTests {
    /// A file with these images; `fields` are the others'.
    private func file(
        images: String,
        schema: String = "delete-image-plan/3",
        fields: String =
            #","createdAt":"2026-11-18T11:06:40Z","endpoint":"https://ims.example/v2","project":{"id":"p"}"#
    ) -> String {
        #"{"schema":"\#(schema)","images":[\#(images)]\#(fields)}"#
    }

    private func image(_ number: Int, action: String = "delete", id: String? = nil, _ fields: String = "") -> String {
        #"{"id":"\#(id ?? Sample.id(number))","action":"\#(action)","protected":false,"tags":[],"#
            + #""owner":"p","visibility":"private"\#(fields)}"#
    }

    /// What is said to be wrong; nil where nothing is.
    private func fault(_ json: String) -> String? {
        do {
            _ = try DeletionPlan(json: Data(json.utf8))
            return nil
        } catch {
            if case .plan(.malformed(let words)) = error.reason { return words }
            Issue.record("another error: \(error)")
            return nil
        }
    }

    @Test("Accepts a plan with only the required fields")
    func minimal() throws {
        let plan = try DeletionPlan(json: Data(file(images: image(1)).utf8))
        #expect(plan.session.endpoint.absoluteString == "https://ims.example/v2")
        #expect(plan.session.project?.id == "p")
        #expect(plan.session.user == nil)
        #expect(try plan.entries.map(\.id) == [ImageID(Sample.id(1))])
        #expect(plan.entries.map(\.action) == [.unchecked])
    }

    @Test("Distinguishes IDs by case")
    func upperCase() async throws {
        let id = "6B1C0B6E-93A5-4D0C-9D52-2C1F7F6A3C11"
        let unprotect = #","protected":true,"unprotect":true"#
        let json = image(1, id: id).replacing(#","protected":false"#, with: unprotect)
        let fields =
            #","createdAt":"2026-11-18T11:06:40Z","endpoint":"https://ims.demo.example/v2","#
            + #""project":{"id":"\#(DemoImage.projectID)"}"#
        let plan = try DeletionPlan(json: Data(file(images: json, fields: fields).utf8))
        func recheck(_ image: Image) async throws -> DeletionPlan.Entry? {
            try await ServiceFixture().service(showing: Locked([image])).recheck(plan).entries.first
        }
        let looks = #""owner":"p","visibility":"private","protected":true"#
        var image = try Image.read(#"{"id":"\#(id)",\#(looks)}"#)
        let lifting = try #require(try await recheck(image))
        #expect(lifting.action == .delete)
        #expect(lifting.liftsProtection)
        let other = try #require(try await recheck(Image.read(#"{"id":"\#(id.lowercased())",\#(looks)}"#)))
        #expect(other.image == nil)
        image.name = "web"
        #expect(try await recheck(image)?.action == .keep(.changed(["name"])))
    }

    @Test("Rejects ambiguous or unknown fields in a plan")
    func twoWays() {
        let plan = file(images: image(1))
        #expect(fault(plan) == nil)
        let twice = plan.replacing(#""action":"delete""#, with: #""action":"keep","action":"delete""#)
        #expect(twice != plan)
        #expect(fault(twice)?.contains("duplicate key") == true)
        // The two keys look the same.
        let hidden = plan.replacing(#""action":"delete""#, with: "\"\u{FEFF}action\":\"keep\",\"action\":\"delete\"")
        #expect(fault(hidden)?.contains("duplicate key") == true)
        let odd = plan.replacing(#""action":"delete""#, with: #""action":"delete","unlessinuse":true"#)
        #expect(fault(odd) == "images[0].unlessinuse: unknown key")
        let above = "{\"unlessInUse\":true," + plan.drop { $0.isWhitespace }.dropFirst()
        #expect(fault(above) == "unlessInUse: unknown key")
        #expect(
            fault(#"{"schema":"delete-image-plan/1","images":[]}"#)
                == "schema: must be delete-image-plan/3; another version of delete-image wrote this plan"
        )
    }

    @Test("Rejects a plan that keeps and deletes the same image")
    func twice() {
        for (first, second) in [("keep", "delete"), ("delete", "keep"), ("delete", "delete")] {
            let words = fault(file(images: image(1, action: first) + "," + image(1, action: second)))
            #expect(words?.hasPrefix("images[1].id") == true)
        }
        let upper = image(1, id: Sample.id(1).uppercased())
        #expect(fault(file(images: [image(1, action: "keep"), image(2), upper].joined(separator: ","))) == nil)
    }

    @Test(
        "Rejects another version",
        arguments: [
            "", "delete-image-plan/1", "delete-image-plan/2", "delete-image-plan/30", "delete-image/3",
            "Delete-image-plan/3",
        ]
    )
    func otherVersion(schema: String) {
        #expect(fault(file(images: "", schema: schema))?.hasPrefix("schema: ") == true)
    }

    @Test("Rejects invalid JSON", arguments: ["", "plan", "{", "PK\u{3}\u{4}", "---\nschema: x"])
    func noJSON(text: String) {
        #expect(fault(text) != nil)
    }

    @Test("Rejects JSON that is not a plan", arguments: ["[]", "3", "null", "{}", #"{"rules":{}}"#, #""plan""#])
    func otherJSON(text: String) {
        #expect(fault(text) != nil)
    }

    @Test(
        "Names a missing or mistyped field with its place",
        arguments: [
            (#""schema":"delete-image-plan/3","#, "", "schema is missing"),
            (#""endpoint":"https://ims.example/v2","#, "", "endpoint is missing"),
            (#","project":{"id":"p"}"#, "", "project is missing"),
            (#","project":{"id":"p"}"#, #","project":{"name":"ci"}"#, "project: id is missing"),
            (#","project":{"id":"p"}"#, #","project":"p""#, "project: "),
            (#""action":"delete","#, "", "images[1]: action is missing"),
            (#""protected":false,"#, "", "images[1]: protected is missing"),
            (#""protected":false,"#, #""protected":"no","#, "images[1].protected: "),
            (#""tags":[],"#, "", "images[1]: tags is missing"),
            (#""tags":[],"#, #""tags":["ci",1],"#, "images[1].tags[1]: "),
            (#""tags":[],"#, #""tags":[],"size":"big","#, "images[1].size: "),
            (#""tags":[],"#, #""tags":[],"unprotect":1,"#, "images[1].unprotect: "),
            (#""tags":[],"#, #""tags":[],"properties":["os"],"#, "images[1].properties: "),
            (#""tags":[],"#, #""tags":[],"properties":{"os":"a","version":12},"#, "images[1].properties: "),
            (#""tags":[],"#, #""tags":[],"places":"last","#, "images[1].places: "),
            (#""tags":[],"#, #""tags":[],"places":["last",1],"#, "images[1].places[1]: "),
            (#""tags":[],"#, #""tags":[],"reason":"keepHourly","#, "images[1].reason: "),
            (#","project":{"id":"p"}"#, #","project":{"id":"p"},"properties":"os""#, "properties: "),
            (#","project":{"id":"p"}"#, #","project":{"id":"p"},"properties":["os",1]"#, "properties[1]: "),
            (#""action":"delete","#, #""action":"Delete","#, "images[1].action: "),
            (#""action":"delete","#, #""action":"deleted","#, "images[1].action: "),
            (#""action":"delete","#, #""action":"","#, "images[1].action: "),
            (#""tags":[],"#, #""tags":[],"safeguards":["inuse"],"#, "images[1].safeguards[0]: "),
            (#""2026-11-18T11:06:40Z""#, #""yesterday""#, "createdAt: "),
            (#""https://ims.example/v2""#, #""""#, "endpoint: "),
            (Sample.id(2), "nightly-1", "images[1].id: "), (Sample.id(2), "", "images[1].id: "),
            (Sample.id(2), "../../servers", "images[1].id: "),
        ]
    )
    func places(old: String, new: String, words: String) throws {
        let whole = file(images: image(1, action: "keep") + "," + image(2))
        #expect(fault(whole) == nil)
        let place = try #require(whole.range(of: old, options: .backwards))
        #expect(fault(whole.replacingCharacters(in: place, with: new))?.hasPrefix(words) == true)
    }
}
