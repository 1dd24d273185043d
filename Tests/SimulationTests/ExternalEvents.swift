import Foundation
import ImageDeletionDemo
import TestSupport

/// What other users and the system do while the processes of a scenario run.
struct ExternalEvents {
    enum Event {
        case remove(String)
        case rename(String, to: String)
        case protect(String, Bool)
        case use(String)
        /// The marks of an image are removed, and it is shown again.
        case restore(String)
        case share(String)
        case add(DemoImage)
        case revokeTokens
        /// The credentials and all tokens that were issued for them become invalid.
        case changePassword
        /// The machine's clock is set forward by this many seconds.
        case setClock(TimeInterval)
        case spoilCache(CacheDamage)
    }

    /// Damage to the token cache's file.
    enum CacheDamage: CaseIterable {
        case gone, cut, garbage, empty, anotherSchema, openToAll, link, folder, lockGone
    }

    /// The time of an event: while a process sends one of its requests, or while it waits for a confirmation.
    enum Moment: Equatable {
        case request(_ process: Int, Int)
        case question
    }

    /// The events and their times.
    let events: [(moment: Moment, event: Event)]

    init(_ images: [DemoImage], _ generator: inout SeededGenerator) {
        let ids = images.map(\.id)
        let count = generator.once(in: 3) ? 0 : generator.number(1...8)
        events = (0..<count).map { number in
            let moment: Moment =
                generator.once(in: 2) ? .question : .request(generator.number(1...6), generator.number(1...12))
            let id = generator.pick(ids)
            let event: Event =
                switch generator.number(0...14) {
                case 0, 1: .remove(id)
                case 2...5: .rename(id, to: generator.pick(["nightly-1", "kept", "release"]))
                case 6: .protect(id, generator.once(in: 2))
                case 7: generator.once(in: 2) ? .use(id) : .restore(id)
                case 8: .share(id)
                case 9: .add(DemoImage(id: Sample.id(900 + number), name: "nightly-1", createdAt: Scenario.start))
                case 10, 11: .revokeTokens
                case 12: .changePassword
                case 13: .setClock(generator.pick([-86_400, -3600, -1, 1, 299, 3600, 86_400, 400 * 86_400]))
                default: .spoilCache(generator.pick(CacheDamage.allCases))
                }
            return (moment, event)
        }
    }
}

extension DemoCloud {
    /// Applies `event` and records the images after it, as one atomic step.
    func apply(_ event: ExternalEvents.Event, at now: Date, seenBy ledger: Ledger) {
        func change(_ id: String, _ change: (inout DemoImage) -> Void) {
            guard var image = currentImages.first(where: { $0.id == id }) else { return }
            change(&image)
            put(image)
        }
        switch event {
        case .remove(let id): remove(id)
        case .rename(let id, let name): change(id) { ($0.name, $0.updatedAt) = (name, now) }
        case .protect(let id, let isProtected): change(id) { ($0.isProtected, $0.updatedAt) = (isProtected, now) }
        case .use(let id): change(id) { $0.usedBy = "server" }
        case .restore(let id):
            change(id) { image in
                image.tags.removeAll { $0.hasPrefix("delete-after-") }
                (image.isHidden, image.updatedAt) = (false, now)
            }
        case .share(let id):
            change(id) { ($0.visibility, $0.members, $0.updatedAt) = ("shared", ["another project"], now) }
        case .add(let image): put(image)
        case .revokeTokens, .changePassword: revokeAllTokens()
        case .setClock, .spoilCache: break
        }
        ledger.see(currentImages)
    }
}

extension ExternalEvents.CacheDamage {
    /// Damages the cache in `folder`, if there is one.
    func apply(in folder: URL) throws {
        let files = FileManager.default
        let cache = folder.appendingPathComponent("token-cache.json")
        guard let content = try? Data(contentsOf: cache) else { return }
        switch self {
        case .gone: try files.removeItem(at: cache)
        case .cut: try content.prefix(content.count / 2).write(to: cache)
        case .garbage: try Data("garbage".utf8).write(to: cache)
        case .empty: try Data().write(to: cache)
        case .anotherSchema:
            try Data(String(decoding: content, as: UTF8.self).replacing("cache/2", with: "cache/9").utf8).write(
                to: cache
            )
        case .openToAll: try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: cache.path)
        case .link:
            try files.removeItem(at: cache)
            try files.createSymbolicLink(atPath: cache.path, withDestinationPath: "/dev/null")
        case .folder:
            try files.removeItem(at: cache)
            try files.createDirectory(at: cache, withIntermediateDirectories: false)
        case .lockGone: try files.removeItem(atPath: cache.path + ".lock")
        }
    }
}
