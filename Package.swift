// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "swift-delete-image",
    platforms: [.macOS(.v13)],
    products: [
        .plugin(name: "DeleteImage", targets: ["DeleteImage"]),
        .executable(name: "delete-image", targets: ["delete-image"]),
        .library(name: "ImageDeletion", targets: ["ImageDeletion"]),
    ],
    targets: [
        .plugin(
            name: "DeleteImage",
            capability: .command(
                intent: .custom(
                    verb: "delete-image",
                    description: "Delete private machine images from Open Telekom Cloud or any OpenStack cloud"
                ),
                permissions: [
                    .allowNetworkConnections(
                        // No port list: identity and image services listen on 443, 5000, 9292, 13000, …
                        scope: .all(ports: []),
                        reason: "This command signs in to your cloud's identity service and deletes "
                            + "the images that you name from its image service"
                    )
                ]
            ),
            dependencies: ["delete-image"]
        ),
        .executableTarget(
            name: "delete-image",
            dependencies: ["ImageDeletion", "ImageDeletionDemo", "ImageDeletionEssentials"]
        ),
        .target(name: "ImageDeletion", dependencies: ["ImageDeletionCurl", "ImageDeletionEssentials"]),
        .target(name: "ImageDeletionCurl"),
        .target(name: "ImageDeletionDemo", dependencies: ["ImageDeletion", "ImageDeletionEssentials"]),
        .target(name: "ImageDeletionEssentials"),
        .target(
            name: "TestSupport",
            dependencies: ["ImageDeletion", "ImageDeletionDemo"],
            path: "Tests/TestSupport"
        ),
        // A test target, because only those may use what the executable does not export.
        .testTarget(
            name: "CommandSupport",
            dependencies: ["delete-image", "ImageDeletion", "ImageDeletionDemo", "TestSupport"]
        ),
        .testTarget(name: "ImageDeletionTests", dependencies: ["ImageDeletion", "ImageDeletionDemo", "TestSupport"]),
        .testTarget(
            name: "CommandTests",
            dependencies: ["delete-image", "ImageDeletionDemo", "TestSupport", "CommandSupport"]
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["delete-image", "ImageDeletion", "ImageDeletionDemo", "TestSupport", "CommandSupport"]
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["delete-image", "ImageDeletion", "ImageDeletionDemo", "TestSupport", "CommandSupport"]
        ),
        .testTarget(name: "PluginTests", dependencies: ["ImageDeletionDemo", "TestSupport"]),
        .testTarget(
            name: "RealCloudTests",
            dependencies: ["delete-image", "ImageDeletion", "TestSupport"],
            path: "Tests/RealCloud",
            exclude: ["real-cloud.sh"]
        ),
    ]
)

for target in package.targets where target.type != .plugin {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
