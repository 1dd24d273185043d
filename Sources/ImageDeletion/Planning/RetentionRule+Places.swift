import ImageDeletionEssentials

extension RetentionRule {
    /// Returns the images that the rule keeps because of their place among `images`, and those that have no place.
    ///
    /// An upload that failed, or is still under way, takes no other image's place.
    func kept(of images: [Image]) -> [ImageID: KeepReason] {
        var reasons: [ImageID: KeepReason] = [:]
        var groups: [ExactText: [Image]] = [:]
        for image in images {
            if image.createdAt == nil {
                reasons[image.id] = .undated
            } else if let groupKey {
                if let value = groupKey.value(of: image) {
                    groups[value.exact, default: []].append(image)
                } else {
                    reasons[image.id] = .ungrouped(groupKey)
                }
            } else {
                groups[ExactText(""), default: []].append(image)
            }
        }
        for (group, images) in groups {
            reasons.merge(places(in: images, group: groupKey == nil ? nil : group.text)) { $1 }
        }
        return reasons
    }

    /// Returns why images of one group are kept.
    private func places(in images: [Image], group: String?) -> [ImageID: KeepReason] {
        let newest = images.sorted(by: Image.isNewer)
        let active = newest.filter(\.isUsable)
        var places: [ImageID: [KeptPlace]] = [:]
        for rule in KeepRule.allCases {
            var left = keep[rule] ?? 0
            var previous: String?
            for image in active where left > 0 {
                let period = image.createdAt.flatMap(rule.period)
                guard period == nil || period != previous else { continue }
                places[image.id, default: []].append(KeptPlace(rule: rule, period: period, group: group))
                previous = period
                left -= 1
            }
        }
        var reasons = places.mapValues(KeepReason.place)
        // Without an active image, nothing replaces the others.
        let oldest = newest.lastIndex { places[$0.id] != nil } ?? newest.endIndex
        for image in newest[..<oldest] where !image.isUsable { reasons[image.id] = .notActive }
        return reasons
    }
}

extension Image {
    /// Orders images by date, then by name and ID, so that the result does not depend on the order of the list. An image
    /// without a date counts as new.
    static func isNewer(_ one: Image, _ other: Image) -> Bool {
        let (date, otherDate) = (one.createdAt ?? .distantFuture, other.createdAt ?? .distantFuture)
        if date != otherDate { return date > otherDate }
        let (name, otherName) = ((one.name ?? "").exact, (other.name ?? "").exact)
        return name == otherName ? one.id.description > other.id.description : name > otherName
    }
}
