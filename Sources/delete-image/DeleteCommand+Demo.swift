import ImageDeletion
import ImageDeletionDemo
import ImageDeletionEssentials

/// The demo cloud in the days to come.
extension DeleteCommand {
    /// The same command in the demo cloud when the grace period is over, as a dry run; nil if there is nothing to show.
    func demoLater() async -> DeleteCommand? {
        guard let demo, let grace = options.rule.grace, !options.onlyShows, !options.isJSON, !options.isQuiet else {
            return nil
        }
        let clock = context.clock
        var (options, context) = (options, context)
        options.isDryRun = true
        context.clock = WallClock(
            now: { clock.now().addingTimeInterval(Double(grace.seconds + 1)) },
            sleep: clock.sleep
        )
        printLine("\nThe same command, \(Messages.age(clock.now(), now: context.clock.now())) later:")
        return DeleteCommand(options, context, demo: await demo.currentImages)
    }
}

extension Options {
    /// Selects images of the demo cloud if only a grace period is given, to show groups, a weekly rule and marks.
    mutating func completeDemo() {
        guard isDemo, rule.grace != nil, !selects, let all = try? Glob("*") else { return }
        rule.namePatterns = [all]
        rule.groupKey = try? GroupKey("tag:branch")
        rule.keep = [.last: 3, .weekly: 2]
        isConfirmed = true
    }
}
