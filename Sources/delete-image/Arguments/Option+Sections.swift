import ImageDeletion

extension Option.Section {
    /// Every option there is, in the order in which `--help` shows them.
    static var all: [Option.Section] {
        [images, filters, retention, decisions, safeguards, looking, working, connecting, reporting]
    }

    private static var images: Option.Section {
        Option.Section(
            title: "WHICH IMAGES: named one by one",
            options: [
                Option(
                    "--from FILE",
                    .values { options, value, _ in options.lists.append(value) },
                    "more IMAGEs, one a line; blank lines and # comments are passed over; - is standard input; repeatable"
                ),
                Option(
                    "--ignore-missing",
                    .flag { $0.ignoresMissing = true },
                    "an image that is not there counts as success"
                ),
            ],
            remark: "IMAGE is an ID (a UUID), or a name that exactly one private image of the project bears."
        )
    }

    private static var filters: Option.Section {
        Option.Section(
            title: "WHICH IMAGES: by what they are like",
            options: [
                Option(
                    "--match GLOB",
                    .parts(Glob.init) { $0.rule.namePatterns.append($1) },
                    "the whole name matches: *, ?, [a-z], [!a-z], \\ before a literal one; repeatable, any of them"
                ),
                Option(
                    "--tag TAG",
                    .values { options, value, _ in options.rule.tags.append(value) },
                    "the image has the tag; repeatable, all of them"
                ),
                Option(
                    "--property KEY=VALUE",
                    .parts(PropertyFilter.init) { $0.rule.properties.append($1) },
                    "the image has the property with this value; KEY alone: it has the property; !KEY: it does not; "
                        + "repeatable, all of them"
                ),
                Option(
                    "--older-than AGE",
                    .part(MinimumAge.init) { $0.rule.olderThan = $1 },
                    "created longer ago than 90m, 12h, 30d or 2w, or before 2026-10-01 or 2026-10-01T08:00:00+02:00 (UTC "
                        + "without an offset)"
                ),
            ],
            remark: "Filters combine: an image is selected if it matches any of the patterns, has all tags and "
                + "properties, and is old enough."
        )
    }

