public import ImageDeletionEssentials

/// Why something could not be done at all. What became of an image is an ``Outcome`` instead.
///
/// It holds facts and no sentences. Later versions may know more cases, here and in the enumerations within: a `switch`
/// needs a `default` to outlast them.
public enum ImageDeletionError: Error, Sendable, Hashable {
    /// Settings are missing, contradict each other, or do not fit the cloud that answered. All that is wrong is listed.
    case configuration([ConfigurationProblem])
    /// A service refused, failed or could not be reached.
    case service(ServiceError)
    /// This text is no image ID, which is a UUID. Nothing was sent.
    case invalidImageID(String)
}

/// One thing that is wrong with the settings. The names are those of the environment variables.
public enum ConfigurationProblem: Sendable, Hashable {
    /// One of these variables has to be set.
    case missing([String])
    /// These variables say different things.
    case contradictory([String])
    /// The variable, with this value, asks for something that cannot be done here.
    case unsupported(variable: String, value: String)
    /// The file at `path`, which the variable names, cannot be used.
    case file(variable: String, path: String, CertificateFault)
    /// libcurl, which sends all requests, cannot be used on this machine, for this reason.
    case libcurl(reason: String)
    /// `OS_CLOUD` names an entry of `clouds.yaml`, which is not read.
    case cloudsFile
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
public enum AddressFault: Error, Sendable, Hashable {
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
