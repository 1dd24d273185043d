import Foundation
import ImageDeletion
import ImageDeletionDemo
import TestSupport

extension Image {
    /// The image service's JSON, read.
    static func read(_ json: String) throws -> Image {
        try JSONDecoder().decode(Image.self, from: Data(json.utf8))
    }

    /// A private image of the project that signs in to the demo cloud, with the `number`th ID.
    static func sample(_ number: Int, _ change: (inout Image) -> Void = { _ in }) throws -> Image {
        var image = try read(
            """
            {
                "id": "\(Sample.id(number))", "name": "nightly-\(number)", "owner": "\(DemoImage.projectID)",
                "status": "active", "visibility": "private", "protected": false, "size": 2147483648, "tags": ["ci"],
                "created_at": "2026-09-21T14:13:20Z", "updated_at": "2026-09-22T14:13:20Z", "__imagetype": "private"
            }
            """
        )
        change(&image)
        return image
    }
}