    private static var retention: Option.Section {
        Option.Section(
            title: "RETENTION: what is kept of the selected images",
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
                    "count per group: property:NAME, tag:NAME (the value of a tag NAME=value), or name:PATTERN with one "
                        + "part in parentheses, as 'name:(*)-nightly-*'; images without the key are kept"
                ),
                Option(
                    "--grace AGE",
                    .part(GracePeriod.init) { $0.rule.grace = $1 },
                    "delete in two steps: mark images with a tag and hide them, and delete those that were selected for so "
                        + "long (12h, 7d, 2w); an image that is no longer selected is unmarked"
                ),
                Option(
                    "--restore",
                    .flag { $0.restores = true },
                    "remove the marks of the IMAGEs, which --grace has set"
                ),
            ],
            remark: "The --keep- options count all images that match by name, tag and property, whatever their age; "
                + "--older-than limits what may be deleted. An image that any of them keeps is kept. Days, ISO weeks, "
                + "months and years are those of UTC. Only active images count; any other (a failed upload) is kept unless "
                + "it is older than all that are kept."
        )
    }

    private static func option(for rule: KeepRule) -> Option {
        let help =
            switch rule {
            case .last: "keep the N newest images"
            case .daily: "keep the newest image of each of the N latest days that have one"
            case .weekly: "the same for weeks"
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

    private static var decisions: Option.Section {
        Option.Section(
            title: "WHICH IMAGES: decided elsewhere",
            options: [
                Option(
                    "--policy [FILE]",
                    .optionalValue { $0.policy = $1 },
                    "what the rules in FILE select; by default .delete-image.json in the current folder, else in the "
                        + "package"
                ),
                Option(
                    "--apply FILE",
                    .value { options, value, _ in options.appliedPlan = value },
                    "what a plan says, where nothing has changed since; where the plan's rules asked about servers and "
                        + "loans, they are asked about again"
                ),
            ]
        )
    }

    private static var safeguards: Option.Section {
        Option.Section(
            title: "WHAT STAYS",
            options: Safeguard.allCases.map(option) + [
                Option(
                    "--referenced-in DIR",
                    .values { options, value, _ in
                        options.referenceFolders.append(value)
                        options.rule.safeguards.insert(.referenced)
                    },
                    "keep images whose ID is written in a text file of DIR; repeatable"
                ),
                Option(
                    "--unprotect",
                    .flag { $0.rule.liftsProtection = true },
                    "delete protected images too; the protection is lifted first"
                ),
            ],
            remark:
                "Protected images are kept without --unprotect. The other options here also apply to a policy or a plan."
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
                "keep images that are lent to another project"
            )
        case .referenced:
            Option(
                "--unless-referenced",
                .flag {
                    $0.searchesPackage = true
                    $0.rule.safeguards.insert(.referenced)
                },
                "keep images whose ID is written in a text file of the package"
            )
        }
    }

    private static var looking: Option.Section {
        Option.Section(
            title: "LOOK FIRST",
            options: [
                Option("--dry-run", .flag { $0.isDryRun = true }, "show what would happen; change nothing"),
                Option(
                    "--plan FILE",
                    .value { options, value, _ in options.planFile = value },
                    "the same, and write the decision to FILE, for --apply"
                ),
                Option("-y, --yes", .flag { $0.isConfirmed = true }, "do not ask"),
                Option(
                    "--max-deletions N",
                    .number(in: 0...1_000_000) { $0.maxDeletions = $1 },
                    "delete nothing if more than N images would be deleted; 50 by default, except with --apply"
                ),
                Option(
                    "--demo",
                    .flag { $0.isDemo = true },
                    "run against a cloud in memory: no credentials, no network"
                ),
            ]
        )
    }

    private static var working: Option.Section {
        Option.Section(
            title: "HOW",
            options: [
                Option(
                    "--receipt FILE",
                    .value { options, value, _ in options.receipt = value },
                    "add a JSON line for each outcome to FILE as it happens; run again with it, the command passes over "
                        + "what is deleted already"
                ),
                Option(
                    "--delete-backup",
                    .flag { $0.deletesBackups = true },
                    "for a full-server image, delete its backup too (Open Telekom Cloud)"
                ),
                Option("--wait", .flag { $0.waits = true }, "wait until each image cannot be seen any more"),
                Option(
                    "--concurrency N",
                    .number(in: 1...64) { $0.concurrency = $1 },
                    "deletions under way at once, 1 to 64; 4 unless said"
                ),
                Option(
                    "--retries N",
                    .number(in: 0...20) { $0.retries = $1 },
                    "further tries of a request that failed in passing, 0 to 20; 4 unless said"
                ),
                Option(
                    "--timeout SECONDS",
                    .seconds(in: 0.1...3600) { $0.timeout = $1 },
                    "the time limit for one request, from its start to its last byte, 0.1 to 3600; 30 by default"
                ),
            ]
        )
    }

    private static var connecting: Option.Section {
        Option.Section(
            title: "THE TOKEN",
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
                    "where the token cache is kept"
                ),
                Option(
                    "--allow-http",
                    .flag { $0.allowsHTTP = true },
                    "take http addresses that are not loopback: token and password can be read on the way"
                ),
            ]
        )
    }

    private static var reporting: Option.Section {
        Option.Section(
            title: "WHAT IS SAID",
            options: [
                Option("--json", .flag { $0.isJSON = true }, "one JSON document on standard output"),
                Option("-q, --quiet", .flag { $0.isQuiet = true }, "only failures"),
                Option("-v, --verbose", .flag { $0.isVerbose = true }, "every request, on standard error"),
                Option("-h, --help", .flag { $0.showsHelp = true }, "this"),
                Option("--version", .flag { $0.showsVersion = true }, "the version"),
            ]
        )
    }

}
