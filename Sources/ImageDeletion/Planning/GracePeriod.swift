package import ImageDeletionEssentials

/// The time from the mark that announces the deletion of an image to its deletion.
public struct GracePeriod: Sendable, Hashable {
    /// The length, from one minute to 365 days.
    public let seconds: Int

    private static let range = 60...365 * 86_400

    /// Reads a length of time, like `90m`, `12h`, `7d` or `2w`.
    ///
    /// - Throws: ``ImageDeletionError/Code/rule`` for anything else, and for a length under one minute or over 365 days.
    public init(_ text: String) throws(ImageDeletionError) {
        guard let seconds = MinimumAge.length(text), let period = GracePeriod(seconds: seconds) else {
            throw .rule(.gracePeriod(text))
        }
        self = period
    }

    /// A period of so many seconds; nil if it is too short or too long.
    init?(seconds: Int) {
        guard Self.range.contains(seconds) else { return nil }
        self.seconds = seconds
    }
}

/// The tag that announces the deletion of an image, like `delete-after-20261204T112000Z`.
///
/// It is the only state of a grace period, so that any machine can go on with what another began.
struct DeletionMark: Sendable, Hashable {
    /// The time after which the image may be deleted.
    let dueAt: Date

    /// The tag.
    var tag: String { Self.prefix + dueAt.formatted(ServiceDate.compact) }

    private static let prefix = "delete-after-"

    /// A mark for `dueAt`, to the second.
    init(dueAt: Date) { self.dueAt = Date(timeIntervalSince1970: dueAt.timeIntervalSince1970.rounded(.up)) }

    /// Reads a tag; nil if it is not a mark in exactly the form that ``tag`` has.
    init?(tag: String) {
        guard tag.hasPrefix(Self.prefix),
            let date = try? Date(String(tag.dropFirst(Self.prefix.count)), strategy: ServiceDate.compact)
        else { return nil }
        self.init(dueAt: date)
        guard self.tag.exact == tag.exact else { return nil }
    }
}

extension Image {
    /// The marks of the image.
    var marks: [DeletionMark] { tags.compactMap(mark) }

    private func mark(of tag: String) -> DeletionMark? {
        // Open Telekom Cloud may list a tag without a value as a key with an empty one.
        DeletionMark(tag: imageType != nil && tag.hasSuffix("=") ? String(tag.dropLast()) : tag)
    }

    /// The time after which the image may be deleted; nil if it is not marked. Of several marks, the latest counts. One that
    /// is due before the image was created was copied from another image, and does not count.
    package var dueAt: Date? {
        marks.map(\.dueAt).filter { dueAt in createdAt.map { $0 < dueAt } ?? true }.max()
    }

    /// The image as it is without marks.
    var unmarked: Image {
        var image = self
        image.tags.removeAll { mark(of: $0) != nil }
        image.isHidden = false
        return image
    }
}
