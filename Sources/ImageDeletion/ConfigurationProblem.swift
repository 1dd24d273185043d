package import ImageDeletionEssentials

/// One thing that is wrong with the settings. The names are those of the environment variables, or of keys in
/// `clouds.yaml`.
package indirect enum ConfigurationProblem: Sendable, Hashable {
    /// One of these variables has to be set.
    case missing([String])
    /// These variables say different things.
    case contradictory([String])
    /// The variable, with this value, asks for something that cannot be done here.
    case unsupported(variable: String, value: String)
    /// The variable, whose value may be a secret, has a character that no such value has.
    case malformed(variable: String)
    /// The file at `path`, which the variable names, cannot be used.
    case file(variable: String, path: String, CertificateFault)
    /// libcurl, which sends all requests, cannot be used on this machine, for this reason.
    case libcurl(reason: String)
    /// `clouds.yaml`, `secure.yaml` or `clouds-public.yaml` cannot be read or is malformed.
    case cloudsFile(path: String, line: Int?, reason: String)
    /// A setting of this cloud in `clouds.yaml` has this problem.
    case cloud(String, file: String, line: Int?, ConfigurationProblem)
    /// `OS_CLOUD` names a cloud that these files do not have; they have others. Without files, these folders were searched.
    case unknownCloud(String, clouds: [String], files: [String], searched: [String])
    /// The file has several clouds, and none was chosen (`OS_CLOUD`).
    case cloudNeeded(clouds: [String], files: [String])
    /// The cloud uses a profile that is neither built in nor in `clouds-public.yaml`.
    case unknownProfile(String)
    /// `OS_REGION_NAME` names a region that the cloud does not have; it has these.
    case unknownRegion(String, regions: [String])
    /// This key turns off the check of certificates.
    case unverified(key: String)
    /// The address of a service cannot be used. `source` is the variable that it is from, or "the catalog".
    case address(source: String, value: String, AddressFault)
    /// The catalog has no image service; it has these types.
    case noImageService(types: [String])
    /// The catalog's service has no endpoint in this region (nil: in any) with this interface. It has these, each as
    /// "region interface", with `*` for everywhere.
    case noEndpoint(region: String?, interface: String, available: [String])
    /// The catalog's service has endpoints in these regions, and none was chosen (`OS_REGION_NAME`).
    case regionNeeded(regions: [String])
    /// The catalog has no compute service that could be asked about servers.
    case noComputeService
    /// The catalog has no block storage service that could be asked about the volumes that servers boot from.
    case noVolumeService
    /// The account of the access key has no project with this name.
    case unknownProject(name: String)
    /// Several projects have this name. They have these IDs.
    case ambiguousProject(name: String, ids: [String])
    /// The access key may not look up a project by its name.
    case projectLookupDenied(name: String, ServiceError)
    /// The identity service does not exchange the user's token for one of the agency.
    case agencyRefused(name: String, ServiceError)
    /// Images are to be kept if they are referenced, and there is no search for references (``DeletionOptions/references``).
    case noReferenceSearch
    /// The token is for no project, so that no image could be seen with it.
    case tokenWithoutProject
    /// The image service answered 404, and nobody can tell whether the token is for a project, which decides whether that
    /// means anything: `OS_AUTH_URL` is not set.
    case tokenOfUnknownProject
    /// What answers at this address is no image service v2. `source` is the variable that it is from, or "the catalog".
    case noImageServiceAt(URL, source: String)
    /// The token is for another project than the one whose ID or name the variables give.
    case otherProject(wanted: String, token: TokenProject)
    /// The token's project is in another domain than the one whose ID or name the variables give.
    case otherProjectDomain(wanted: String, token: TokenProject)
    /// The new token has ended already by this machine's clock; `serverTime` is the identity service's, if it said.
    case tokenEnded(expiresAt: Date, now: Date, serverTime: Date?)
}

/// What makes an address unusable.
package enum AddressFault: Error, Sendable, Hashable {
    /// It is no URL with a host.
    case malformed
    /// Its scheme is neither `https` nor `http`.
    case scheme
    /// It is `http` and not a loopback address: the token would be readable on the way.
    case unencrypted
    /// It holds a user, a password, a query or a fragment.
    case extraParts
    /// It ends in `/v2.0`, the identity API that is gone.
    case identityV2
}

