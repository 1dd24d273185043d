// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "Examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        // You write: .package(url: "https://…/swift-delete-image.git", branch: "main")
        .package(name: "swift-delete-image", path: "..")
    ],
    targets: [
        .executableTarget(
            name: "prune-branches",
            dependencies: [.product(name: "ImageDeletion", package: "swift-delete-image")]
        )
    ]
)
