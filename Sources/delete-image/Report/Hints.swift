/// What to do next, by the service's own code where it has one, else by HTTP status.
///
/// After the "Error Codes" and "Status Codes" pages of Open Telekom Cloud's IMS, IAM and API gateway.
enum Hints {
    static let byCode: [String: String] = {
        var advice: [String: String] = [:]
        for (codes, words) in table {
            for code in codes.split(separator: " ") { advice[String(code)] = words }
        }
        return advice
    }()

    /// Codes that mean the same to a user share a line. Gateways write `APIG.` or, older ones, `APIGW.`; here `APIG.`.
    static let table: KeyValuePairs<String, String> = [
        "IMG.0001 IMG.0007 IMG.0016 IMG.0017 IMG.0024 IMG.0031 IMG.0035 IMG.0066 IMG.0105":
            "The service does not understand this request for this image; ask its support",
        "IMG.0014 IMG.0023 IMG.0034 IMG.0036 IMG.0061 IMG.0064 IMG.0065 IMG.0114 IMG.0154 IMG.0155 IMG.0156":
            "The service failed by itself; run again later, and ask its support if it stays so",
        "IMG.0015": "The project's image quota is used up; deleting other images makes room",
        "IMG.0026 IMG.0161 IAM.0002 IAM.0003 APIG.0302 APIG.0802": permission,
        "IMG.0028": "It is protected; lift the protection to delete it",
        "IMG.0030 IMG.0067 IMG.0104 IMG.0108 IMG.0145 APIG.0310 APIG.0801":
            "Project and region do not fit each other; check OS_PROJECT_NAME and OS_REGION_NAME",
        "IMG.0046": "It is in a state in which nothing can be done with it; wait, then run again",
        "IMG.0047 IMG.0092 IMG.0106": "It belongs to another project, and only its owner can delete it",
        "IMG.0060 APIG.0308 IAM.0012": "Too many requests; wait a minute, or lower --concurrency, and run again",
        "IMG.0083 IMG.0094": "It is public, and public images cannot be deleted",
        "IMG.0084": "It is private, where another kind was expected; ask the service's support",
        "IMG.0027 IMG.0144": "It is not there: deleted already, or another project's",
        "IMG.0087 APIG.0301 APIG.0303 APIG.0305 APIG.0307 APIG.0311 IAM.0066 IAM.0067":
            "The service does not take the token; it may be another region's, so check OS_REGION_NAME",
        "IMG.0086 IMG.0121": "The service finds nothing of that kind; see what --dry-run says of the image",
        "IMG.0090": "It is still being created; run again when it is done",
        "IMG.0148": "It is just being exported; run again when that is done",
        "IMG.0167": "The service cannot do this with an ISO image",
        "IMG.0176": "Its full-server backup could not be deleted; look after it in the backup service's console",
        "APIG.0101 APIG.0103 APIG.0106 APIG.0607": "No such API there; check the region and the endpoint",
        "APIG.0104 APIG.0105 APIG.0201 APIG.0602": "The gateway does not understand the request; ask its support",
        "APIG.0304 APIG.0306": "The gateway does not let this account in; ask its administrator",
        "APIG.0401 APIG.0402 APIG.0404":
            "This machine's address is not let in; run from an allowed network, or have it allowed (ACL)",
        "APIG.0501 APIG.0502": "The account's quota is used up or the account is frozen; ask its administrator",
        "APIG.0601 APIG.0605 APIG.0606 APIG.0608 APIG.0609 APIG.0610 APIG.0611 APIG.0612 APIG.0613 APIG.0705":
            "The gateway or what is behind it failed; run again later",
        "IAM.0001": "The credentials are not accepted. They are not sent again, because a few refusals lock an account",
        "IAM.0062 1101 1103": "The user name or the password is wrong; it is not tried again, because "
            + "a few refusals lock the account",
        "IAM.0061": "The account is locked after too many wrong passwords; wait 15 minutes, then use the right one",
        "IAM.0004": "IAM does not know what was asked for; check the names in the OS_ variables",
        "IAM.0005 IAM.0006 IAM.0020": "IAM failed by itself; run again later",
        "IAM.0007 IAM.0011 IAM.0072 IAM.0073": "IAM does not understand a value; check the OS_ variables",
        "IAM.0063 IAM.0064": "IAM does not take these credentials; check the OS_ variables",
        "IAM.0080 IAM.0082": "The user is disabled; ask the account's administrator",
        "IAM.0081": "The user may use the console only; have programmatic access allowed",
        "IAM.0083": "The region is private; check OS_REGION_NAME and OS_PROJECT_NAME",
        "IAM.1104 IAM.1105 IAM.1106 IAM.1107 IAM.1108 IAM.1109":
            "IAM does not accept the access key. Check OS_ACCESS_KEY and OS_SECRET_KEY",
    ]

