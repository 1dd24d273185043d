/// What `--help` shows.
enum Help {
    static let text = """
        Delete private machine images from Open Telekom Cloud, or any OpenStack cloud.

        USAGE
          delete-image IMAGE …                                         the executable
          swift package --allow-network-connections all delete-image IMAGE …      the plugin

        EXAMPLES
          delete-image 6b1c0b6e-93a5-4d0c-9d52-2c1f7f6a3c11            delete one image
          delete-image --dry-run --from old-images.txt                 look first, delete nothing
          delete-image --demo --dry-run 2d0f28c7-e7e7-46b2-b585-6f745165f252     try it without a cloud

        An IMAGE is an image ID: a UUID. A deletion cannot be undone.

        WHAT IS DELETED
          --from FILE            more IDs, one a line; blank lines and # comments are passed over; - is standard input
          --max-deletions N      select more than N and nothing is deleted
          --dry-run              look each image up and show what would happen; delete nothing
          --ignore-missing       an image that is not there counts as success
          --delete-backup        for a full-server image, delete its backup too (Open Telekom Cloud)
          --wait                 wait until each image cannot be seen any more

        HOW
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
          0 as asked for   1 an image failed or was missing   64 usage   65 malformed input file
          69 a service cannot be reached   77 refused   78 variables   130 interrupted
        """
}
