import ImageDeletion

extension Option.Section {
    /// Every option there is, in the order in which `--help` shows them.
    static var all: [Option.Section] {
        [selection, retention, safety, execution, output, credentials]
    }

    private static var selection: Option.Section {
        Option.Section(
            title: "Selection",
            options: [
                Option(
                    "--from FILE",
                    .values { options, value, _ in options.lists.append(value) },
                    "read more IMAGEs from FILE, one per line; blank lines and # comments are skipped; - is standard "
                        + "input; repeatable"
                ),
                Option(
                    "--match GLOB",
                    .parts(Glob.init) { $0.rule.namePatterns.append($1) },
                    "images whose whole name matches: *, ?, [a-z], [!a-z], \\ before a literal character; repeatable, any "
                        + "of them"
                ),
                Option(
                    "--tag TAG",
                    .values { options, value, _ in options.rule.tags.append(value) },
                    "images with the tag; repeatable, all of them"
                ),
                Option(
                    "--property KEY=VALUE",
                    .parts(PropertyFilter.init) { $0.rule.properties.append($1) },
                    "images whose property has this value; KEY: that have the property; !KEY: that lack it; repeatable, "
                        + "all of them"
                ),
                Option(
                    "--older-than AGE",
                    .part(MinimumAge.init) { $0.rule.olderThan = $1 },
                    "images created longer ago than 90m, 12h, 30d or 2w, or before 2026-10-01 or "
                        + "2026-10-01T08:00:00+02:00 (UTC without an offset)"
                ),
                Option(
                    "--policy [FILE]",
                    .optionalValue { $0.policy = $1 },
                    "images that the rules in FILE select; by default .delete-image.json in the current folder or in the "
                        + "package"
                ),
                Option(
                    "--apply FILE",
                    .value { options, value, _ in options.appliedPlan = value },
                    "what the plan in FILE says, except images that have changed since"
                ),
                Option(
                    "--ignore-missing",
                    .flag { $0.ignoresMissing = true },
                    "a missing image counts as success"
                ),
            ],
            remark:
                "IMAGE is an ID (a UUID), or a name that exactly one private image of the project has. Filters combine: "
                + "an image is selected if it matches any pattern, has all tags and properties, and is old enough."
        )
    }

    private static var retention: Option.Section {
        Option.Section(
            title: "Retention",
            options: [
                Option(
                    "--exclude GLOB",
                    .parts(Glob.init) { $0.rule.exclusions.append($1) },
                    "keep images whose name matches, and do not count them; repeatable"
                )
            ] + KeepRule.allCases.map(option) + [
                Option(
                    "--group-by KEY",
                    .part(GroupKey.init) { $0.rule.groupKey = $1 },
                    "count the images of each group; KEY is property:NAME, tag:NAME (the value of a tag NAME=value) or "
                        + "name:PATTERN with one part in parentheses, as in 'name:(*)-nightly-*'; images without the key "
                        + "are kept"
                ),
                Option(
                    "--grace AGE",
                    .part(GracePeriod.init) { $0.rule.grace = $1 },
                    "first mark images with a tag and hide them; delete them when every run has selected them for so long "
                        + "(12h, 7d, 2w)"
                ),
                Option(
                    "--restore",
                    .flag { $0.restores = true },
                    "remove the marks of the IMAGEs"
                ),
            ],
            remark:
                "The --keep- options count all active images that match by name, tag and property, whatever their age. "
                + "An image that any of them keeps is kept. Periods are those of UTC."
        )
    }

    private static func option(for rule: KeepRule) -> Option {
        let help =
            switch rule {
            case .last: "keep the N newest images"
            case .daily: "keep the newest image of each of the N latest days that have one"
            case .weekly: "the same for ISO weeks"
            case .monthly: "the same for months"
            case .yearly: "the same for years"
            }
        return Option(
            "--keep-\(rule.rawValue) N",
            .number(in: 1...RetentionRule.maximumKeep, zero: "would keep nothing; leave it out") {
                $0.rule.keep[rule] = $1
            },
            help
        )
    }