    /// For an account that may not do what was asked for.
    static let permission =
        "The account lacks the permission in this project (ims:images:delete; for --grace and --unprotect "
        + "ims:images:update; to look, ims:images:list and get); "
        + "ask its administrator"

    /// For an access key that a service does not accept.
    static let invalidSignature =
        "Check OS_ACCESS_KEY and OS_SECRET_KEY. A temporary key also needs OS_SECURITY_TOKEN, and expires with it. The key "
        + "is not tried again, because a few refusals lock it for five minutes"

    /// For the image service.
    static func image(_ status: Int) -> String {
        switch status {
        case 204: "It takes longer than is waited for"
        case 200..<300: "That is no answer of an image service v2 to this request; check the endpoint"
        case 300..<400: "Redirects are not followed, because the token would go there; correct the endpoint"
        case 401: "The service rejects the token; check that project and region belong together"
        case 403:
            "The image may be public or another project's, or the account may lack the permission "
                + "(ims:images:delete; to look, ims:images:list and get)"
        case 404, 410: "It is not there: deleted already, or another project's"
        case 405, 406, 415, 501: "What answers there is no Glance v2 image service; check the endpoint"
        case 407: "A proxy asks for credentials; check https_proxy"
        case 409: "It may be in use or changing; remove what depends on it, or wait, and run again"
        case 413: "A tag limit is reached, or a gateway refuses the size of the request"
        case 412, 414, 494: "A gateway refuses the size or form of the request; ask the provider"
        case 408, 504: "The service answered too slowly; run again"
        case 429: "Too many requests; wait a minute, or lower --concurrency, and run again"
        case 500..<600: "The service is in trouble; run again later, and give its support the request ID"
        default: "See what --dry-run says of the image, or ask the service's support"
        }
    }

    /// For the identity service.
    ///
    /// - Parameter saysWhy: Whether the service gave a reason, which is quoted before the advice.
    static func identity(_ status: Int, saysWhy: Bool) -> String {
        switch status {
        case 200..<300: "That is no answer of an identity service; check OS_AUTH_URL"
        case 300..<400: "Redirects are not followed, because the password would go there; correct OS_AUTH_URL"
        case 400: "It does not understand the request; check the values of the OS_ variables"
        case 401:
            (saysWhy
                ? ""
                : "It does not say why: a wrong password, an unknown user, domain or project, no role in the project, "
                    + "or a locked or disabled account. ")
                + "The credentials are not sent again, because a few refusals lock an account"
        case 403 where saysWhy: "Ask the account's administrator"
        case 403: "The account may not sign in like this or from this address; ask its administrator"
        case 404 where saysWhy: "Check OS_AUTH_URL, and the names in the OS_ variables"
        case 407: "A proxy asks for credentials; check https_proxy"
        case 404, 405, 406, 410, 415: "There is no identity service v3 at that address; check OS_AUTH_URL"
        case 408, 504: "It answered too slowly; run again"
        case 429: "Too many requests; wait a minute, and run again"
        case 500..<600: "It is in trouble; run again later"
        default: "Check OS_AUTH_URL"
        }
    }

    /// For the compute service, and the block storage service.
    static func compute(_ status: Int) -> String {
        switch status {
        case 300..<400: "Redirects are not followed, because the token would go there; correct the catalog"
        case 401: "The service rejects the token; check that project and region belong together"
        case 403: "The account may not list the project's servers or volumes; ask its administrator"
        case 404, 405, 410: "There is no such list at the catalog's address; check OS_REGION_NAME"
        case 429: "Too many requests; wait a minute, and run again"
        case 408, 500..<600: "The service is in trouble; run again later"
        default: "Run again later, or look for servers that use the images by other means"
        }
    }
}