extension ConfigurationProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let names): "\(names.joined(separator: " or ")) is not set."
        case .contradictory(let names): "\(names.joined(separator: " and ")) contradict each other; unset one of them."
        case .unsupported(let variable, let value):
            "\(variable)=\(printable(value, limit: 60)) cannot be followed here; unset it, or use another client."
        case .malformed(let variable):
            "\(variable) contains a space, a line break, or another character that is never part of it. Copy it again."
        case .file(let variable, let path, let fault):
            "the file in \(variable), \(printable(path, limit: 200)), \(fault.description)"
        case .libcurl(let reason):
            "libcurl cannot be used: \(printable(reason, limit: 200)). Install version 7.68 or later: the package libcurl4 on "
                + "Debian and Ubuntu, libcurl on Fedora, Red Hat and Amazon Linux."
        case .cloudsFile(let path, let line, let reason):
            "\(Self.place(path, line)): \(printable(reason))."
        case .cloud(let name, let file, let line, let problem):
            "cloud \(quoted(name)) in \(Self.place(file, line)): \(problem)"
        case .unknownCloud(let name, _, let files, let searched) where files.isEmpty:
            "OS_CLOUD is \(quoted(name)), but there is no clouds.yaml, clouds.yml or clouds.json in "
                + "\(Self.list(searched, limit: 200))."
        case .unknownCloud(let name, let clouds, let files, _):
            "OS_CLOUD is \(quoted(name)), but there is no such cloud in \(Self.list(files, limit: 200)). "
                + (clouds.isEmpty ? "It has no clouds." : "Set it to one of: \(Self.list(clouds)).")
        case .cloudNeeded(let clouds, let files):
            "\(Self.list(files, limit: 200)) has several clouds. Set OS_CLOUD to one of: \(Self.list(clouds))."
        case .unknownProfile(let name):
            "the profile \(quoted(name)) is not known. Write its settings to the cloud, or the profile to "
                + "clouds-public.yaml."
        case .unknownRegion(let name, let regions):
            "OS_REGION_NAME is \(quoted(name)), but the cloud has no such region. Set it to one of: "
                + "\(Self.list(regions))."
        case .unverified(let key):
            "\(key) turns off the check of certificates, which is not supported. Remove it, and set cacert to the file of "
                + "the certificate authority."
        case .address(let source, let value, let fault):
            "the address in \(source), \(printable(value, limit: 200)), \(fault.description)"
        case .noImageService(let types):
            "the project's catalog has no image service; it has: "
                + "\(types.isEmpty ? "nothing" : types.map { printable($0, limit: 40) }.joined(separator: ", ")). "
                + "Set OS_IMAGE_ENDPOINT_OVERRIDE."
        case .noEndpoint(let region, let interface, let available):
            "the image service has no \(interface) endpoint\(region.map { " in region \(printable($0, limit: 60))" } ?? ""); "
                + "it has: \(available.map { printable($0, limit: 60) }.joined(separator: ", ")). "
                + "Set OS_REGION_NAME or OS_INTERFACE."
        case .noComputeService:
            "the project's catalog has no compute service that could be asked about servers."
        case .noVolumeService:
            "a server boots from a volume, and the project's catalog has no block storage service (volumev3) that could "
                + "be asked which image it was created from."
        case .unknownProject(let name):
            "the access key's account has no project named \(quoted(name)). Correct OS_PROJECT_NAME, or set OS_PROJECT_ID."
        case .ambiguousProject(let name, let ids):
            "several projects are named \(quoted(name)). Set OS_PROJECT_ID to the one that is meant: "
                + "\(ids.map { printable($0, limit: 64) }.joined(separator: ", "))."
        case .projectLookupDenied(let name, let error):
            "the project \(quoted(name)) cannot be looked up by name. \(error) Set OS_PROJECT_ID, or ask the account's "
                + "administrator for the permission iam:projects:listProjects."
        case .agencyRefused(let name, let error):
            "the agency \(quoted(name)) cannot be used. \(error) Check OS_AGENCY_NAME, OS_AGENCY_DOMAIN_NAME and "
                + "OS_DELEGATED_PROJECT. The user needs the permission Agent Operator."
        case .noReferenceSearch: "no search for references was given."
        case .regionNeeded(let regions):
            "the image service is in several regions; set OS_REGION_NAME to the one that is meant: "
                + "\(regions.map { printable($0, limit: 60) }.joined(separator: ", "))."
        case .tokenWithoutProject:
            "the token is not for a project, so no image can be seen with it. Use a token for the project."
        case .tokenOfUnknownProject:
            "the image service answered 404, which says nothing about an image unless the token is for a project. Set "
                + "OS_AUTH_URL, so that the identity service can be asked about the token."
        case .noImageServiceAt(let address, let source):
            "there is no image service v2 at \(printable(address.absoluteString, limit: 200)), the address in "
                + "\(source). Correct it: it must end in the service's own path, with or without /v2."
        case .otherProject(let wanted, let token):
            "the token is for project \(printable(token.name ?? token.id, limit: 60)), but the settings name "
                + "\(printable(wanted, limit: 60)). Make OS_PROJECT_NAME, OS_PROJECT_ID, and the credentials agree."
        case .otherProjectDomain(let wanted, let token):
            "the token is for project \(printable(token.name ?? token.id, limit: 60)), which is not in domain "
                + "\(printable(wanted, limit: 60)). Make OS_PROJECT_DOMAIN_NAME or OS_PROJECT_DOMAIN_ID and the "
                + "credentials agree."
        case .tokenEnded(let expiresAt, let now, let serverTime):
            "the new token ended at \(ServiceDate.text(expiresAt)), but it is \(ServiceDate.text(now)) here"
                + (serverTime.map { " and \(ServiceDate.text($0)) at the identity service" } ?? "")
                + "; set this machine's clock."
        }
    }
}