    private static var safety: Option.Section {
        Option.Section(
            title: "Safety",
            options: [
                Option("--dry-run", .flag { $0.isDryRun = true }, "show what would happen; change nothing"),
                Option(
                    "--plan FILE",
                    .value { options, value, _ in options.planFile = value },
                    "like --dry-run, and write the decision to FILE for --apply"
                ),
                Option("-y, --yes", .flag { $0.isConfirmed = true }, "do not ask"),
                Option(
                    "--max-deletions N",
                    .number(in: 0...1_000_000) { $0.maxDeletions = $1 },
                    "delete nothing if more than N images would be deleted or marked; 50 by default, except with --apply"
                ),
            ] + Safeguard.allCases.map(option) + [
                Option(
                    "--referenced-in DIR",
                    .values { options, value, _ in
                        options.referenceFolders.append(value)
                        options.rule.safeguards.insert(.referenced)
                    },
                    "keep images whose ID is in a text file of DIR; repeatable"
                ),
                Option(
                    "--unprotect",
                    .flag { $0.rule.liftsProtection = true },
                    "also delete protected images, after removing their protection"
                ),
            ],
            remark: "The --unless- options also apply to a policy and a plan."
        )
    }

    private static func option(for safeguard: Safeguard) -> Option {
        switch safeguard {
        case .inUse:
            Option(
                "--unless-in-use",
                .flag { $0.rule.safeguards.insert(.inUse) },
                "keep images that a server was created from or uses"
            )
        case .shared:
            Option(
                "--unless-shared",
                .flag { $0.rule.safeguards.insert(.shared) },
                "keep images that are shared with another project"
            )
        case .referenced:
            Option(
                "--unless-referenced",
                .flag {
                    $0.searchesPackage = true
                    $0.rule.safeguards.insert(.referenced)
                },
                "keep images whose ID is in a text file of the package"
            )
        }
    }

    private static var execution: Option.Section {
        Option.Section(
            title: "Execution",
            options: [
                Option(
                    "--receipt FILE",
                    .value { options, value, _ in options.receipt = value },
                    "append a JSON line for each outcome to FILE as it happens; a run with the same FILE skips what is "
                        + "already deleted"
                ),
                Option(
                    "--delete-backup",
                    .flag { $0.deletesBackups = true },
                    "also delete the backup of a full-server image (Open Telekom Cloud)"
                ),
                Option("--wait", .flag { $0.waits = true }, "wait until each image is gone"),
                Option(
                    "--concurrency N",
                    .number(in: 1...64) { $0.concurrency = $1 },
                    "deletions at the same time, 1 to 64; 4 by default"
                ),
                Option(
                    "--retries N",
                    .number(in: 0...20) { $0.retries = $1 },
                    "retries after a transient failure, 0 to 20; 4 by default"
                ),
                Option(
                    "--timeout SECONDS",
                    .seconds(in: 0.1...3600) { $0.timeout = $1 },
                    "the time limit for one request, from its start to its last byte, 0.1 to 3600; 30 by default"
                ),
                Option(
                    "--demo",
                    .flag { $0.isDemo = true },
                    "run against a cloud in memory, without credentials or network"
                ),
            ]
        )
    }

    private static var output: Option.Section {
        Option.Section(
            title: "Output",
            options: [
                Option("--json", .flag { $0.isJSON = true }, "write one JSON document to standard output"),
                Option("-q, --quiet", .flag { $0.isQuiet = true }, "print only failures"),
                Option("-v, --verbose", .flag { $0.isVerbose = true }, "print every request to standard error"),
                Option("-h", .flag { $0.shownHelp = .short }, "print all options on one screen"),
                Option("--help", .flag { $0.shownHelp = .full }, "print this help"),
                Option("--version", .flag { $0.showsVersion = true }, "print the version"),
            ]
        )
    }

    private static var credentials: Option.Section {
        Option.Section(
            title: "Credentials",
            options: [
                Option("--no-token-cache", .flag { $0.usesTokenCache = false }, "keep no token on disk"),
                Option(
                    "--forget-token",
                    .flag { $0.forgetsToken = true },
                    "remove the token from the cache and revoke it, after the deletions if there are any"
                ),
                Option(
                    "--work-directory DIR",
                    .value { options, value, _ in options.workDirectory = value },
                    "keep the token cache in DIR"
                ),
                Option(
                    "--allow-http",
                    .flag { $0.allowsHTTP = true },
                    "accept http addresses that are not loopback; anyone on the way can read the password and the token"
                ),
            ]
        )
    }
}
