import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

extension FuzzTarget {
    /// A plan's file.
    static let plans = FuzzTarget("plans", inputs: 300, samples: saved) { input, _ in
        let plan: DeletionPlan
        do throws(ImageDeletionError) {
            plan = try DeletionPlan(json: input)
        } catch {
            try must(error.code == .plan, "it is read and then refused: \(error)")
            return .refused
        }
        let again = try DeletionPlan(json: plan.json())
        try must(again == plan, "written again, it is another plan")
        if let json = JSONTree(input) {
            try must(!json.isAmbiguous(input), "a key that is there twice is passed over")
            try isAsWritten(plan, json)
        }
        try await deletesNoMore(plan)
        return .accepted
    }

    /// Whoever reads the file by other means reads the same in it.
    private static func isAsWritten(_ plan: DeletionPlan, _ json: JSONTree) throws {
        try must(json["schema"]?.string == "delete-image-plan/3", "it is of another version")
        let project = plan.session.project?.id
        try must(json["project"]?["id"]?.string == project, "it is for \(project ?? "no project")")
        let written = json["images"]?.elements ?? []
        try must(written.count == plan.entries.count, "it has \(plan.entries.count) images")
        for (image, entry) in zip(written, plan.entries) {
            try must(image["id"]?.string == entry.id.description, "\(entry.id) is not there")
            try must(
                (image["action"]?.string == "delete") == (entry.action == .unchecked),
                "\(entry.id) has another action than is written"
            )
            let safeguards = (image["safeguards"]?.elements ?? []).compactMap(\.string)
            try must(Set(safeguards) == Set(entry.conditions.safeguards.map(\.rawValue)), "a safeguard is lost")
            let properties = (image["properties"]?.members ?? []).map { ($0.key, $0.value.string ?? "") }
            try must(
                Dictionary(properties) { $1 } == entry.image?.properties,
                "\(entry.id) has other properties than are written"
            )
        }
    }

    /// Of images as they were when the samples were made, it deletes none that it does not name.
    private static func deletesNoMore(_ plan: DeletionPlan) async throws {
        let images = try (1...4).map { number in
            let json = #"""
                {"id":"\#(Sample.id(number))","name":"nightly-\#(number)","owner":"\#(DemoImage.projectID)",
                "visibility":"private","status":"active","protected":\#(number == 2),
                "created_at":"2026-09-0\#(number)T00:00:00Z","size":1073741824,"tags":["ci"]}
                """#
            return try JSONDecoder().decode(Image.self, from: Data(json.utf8))
        }
        let later: DeletionPlan
        do {
            let service = try ServiceFixture().service(retries: 0, showing: Locked(images))
            later = try await service.recheck(plan, options: DeletionOptions { _ in [:] })
        } catch {
            return
        }
        let entries = Dictionary(plan.entries.map { ($0.id, $0) }) { first, _ in first }
        for deletion in later.deletions {
            let planned = entries[deletion.id]
            try must(planned?.action == .unchecked, "\(deletion.id) is deleted, and the plan does not say so")
            try must(
                planned?.image?.name == deletion.image?.name,
                "\(deletion.id) is deleted although its name has changed"
            )
            try must(
                deletion.image?.isProtected == false || planned?.liftsProtection == true,
                "\(deletion.id) is deleted although it is protected"
            )
        }
    }

    private static func entry(_ number: Int, _ action: String, _ more: String = "") -> String {
        let looks =
            #""owner":"\#(DemoImage.projectID)","visibility":"private","status":"active","size":1073741824,"tags":["ci"]"#
        return #"{"id":"\#(Sample.id(number))","action":"\#(action)","name":"nightly-\#(number)","#
            + #""protected":\#(number == 2),"createdAt":"2026-09-0\#(number)T00:00:00Z",\#(looks)\#(more)}"#
    }

    private static let saved = [
        [entry(1, "delete"), entry(3, "keep", #","reason":"keepLast","places":["last","weekly 2026-W36"]"#)],
        [entry(1, "delete", #","properties":{"os":"debian"}"#), entry(4, "keep", #","reason":"excluded""#)],
        [entry(2, "delete", #","unprotect":true,"safeguards":["inUse"],"rules":["nightlies"]"#)],
        [entry(1, "delete", #","updatedAt":null,"imageType":"private""#), entry(2, "delete"), entry(4, "delete")], [],
    ].map { images in
        #"{"schema":"delete-image-plan/3","createdAt":"2026-11-18T11:06:40Z","endpoint":"https://ims.demo.example/v2","#
            + #""project":{"id":"\#(DemoImage.projectID)","name":"ci"},"user":"demo","properties":["os"],"images":[\#(images.joined(separator: ","))]}"#
    }
}
