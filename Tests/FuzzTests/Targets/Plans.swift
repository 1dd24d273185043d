import Foundation
import ImageDeletion
import TestSupport

extension FuzzTarget {
    /// A plan's file.
    static let plans = FuzzTarget("plans", inputs: 300, samples: saved) { input, _ in
        let plan: SavedPlan
        do throws(SavedPlan.Fault) {
            plan = try SavedPlan(json: input)
        } catch {
            guard case .malformed = error else { throw Violation(description: "it is read and then refused: \(error)") }
            return .refused
        }
        let again = try SavedPlan(json: plan.json())
        try must(again == plan, "written again, it is another plan")
        if let json = JSONTree(input) { try isAsWritten(plan, json) }
        try deletesNoMore(plan)
        return .accepted
    }

    /// Whoever reads the file by other means reads the same in it.
    private static func isAsWritten(_ plan: SavedPlan, _ json: JSONTree) throws {
        try must(!json.isAmbiguous, "a key that is there twice is passed over")
        try must(json["schema"]?.string == SavedPlan.schema, "it is of another version")
        try must(json["endpoint"]?.string == plan.content.endpoint, "it is for \(plan.content.endpoint)")
        try must(json["project"]?["id"]?.string == plan.content.project.id, "it is for \(plan.content.project.id)")
        let written = json["images"]?.elements ?? []
        try must(written.count == plan.content.images.count, "it has \(plan.content.images.count) images")
        try must(Set(plan.content.images.map(\.id)).count == plan.content.images.count, "an image is there twice")
        for (entry, image) in zip(written, plan.content.images) {
            try must(entry["id"]?.string == image.id.description, "\(image.id) is not there")
            try must(entry["fate"]?.string == image.fate, "\(image.id) has another fate than is written")
            try must(
                (entry["unprotect"]?.isTrue ?? false) == (image.unprotect ?? false),
                "protection is another matter"
            )
            try must((entry["unlessInUse"]?.isTrue ?? false) == (image.unlessInUse ?? false), "a safeguard is lost")
            try must((entry["unlessShared"]?.isTrue ?? false) == (image.unlessShared ?? false), "a safeguard is lost")
        }
    }

    /// Of images as they were when the samples were made, it deletes none that it does not name.
    private static func deletesNoMore(_ plan: SavedPlan) throws {
        let sightings = try (1...4).map { number in
            let json = #"""
                {"id":"\#(Sample.id(number))","name":"nightly-\#(number)","owner":"p","visibility":"private",
                "status":"active","protected":\#(number == 2),"created_at":"2026-09-0\#(number)T00:00:00Z",
                "size":1073741824,"tags":["ci"]}
                """#
            let image = try JSONDecoder().decode(Image.self, from: Data(json.utf8))
            return Sighting(id: image.id, finding: .success(image))
        }
        let deletions = plan.plan(sightings).deletions
        for deletion in deletions {
            try must(plan.deletions.contains(deletion.id), "\(deletion.id) is deleted, and the plan does not say so")
            let entry = plan.content.images.first { $0.id == deletion.id }
            for (safeguard, isSaid) in [
                (Safeguard.inUse, entry?.unlessInUse), (.shared, entry?.unlessShared),
                (.referenced, entry?.unlessReferenced),
            ] {
                let isLost = isSaid == true && !deletion.terms.safeguards.contains(safeguard)
                try must(!isLost, "\(deletion.id) lost the safeguard \(safeguard)")
            }
            try must(entry?.name == deletion.image?.name, "\(deletion.id) is deleted although its name has changed")
            // Of another project's image, the service looks at the permission before the protection.
            let isProtected = deletion.image?.isProtected ?? true
            try must(
                !isProtected || entry?.unprotect == true || deletion.image?.owner != plan.content.project.id,
                "\(deletion.id) is deleted although it is protected"
            )
        }
    }

    private static func entry(_ number: Int, _ fate: String, _ more: String = "") -> String {
        let looks = #""owner":"p","visibility":"private","status":"active","size":1073741824,"tags":["ci"]"#
        return #"{"id":"\#(Sample.id(number))","fate":"\#(fate)","name":"nightly-\#(number)","#
            + #""protected":\#(number == 2),"createdAt":"2026-09-0\#(number)T00:00:00Z",\#(looks)\#(more)}"#
    }

    private static let saved = [
        [entry(1, "delete"), entry(3, "keep", #","reason":"keepLast""#)],
        [entry(2, "delete", #","unprotect":true,"unlessInUse":true,"unlessShared":false,"rules":["nightlies"]"#)],
        [entry(1, "delete", #","updatedAt":null,"imageType":"private""#), entry(2, "delete"), entry(4, "delete")], [],
    ].map { images in
        #"{"schema":"delete-image-plan/1","createdAt":"2026-11-18T11:06:40Z","endpoint":"https://ims.demo.example/v2","#
            + #""project":{"id":"p","name":"ci"},"user":"demo","images":[\#(images.joined(separator: ","))]}"#
    }
}
