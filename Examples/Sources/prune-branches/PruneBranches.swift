import Foundation
import ImageDeletion

/// Deletes the images `branch-…` whose git branch is gone.
@main
struct PruneBranches {
    static func main() async {
        do {
            let outcomes: [Outcome]
            switch Array(CommandLine.arguments.dropFirst()) {
            case []: outcomes = try await pruning().plan().preview
            case ["--delete"]: outcomes = try await pruning().carryOut()
            case ["--rehearse"]: outcomes = try await rehearsal().carryOut()
            default:
                tell("usage: prune-branches [--delete | --rehearse]   without an option, it only shows what would go")
                exit(64)
            }
            for outcome in outcomes { print(line(outcome)) }
            if outcomes.isEmpty { print("Every image's branch is there.") }
            exit(outcomes.contains { [.failed, .pending].contains($0.result) } ? 1 : 0)
        } catch {
            tell("error: \(error)")
            exit(1)
        }
    }

    /// The cloud that the OS_… variables describe, and the branches that `origin` has.
    private static func pruning() throws -> Pruning {
        let transport = PacedTransport(try CurlTransport(), requestsPerSecond: 5)
        return Pruning(
            service: try ImageService(
                environment: ProcessInfo.processInfo.environment,
                connection: ServiceConnection(transport: transport, report: log)
            ),
            branches: Git.branches
        )
    }

    /// A cloud and branches that are made up, and a clock on which waiting takes no time.
    private static func rehearsal() throws -> Pruning {
        let clock = RehearsalClock().wallClock
        let cloud = RehearsalCloud(mostRequestsPerSecond: 5, clock: clock)
        let transport = PacedTransport(cloud, requestsPerSecond: 5, clock: clock)
        return Pruning(
            service: try ImageService(
                environment: RehearsalCloud.environment,
                connection: ServiceConnection(transport: transport, report: log)
            ),
            branches: { RehearsalCloud.branches }
        )
    }

    /// Quoted, so that nothing in a name can write to the terminal.
    private static func line(_ outcome: Outcome) -> String {
        let name = String(reflecting: outcome.image?.name ?? "")
        let reason = outcome.keepReason?.name ?? outcome.error.map { "\($0)" } ?? ""
        return ["\(outcome.result.name) \(name)", reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// Each request as it is answered. A record has no header and no body in it, so no secret can be.
    private static func log(_ event: ServiceEvent) {
        guard case .request(let record) = event else { return }
        tell("\(record.method) \(record.url.path) \(record.status.map(String.init) ?? "no answer")")
    }

    private static func tell(_ words: String) {
        FileHandle.standardError.write(Data((words + "\n").utf8))
    }
}
