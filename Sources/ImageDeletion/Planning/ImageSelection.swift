/// Which images a plan is about.
public struct ImageSelection: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case named([Name])
        case rules([RetentionRule])
        /// Images whose marks are to be removed.
        case restored([Name])
    }

    /// An image as it was named.
    package enum Name: Sendable, Hashable {
        case id(ImageID)
        case name(ExactText)
    }

    package let kind: Kind

    /// The names of the image properties that its rules read.
    var propertyNames: Set<String> { if case .rules(let rules) = kind { rules.propertyNames } else { [] } }

    package init(_ kind: Kind) { self.kind = kind }

    /// The images with these IDs, in this order, whoever owns them.
    public static func images(_ ids: [ImageID]) -> ImageSelection { ImageSelection(.named(ids.map(Name.id))) }

    /// The project's private images with these names, in this order. A name that several images have is an error.
    public static func named(_ names: [String]) -> ImageSelection {
        ImageSelection(.named(names.map { .name($0.exact) }))
    }

    /// The images with these IDs, whose deletion was announced and is to be called off: their marks are removed. See
    /// ``RetentionRule/grace``.
    public static func restored(_ ids: [ImageID]) -> ImageSelection { ImageSelection(.restored(ids.map(Name.id))) }

    /// The project's private images that `rule` selects.
    public static func rule(_ rule: RetentionRule) -> ImageSelection { ImageSelection(.rules([rule])) }

    /// The project's private images that any rule of `policy` selects.
    public static func policy(_ policy: RetentionPolicy) -> ImageSelection { ImageSelection(.rules(policy.rules)) }
}
