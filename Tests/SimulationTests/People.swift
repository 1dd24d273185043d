import Foundation
import ImageDeletionDemo
import TestSupport

/// Everybody else who does something on a simulated day, and everything else that happens by itself.
struct People {
    enum Deed {
        case remove(String)
        case rename(String, to: String)
        case protect(String, Bool)
        case use(String)
        case lend(String)
        case add(DemoImage)
        case revokeTokens
        /// The credentials are worth nothing any more, and no token that was given for them.
        case changePassword
        /// The machine's clock is set, by so many seconds.
        case setClock(TimeInterval)
        case spoilCache(Damage)
    }

    /// What becomes of the cache file.
    enum Damage: CaseIterable {
        case gone, cut, garbage, empty, anotherSchema, openToAll, link, folder, lockGone
    }

    /// When something is done: while a process sends one of its requests, or while a person thinks about its question.
    enum Moment: Equatable {
        case request(_ process: Int, Int)
        case question
    }

    /// What is done, and when.
    let deeds: [(moment: Moment, deed: Deed)]

    init(_ images: [DemoImage], _ dice: inout Dice) {
        let ids = images.map(\.id)
        let count = dice.once(in: 3) ? 0 : dice.number(1...8)
        deeds = (0..<count).map { number in
            let moment: Moment = dice.once(in: 2) ? .question : .request(dice.number(1...6), dice.number(1...12))
            let id = dice.pick(ids)
            let deed: Deed =
                switch dice.number(0...14) {
                case 0, 1: .remove(id)
                case 2...5: .rename(id, to: dice.pick(["nightly-1", "kept", "release"]))
                case 6: .protect(id, dice.once(in: 2))
                case 7: .use(id)
                case 8: .lend(id)
                case 9: .add(DemoImage(id: Sample.id(900 + number), name: "nightly-1", createdAt: Day.start))
                case 10, 11: .revokeTokens
                case 12: .changePassword
                case 13: .setClock(dice.pick([-86_400, -3600, -1, 1, 299, 3600, 86_400, 400 * 86_400]))
                default: .spoilCache(dice.pick(Damage.allCases))
                }
            return (moment, deed)
        }
    }
}

extension DemoCloud {
    /// Does what only somebody else does, and in the same moment looks at what that has changed.
    func `do`(_ deed: People.Deed, at now: Date, seenBy ledger: Ledger) {
        func change(_ id: String, _ change: (inout DemoImage) -> Void) {
            guard var image = currentImages.first(where: { $0.id == id }) else { return }
            change(&image)
            put(image)
        }
        switch deed {
        case .remove(let id): remove(id)
        case .rename(let id, let name): change(id) { ($0.name, $0.updatedAt) = (name, now) }
        case .protect(let id, let isProtected): change(id) { ($0.isProtected, $0.updatedAt) = (isProtected, now) }
        case .use(let id): change(id) { $0.usedBy = "server" }
        case .lend(let id):
            change(id) { ($0.visibility, $0.members, $0.updatedAt) = ("shared", ["another project"], now) }
        case .add(let image): put(image)
        case .revokeTokens, .changePassword: revokeAllTokens()
        case .setClock, .spoilCache: break
        }
        ledger.see(currentImages)
    }
}

extension People.Damage {
    /// Does it to the cache in `folder`, if there is one.
    func happen(in folder: URL) throws {
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