extension ConfigurationProblem {
    private static func place(_ path: String, _ line: Int?) -> String {
        printable(path, limit: 200) + (line.map { ", line \($0)" } ?? "")
    }

    private static func list(_ texts: [String], limit: Int = 60) -> String {
        texts.map { printable($0, limit: limit) }.joined(separator: ", ")
    }

    /// The names of the settings that it is about.
    var settings: [String] {
        switch self {
        case .missing(let names), .contradictory(let names): names
        case .unsupported(let name, _), .file(let name, _, _), .address(let name, _, _): [name]
        default: []
        }
    }

    /// The problem itself, without the cloud that has it.
    package var innermost: ConfigurationProblem {
        if case .cloud(_, _, _, let problem) = self { problem.innermost } else { self }
    }

    /// The same problem with other names for the settings.
    func renamed(_ name: (String) -> String) -> ConfigurationProblem {
        switch self {
        case .missing(let names): .missing(names.map(name))
        case .contradictory(let names): .contradictory(names.map(name))
        case .unsupported(let variable, let value): .unsupported(variable: name(variable), value: value)
        case .file(let variable, let path, let fault): .file(variable: name(variable), path: path, fault)
        case .address(let source, let value, let fault): .address(source: name(source), value: value, fault)
        default: self
        }
    }
}

extension AddressFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed: "is no URL."
        case .scheme: "is no https URL."
        case .unencrypted: "is not encrypted: use https."
        case .extraParts: "must have no user, password, query or fragment."
        case .identityV2: "is of identity API v2.0, which is not spoken; use /v3."
        }
    }
}

/// What makes a certificate's file unusable.
package enum CertificateFault: Sendable, Hashable {
    /// It cannot be read, for the reason that the system gives.
    case unreadable(String)
    /// It contains no certificate in PEM.
    case noCertificate
    /// It contains no private key in PEM.
    case noPrivateKey
    /// Its private key has a passphrase.
    case encryptedKey
}

extension CertificateFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)."
        case .noCertificate: "contains no certificate in PEM."
        case .noPrivateKey: "contains no private key in PEM."
        case .encryptedKey: "contains a private key with a passphrase. Use a key without one."
        }
    }
}
