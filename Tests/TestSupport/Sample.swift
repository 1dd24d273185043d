import Foundation
public import ImageDeletionDemo

/// IDs and images that tests name.
public enum Sample {
    /// The `number`th of any number of IDs.
    public static func id(_ number: Int) -> String {
        let digits = String(number)
        return "6b1c0b6e-93a5-4d0c-9d52-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    /// Private images with the IDs 1 to `count`.
    public static func images(_ count: Int) -> [DemoImage] {
        (1...count).map { DemoImage(id: id($0), name: "nightly-\($0)") }
    }
}

extension DemoImage {
    /// One that was made in 2020, `day` days after its beginning: old, whatever day the tests are run.
    public static func old(
        _ number: Int,
        _ name: String = "nightly",
        day: Int = 0,
        tags: [String] = []
    ) -> DemoImage {
        DemoImage(
            id: Sample.id(number),
            name: name,
            createdAt: Date(timeIntervalSince1970: 1_577_836_800 + Double(day) * 86_400),
            tags: tags
        )
    }
}
