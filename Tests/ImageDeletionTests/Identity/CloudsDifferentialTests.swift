import Foundation
import ImageDeletion
import Testing

private let casesFile = ProcessInfo.processInfo.environment["DELETE_IMAGE_CLOUDS_CASES"]

/// The same files, read here and by openstacksdk.
///
/// ```sh
/// .build/real-cloud/venv/bin/python Tests/Clouds/clouds.py FOLDER
/// DELETE_IMAGE_CLOUDS_CASES=FOLDER/cases.json swift test --filter CloudsDifferentialTests
/// ```
@Suite("clouds.yaml and openstacksdk", .enabled(if: casesFile != nil, "DELETE_IMAGE_CLOUDS_CASES is not set"))
struct CloudsDifferentialTests {
    private enum Result {
        case accepted
        case refused([ConfigurationProblem])
        case different(String)
    }

    @Test("Every file means the same, or is refused with its line")
    func agreement() throws {
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: casesFile ?? "")))
        #expect(cases.count >= 200)
        var refusals: [String: Int] = [:]
        for one in cases {
            switch try result(of: one) {
            case .accepted: break
            case .different(let words): Issue.record("\(one.name): \(words)")
            case .refused(let problems):
                refusals[one.kind, default: 0] += 1
                let isLocated = problems.allSatisfy(Self.isLocated)
                #expect(isLocated || one.error != nil, "\(one.name): no line in \(problems)")
                if one.kind == "guide" { print("refused: \(one.name): \(problems.map(\.description))") }
            }
        }
        for (kind, all) in Dictionary(grouping: cases, by: \.kind).sorted(by: { $0.key < $1.key }) {
            let errors = all.count { $0.error != nil }
            print("\(kind): \(all.count) files, \(refusals[kind, default: 0]) refused here, \(errors) by openstacksdk")
        }
        let guides = cases.count { $0.kind == "guide" }
        #expect(refusals["guide", default: 0] * 50 <= guides, "what guides show is refused")
    }

    private func result(of one: Case) throws -> Result {
        var files = ConfigurationFiles.system
        files.currentDirectory = one.currentDirectory
        let cloud: Cloud?
        let environment: OpenStackEnvironment
        do {
            environment = try OpenStackEnvironment(one.environment, files: files)
            cloud = try Cloud(chosenBy: one.environment, among: files)
        } catch {
            guard case .configuration(let problems) = error.reason else { throw error }
            return .refused(problems)
        }
        if one.isElsewhere ?? false { return .accepted }
        guard let cloud else {
            // Unlike openstacksdk, this package does not read files that do not count.
            let isSame = environment.source == .variables && (one.cloud == "envvars" || one.error != nil)
            return isSame ? .accepted : .different("openstacksdk uses cloud \(one.cloud ?? "")")
        }
        guard let variables = one.variables else { return .different("openstacksdk: \(one.error ?? "")") }
        var ours = cloud.variables.mapValues(Value.text)
        ours["OS_INTERFACE"] = ours["OS_INTERFACE"] ?? .text("public")
        var theirs = variables
        theirs["OS_INTERFACE"] = theirs["OS_INTERFACE"] ?? .text("public")
        let names = Set(ours.keys).union(theirs.keys).sorted().filter { ours[$0] != theirs[$0] }
        guard cloud.name == one.cloud, names.isEmpty else {
            return .different(
                names.map { "\($0): \(ours[$0] as Any), not \(theirs[$0] as Any)" }.joined(separator: "; ")
            )
        }
        return .accepted
    }

    private static func isLocated(_ problem: ConfigurationProblem) -> Bool {
        switch problem {
        case .cloudsFile(let path, let line, _), .cloud(_, file: let path, let line, _):
            // Unlike openstacksdk, this package does not pass over a file that was named and is not there.
            line != nil || path.hasSuffix("json") || !FileManager.default.fileExists(atPath: path)
        default: false
        }
    }
}

/// One environment with its files, as `Tests/Clouds/clouds.py` writes it.
private struct Case: Decodable {
    var name: String
    var kind: String
    var environment: [String: String]
    var currentDirectory: String
    /// The cloud that openstacksdk chose.
    var cloud: String?
    /// What openstacksdk read.
    var variables: [String: Value]?
    /// Why openstacksdk did not read it.
    var error: String?
    /// Whether that is about settings that have nothing to do with images.
    var isElsewhere: Bool?
}

/// A text; anything else cannot be a setting.
private enum Value: Decodable, Hashable {
    case text(String)
    case other

    init(from decoder: any Decoder) throws {
        let text = try? decoder.singleValueContainer().decode(String.self)
        self = text.map(Value.text) ?? .other
    }
}
