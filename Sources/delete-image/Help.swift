/// What `--help` shows.
enum Help {
    static let text = """
        Delete private machine images from Open Telekom Cloud, or any OpenStack cloud.

        USAGE
          delete-image IMAGE … | FILTERS | --policy [FILE] | --apply FILE               the executable
          swift package --allow-network-connections all delete-image …                   the plugin

        EXAMPLES
          delete-image 6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11        one image, by its ID
          delete-image --match 'nightly-*' --older-than 14d --keep-last 3 --unless-in-use     clean up
          delete-image --policy --plan plan.json                   decide by the package's rules, delete nothing
          delete-image --apply plan.json                           do what was decided
          delete-image --demo --match 'nightly-*' --older-than 14d --keep-last 3      try it without a cloud

        A deletion cannot be undone. Only private images of your own project are ever selected by a name, a filter or
        a policy. Where anything but IDs or a plan selects, the images are shown and you are asked first.

        WHICH IMAGES: named one by one
          IMAGE …                a UUID is an image ID; anything else a name, which exactly one private image must bear
          --from FILE            more IMAGEs, one a line; blank lines and # comments are passed over; - is standard input
          --ignore-missing       an image that is not there counts as success

        WHICH IMAGES: filters
          --match GLOB           the name matches, all of it (*, ?, [a-z], [!a-z], \\ before a literal one); repeatable
          --tag TAG              the image bears the tag; repeatable
          --older-than AGE       made longer ago than 90m, 12h, 30d or 2w, or before 2026-10-01 or
                                 2026-10-01T08:00:00+02:00 (UTC where no offset is given)
          --keep-last N          spare the N newest
          They combine: selected is what matches any of the patterns, bears all of the tags and is older than the age;
          of that, the N newest are spared. With --older-than 14d --keep-last 3, the three newest of those that are
          older than 14 days stay too. An image that is not active (an upload that failed) is not counted as one of N,
          and is spared if it is newer than the last of them.

        WHICH IMAGES: decided elsewhere
          --policy [FILE]        what the rules in FILE select; .delete-image.json in the package unless said
          --apply FILE           what a plan says, where nothing has changed since; servers and loans are asked about
                                 again where the plan's rules did
          Options under WHAT STAYS, --unprotect excepted, hold beside both.

        WHAT STAYS
          Protected images stay, and what is public or another project's.
          --unprotect            delete protected images too; the protection is lifted first
          --unless-in-use        keep images that a server was created from
          --unless-shared        keep images that are lent to another project
          --unless-referenced [DIR]    keep images whose ID is written in a text file of the package, or of DIR (with a
                                 slash in it, or after =); this command's own list, plan and receipt excepted

        LOOK FIRST
          --dry-run              show what would happen; change nothing
          --plan FILE            the same, and write the decision to FILE, for --apply
          -y, --yes              do not ask
          --max-deletions N      more than N, and nothing is deleted (filters and policies: 50 unless said)

        HOW
          --receipt FILE         add a JSON line for each outcome to FILE as it happens; run again with it, the command
                                 passes over what is deleted already
          --delete-backup        for a full-server image, delete its backup too (Open Telekom Cloud)
          --wait                 wait until each image cannot be seen any more
          --concurrency N        deletions under way at once (1 to 64; 4 unless said)
          --retries N            further tries of a request that failed in passing (0 to 20; 4 unless said)
          --timeout SECONDS      the bound on one request, from its start to its last byte (1 to 3600; 30 unless said)
          --allow-http           take http addresses that are not loopback: token and password can be read on the way
          --no-token-cache       keep no token on disk
          --forget-token         remove the token from the cache and revoke it, after the deletions if there are any
          --work-directory DIR   where the token cache is kept
          --demo                 run against a cloud in memory: no credentials, no network

        WHAT IS SAID
          --json                 one JSON document on standard output
          -q, --quiet            only failures
          -v, --verbose          every request, on standard error
          -h, --help             this
          --version              the version

        ENVIRONMENT (that of the OpenStack client)
          OS_AUTH_URL            the identity service, as https://iam.eu-de.otc.t-systems.com/v3
          OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME    who asks; or OS_USER_ID, OS_USER_DOMAIN_ID
          OS_PROJECT_NAME        whose images; or OS_PROJECT_ID. Its domain, if not the user's: OS_PROJECT_DOMAIN_NAME
          OS_PASSCODE            a one-time passcode, where the account asks for one
          OS_APPLICATION_CREDENTIAL_ID, OS_APPLICATION_CREDENTIAL_SECRET    instead of user, password and project
          OS_TOKEN               a token from elsewhere, instead of all these; never cached
          OS_REGION_NAME, OS_INTERFACE, OS_IMAGE_ENDPOINT_OVERRIDE    which image service
          DELETE_IMAGE_WORK_DIRECTORY    as --work-directory

        EXIT STATUS (through swift package every failure is 1)
          0 as asked for   1 an image failed or was missing   64 usage, or nobody to ask   65 malformed input file
          69 a service cannot be reached   77 refused   78 variables   130 interrupted, or answered with no
        """
}
