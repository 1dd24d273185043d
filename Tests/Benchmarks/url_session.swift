import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// As little as can be done with URLSession: DELETE after DELETE, sixteen at once, for the addresses in a file. What
/// delete-image takes beyond this is its own, the rest is URLSession's.
@main
struct URLSessionAlone {
    static func main() async throws {
        let lines = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8).split(separator: "\n")
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = 64
        let session = URLSession(configuration: configuration)
        await withThrowingTaskGroup(of: Void.self) { group in
            var addresses = lines.lazy.compactMap { URL(string: String($0)) }.makeIterator()
            func startNext() {
                guard let address = addresses.next() else { return }
                group.addTask {
                    var request = URLRequest(url: address)
                    request.httpMethod = "DELETE"
                    request.setValue(CommandLine.arguments[2], forHTTPHeaderField: "X-Auth-Token")
                    let (_, response) = try await session.data(for: request)
                    guard (response as? HTTPURLResponse)?.statusCode == 204 else { throw URLError(.badServerResponse) }
                }
            }
            for _ in 0..<16 { startNext() }
            do {
                while try await group.next() != nil { startNext() }
            } catch {
                print(error)
                exit(1)
            }
        }
        exit(0)
    }
}
