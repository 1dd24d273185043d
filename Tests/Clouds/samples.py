"""Files as public guides show them, and odd ones."""

import dataclasses
import textwrap

CLOUDS = "home/.config/openstack/clouds.yaml"
SECURE = "home/.config/openstack/secure.yaml"
PUBLIC = "home/.config/openstack/clouds-public.yaml"


@dataclasses.dataclass
class Case:
    name: str
    files: dict
    environment: dict
    kind: str = "guide"


def case(name, text, cloud="mine", kind="guide", path=CLOUDS, environment=None, **files):
    """A case with one clouds.yaml and others."""
    contents = {path: textwrap.dedent(text) if isinstance(text, str) else text}
    contents |= {FILES[key]: textwrap.dedent(value) for key, value in files.items()}
    variables = {"OS_CLOUD": cloud} if cloud else {}
    return Case(name, contents, variables | (environment or {}), kind)


FILES = {"secure": SECURE, "public": PUBLIC, "current": "current/clouds.yaml", "site": "xdg/openstack/clouds.yaml"}

AUTH = """\
    auth:
      auth_url: https://iam.example/v3
      username: jo
      password: pw
      project_name: ci
      user_domain_name: Default
      project_domain_name: Default
"""


def simple(extra="", auth=AUTH, name="mine", start=""):
    """A usual cloud, with more settings beside auth."""
    return f"{start}clouds:\n  {name}:\n{auth}" + textwrap.indent(textwrap.dedent(extra), "    ")


def password(text):
    """A usual cloud with this text for its password."""
    return simple(auth=AUTH.replace("password: pw", f"password: {text}"))


def guides():
    """Files that nearly all have to be accepted."""
    horizon = """\
        # This is a clouds.yaml file, which can be used by OpenStack tools as a source
        # of configuration on how to connect to a cloud. If this is your only cloud,
        # just put this file in ~/.config/openstack/clouds.yaml and tools like
        # python-openstackclient will just work with no further config. (You will need
        # to add your password to the auth section)
        # If you have more than one cloud account, add the cloud entry to the clouds
        # section of your existing file and you can refer to them by name with
        # OS_CLOUD=openstack or --os-cloud=openstack
        clouds:
          openstack:

            auth:

              auth_url: https://keystone.example:5000/v3

              username: "jo.doe@example.com"
              password: "pa55 w0rd"
              project_id: 0123456789abcdef0123456789abcdef

              project_name: "ci"

              user_domain_name: "Default"

            regions:
            - RegionOne

            interface: "public"
            identity_api_version: 3
        """
    application = """\
        # This is a clouds.yaml file, which can be used by OpenStack tools as a source
        clouds:
          openstack:

            auth:

              auth_url: https://keystone.example:5000/v3

              application_credential_id: "f5a8b0a5c9a24ff4a6e5b5a0c0a3d6b1"
              application_credential_secret: "s3cr3t-_with.chars"

            regions:
            - RegionOne

            interface: "public"
            identity_api_version: 3
            auth_type: "v3applicationcredential"
        """
    otc = """\
        clouds:
          otc:
            profile: otc
            auth:
              username: 'jo'
              password: 'pw'
              project_name: 'eu-de_project'
              # or project_id: '<123456_PROJECT_ID>'
              user_domain_name: 'OTC00000000001000000xxx'
              # or user_domain_id: '<123456_DOMAIN_ID>'
            interface: 'public'
            identity_api_version: 3 # !Important
        """
    plain = """\
        clouds:
          otc:
            region_name: eu-de
            auth:
              auth_url: 'https://iam.eu-de.otc.t-systems.com/v3'
              username: jo
              password: pw
              project_name: eu-de
              project_domain_name: OTC-EU-DE-00000000001000000000
              user_domain_name: OTC-EU-DE-00000000001000000000
            interface: public
            identity_api_version: 3
            ak: AK_VALUE
            sk: SK_VALUE
        """
    several = """\
        ---
        clouds:
          vexxhost:
            profile: vexxhost
            auth:
              username: mordred@inaugust.com
              password: XXXXXXXXX
              project_name: mordred@inaugust.com
            region_name: ca-ymq-1
            dns_api_version: 1
          mine:
            region_name: region1
            auth:
              username: 'mordred@inaugust.com'
              password: XXXXXXXX
              project_name: 'openstack'
              user_domain_name: default
              auth_url: 'https://region-b.geo-1.identity.example:35357/v3'
            dns_service_type: hpext:dns
            compute_api_version: 1.1
          infra:
            cloud: rackspace
            auth:
              username: openstackci
              password: XXXXXXXX
              project_id: 610275
            regions:
            - DFW
            - ORD
            - IAD
        cache:
          class: dogpile.cache.pylibmc
          expiration_time: 3600
          arguments:
            url:
              - 127.0.0.1
        client:
          force_ipv4: true
        """
    regions = """\
        regions:
          - name: region-1
            values:
              networks:
                - name: net1
                  routes_externally: true
              image_endpoint_override: https://ims.region-1.example/v2
          - name: region-2
            values: {interface: internal, auth: {project_name: other}}
        """
    admin = """\
        clouds:
          devstack:
            auth:
              auth_url: http://127.0.0.1/identity
              password: nomoresecret
              project_domain_id: default
              project_name: demo
              user_domain_id: default
              username: demo
            identity_api_version: '3'
            region_name: RegionOne
            volume_api_version: '3'
          devstack-admin:
            auth:
              auth_url: http://127.0.0.1/identity
              password: nomoresecret
              project_domain_id: default
              project_name: admin
              user_domain_id: default
              username: admin
            identity_api_version: '3'
            region_name: RegionOne
            volume_api_version: '3'
          devstack-system-admin:
            auth: {auth_url: http://127.0.0.1/identity, password: nomoresecret, system_scope: all, user_domain_id: default, username: admin}
        """
    kolla = """\
        ---
        clouds:
          kolla-admin:
            auth:
              auth_url: https://10.0.0.10:5000
              project_domain_name: Default
              user_domain_name: Default
              project_name: admin
              username: admin
              password: 8QbcKp5dDqkGm4jVUBdY4YzAzNa5zVnYBFUZC0PR
            cacert: /etc/kolla/certificates/ca/root.crt
            region_name: RegionOne
        """
    token = """\
        clouds:
          mine:
            auth_type: v3token
            auth:
              auth_url: https://iam.example/v3
              token: gAAAAABm
              project_id: 0123456789abcdef0123456789abcdef
        """
    totp = """\
        clouds:
          mine:
            auth_type: v3totp
            auth: {auth_url: "https://iam.example/v3", user_id: u1, passcode: "012345", project_id: p1}
        """
    public = """\
        public-clouds:
          example:
            auth:
              auth_url: https://iam.{region_name}.example/v3
            regions: [one, two]
            interface: internal
        """
    with_profile = simple("profile: example\n", AUTH.replace("      auth_url: https://iam.example/v3\n", ""))
    json_file = """\
        {"clouds": {"mine": {"auth": {"auth_url": "https://iam.example/v3", "username": "jo", "password": "pw",
         "project_id": "p1", "user_domain_id": "default"}, "region_name": "eu-de", "identity_api_version": 3}}}
        """
    shared = simple(auth=AUTH.replace("      password: pw\n", ""))
    secure = "clouds:\n  mine:\n    auth:\n      password: from-secure\n"
    cases = [
        case("Horizon's download", horizon, "openstack"),
        case("Horizon's download, the only cloud", horizon, None),
        case("Horizon's download of an application credential", application, "openstack"),
        case("Open Telekom Cloud with a profile", otc, "otc"),
        case("Open Telekom Cloud with a profile, second region", otc, "otc", environment={"OS_REGION_NAME": "eu-nl"}),
        case("Open Telekom Cloud, Swiss", otc.replace("profile: otc", "profile: otc-swiss"), "otc"),
        case("Open Telekom Cloud, profile by its older name", otc.replace("profile:", "cloud:"), "otc"),
        case("Open Telekom Cloud without a profile", plain, "otc"),
        case("openstacksdk's guide", several),
        case("openstacksdk's guide, regions with values", simple(regions)),
        case("regions with values, second", simple(regions), environment={"OS_REGION_NAME": "region-2"}),
        case("DevStack", admin, "devstack"),
        case("DevStack, admin", admin, "devstack-admin"),
        case("Kolla", kolla, "kolla-admin"),
        case("a token", token),
        case("a token, generic", token.replace("v3token", "token")),
        case("a passcode", totp),
        case("a public profile", with_profile, public=public),
        case("a public profile, second region", with_profile, public=public, environment={"OS_REGION_NAME": "two"}),
        case("JSON", json_file, path="home/.config/openstack/clouds.json"),
        case("secure.yaml", shared, secure=secure),
        case("secure.yaml that is empty", simple(), secure="# nothing yet\n"),
        case("secure.yaml with everything", "clouds: {}\n", secure=simple()),
        case("the current folder's file", simple("region_name: home\n"), current=simple("region_name: current\n")),
        case(".yml", simple(), path="home/.config/openstack/clouds.yml"),
        case("the current folder", simple(), path="current/clouds.yaml"),
        case("XDG_CONFIG_HOME", simple(), path="xdg/openstack/clouds.yaml", environment={"XDG_CONFIG_HOME": "FOLDER/xdg"}),
        case("XDG_CONFIG_DIRS", simple(), path="xdg/openstack/clouds.yaml", environment={"XDG_CONFIG_DIRS": "FOLDER/xdg"}),
        case("a relative XDG_CONFIG_HOME", simple(), environment={"XDG_CONFIG_HOME": "xdg"}, site=simple("region_name: x")),
        case("OS_CLIENT_CONFIG_FILE", simple(), path="other/my", environment={"OS_CLIENT_CONFIG_FILE": "FOLDER/other/my"}),
        case("a relative one", simple(), path="current/my.yaml", environment={"OS_CLIENT_CONFIG_FILE": "my.yaml"}),
        case("OS_CLIENT_SECURE_FILE", shared, environment={"OS_CLIENT_SECURE_FILE": "../home/.config/openstack/secure.yaml"}, secure=secure),
        case("the only cloud", simple(), None),
        case("the only cloud, and a region", simple(), None, environment={"OS_REGION_NAME": "eu-de"}),
        case("variables beside OS_CLOUD", simple(), environment={"OS_USERNAME": "other", "OS_PASSWORD": "x", "OS_AUTH_URL": "https://x"}),
        case("variables without OS_CLOUD", simple(), None, environment={"OS_USERNAME": "other", "OS_PASSWORD": "x", "OS_AUTH_URL": "https://x/v3", "OS_PROJECT_ID": "p", "OS_USER_DOMAIN_ID": "d"}),
        case("CRLF", simple().replace("\n", "\r\n").encode()),
        case("a byte order mark", b"\xef\xbb\xbf" + simple().encode()),
        case("no line feed at the end", simple().rstrip("\n")),
        case("a comment after everything", simple("region_name: eu-de # here\n# and here\n")),
        case("a project by an older name", simple(auth=AUTH.replace("project_name", "tenant_name"))),
        case("one domain", simple(auth=AUTH.replace("      user_domain_name: Default\n      project_domain_name: Default\n", "      domain_name: Home\n"))),
        case("default domains", simple(auth=AUTH.replace("user_domain_name: Default", "default_domain_name: Home").replace("      project_domain_name: Default\n", ""))),
        case("certificates", simple("cacert: ~/ca.pem\ncert: client.pem\nkey: /etc/ssl/key.pem\n")),
        case("a certificate with its key", simple("cert: ~/both.pem\nverify: true\ninsecure: false\n")),
        case("an older interface", simple("endpoint_type: internalURL\n")),
        case("both interfaces", simple("interface: admin\nendpoint_type: internal\n")),
        case("an image endpoint", simple("image_endpoint_override: https://ims.{region_name}.example/v2\nregion_name: eu-de\n")),
        case("api versions", simple("identity_api_version: '3'\nimage_api_version: 2\n")),
        case("api version as a float", simple("identity_api_version: 3.0\n")),
        case("user beside auth", simple("username: jo\npassword: pw\n", AUTH.replace("      username: jo\n      password: pw\n", ""))),
        case("user in both places", simple("username: other\npassword: other\n")),
        case("project in both places", simple("project_name: other\nuser_domain_name: Other\n")),
        case("sequence of regions in flow style", simple("regions: [eu-de, eu-nl]\n")),
        case("regions in a text", simple("region_name: eu-de,eu-nl\n"), environment={"OS_REGION_NAME": "eu-nl"}),
        case("no regions", simple("regions: []\n")),
        case("a whole file in flow style", '{clouds: {mine: {auth: {auth_url: "https://iam.example/v3", user_id: u,\n  password: "p,w", project_id: p,}, "region_name":x}}}\n'),
        case("a cloud with a number", simple(name="'123'"), "123"),
        case("a cloud in another alphabet", simple(name="größe"), "größe"),
        case("indentation of four", simple().replace("  ", "    ")),
        case("unknown settings beside auth", simple("floating_ip_source: None\nnetworks: []\nvendor_hook: \"otcextensions.sdk:load\"\n")),
    ]
    texts = [
        "12345", "'12345'", '"0123"', "p#w", "'p #w'", "'a: b'", '"a: b"', "a:b", "p'w", 'p"w', "'it''s'", r'"\"\\\x41\u00e9"',
        "-pw", "?pw", ":pw", "p@ss!", "pass word", "'{pw}'", "p{w}", "p[w]", "p,w", "0x1G", "08", "1e3", "12.5", "true1",
        "'true'", "\u00fcber", "$ecret", "'%pw'", "a&b", "a*b", "a|b", "1.2.3.4", "-1", "p\\w", '"\\t"', "'\t'", "--- x",
    ]
    return cases + [case(f"password {text}", password(text)) for text in texts]


def unusual():
    """Files that may be refused."""
    laughs = "a: &a [x, x, x, x]\n" + "".join(
        f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]\n" for level in range(9)
    )
    texts = [
        "0123", "1_000", "yes", "NO", "on", "~", "null", "", "1.10", "0x1F", "0b11", "1:30", "2020-01-01", "1.", ".5", "+1", "-0",
        ".inf", ".NaN", "1e+3", "1.5e+3", "=", "<<", "*a", "&a pw", "!!str pw", "! pw", "|\n        pw", ">\n        pw", "@pw", "`pw`", "%pw",
        "pw: x", "pw:", "- pw", "-", "? pw", "'pw", '"pw', '"p\\qw"', "'pw' x", '"pw"x', "pw\n        more", '"pw\n        more"', "[pw]", "{pw: x}",
        "pw\t", "\tpw", "pw # \tcomment", "p\tw", "'pw'#x", "\u2028", "p\u2028w", "p\x85w", "p\x07w", "\ufeffpw", "p\ufeffw", "\xa0pw", "'\\u0041'", '"\\ud800"',
        '"\\U00110000"', "12345678901234567890123456789012", "1e400", "0.1", "0.00001", "123456789012345678.0", "{region_name}", "'{'",
    ]
    changes = [
        "verify: false\n", "insecure: true\n", "insecure: 'True'\n", "insecure: 'false'\n", "verify:\n", "verify: 'true'\n", "auth_type: none\n",
        "auth_type: v3oidcpassword\n", "auth_type:\n", "auth_type: ''\n", "auth_type: token\n", "auth_plugin: token\n", "auth-type: token\n",
        "region_name:\n", "region_name: ''\n", "region_name: [a, b]\n", "region_name: a, b\n", "region_name: 12\n", "regions: eu-de\n", "regions:\n",
        "regions: [{name: a}]\n", "regions: [{names: a}]\n", "regions: [{name: a, values: }]\n", "regions: [{name: a, values: {}, x: y}]\n",
        "regions: [{name: a, values: {interface: , auth: {project_name: x}}}]\n", "regions: [1, 2]\n", "region-name: eu-de\n",
        "interface:\n", "interface: secret\n", "interface: [public]\n", "endpoint_type:\n", "endpoint-type: internal\n", "image_interface: admin\n",
        "image_region_name: x\n", "compute_region_name: x\n", "image_api_version: 1\n", "identity_api_version: 2\n", "identity_api_version: 2.0\n",
        "identity_api_version: yes\n", "cacert:\n", "cacert: ''\n", "cacert: ~root/ca.pem\n", "cacert: ~\n", "cacert: '~'\n", "cacert: false\n", "key: key.pem\n",
        "cert: ['a', 'b']\n", "profile: nowhere\n", "profile:\n", "profile: otc\n", "profile: ''\n", "profile: [otc]\n", "token: t\n", "passcode: 1\n",
        "domain_id: x\n", "project_id: ''\n", "project_id:\n", "tenant_name: other\n", "project-name: other\n", "description: '{nothing}'\n",
        "description: '{region_name}'\n", "image_endpoint: https://ims.example\n", "image_endpoint_override:\n", "image_endpoint_override: '{x}'\n",
        "application_credential_id: a\n", "system_scope: all\n", "trust_id: t\n", "auth_url: https://other.example\n", "external_network: x\n",
        "project_name: ''\n", "networks: [{}]\n", "prefer_ipv6: false\n", "api_timeout: 30\n", "auth_methods: [v3password]\n", "username: other\n", "user_name: other\n",
    ]
    auths = [
        ("password: pw", "pasword: pw"), ("password: pw", "password:"), ("      password: pw\n", ""), ("username: jo", "user-name: jo"),
        ("username: jo", "user_name: jo"), ("username: jo", "username: ''\n      user_name: jo"), ("username: jo", "user_id: u"), ("password: pw", "token: t"),
        ("project_name: ci", "project_name:"), ("project_name: ci", "project_name: ''\n      tenant_name: x"), ("project_name: ci", "tenant-name: x"),
        ("project_name: ci", "project_id: 0123\n      project_name: ci"), ("project_name: ci", "domain_name: x"), ("project_name: ci\n", "# nothing\n"),
        ("https://iam.example/v3", "https://iam.{region_name}.example/v3"), ("https://iam.example/v3", "https://iam.{region}.example/v3"),
        ("https://iam.example/v3", "https://iam.{{x}}.example/v3"), ("https://iam.example/v3", "ftp://iam.example"), ("https://iam.example/v3", "http://iam.example"),
        ("auth_url", "auth-url"), ("https://iam.example/v3", ""), ("user_domain_name: Default", "user_domain_name: Default\n      user_domain_id: d"),
        ("user_domain_name: Default", "default_domain_id: d"), ("auth:", "auth: &a"), ("auth:", "auth: {}\n    auth:"), ("auth:", "auth: x #"), ("auth:\n", "auth:\n      <<: {a: b}\n"),
    ]
    files = [
        ("a number as a cloud", simple(name="123"), "123"), ("a flag as a cloud", simple(name="yes"), "yes"), ("another cloud", simple(), "other"),
        ("a cloud without settings", "clouds:\n  mine:\n", "mine"), ("no clouds", "clouds:\n", "mine"), ("clouds in a sequence", "clouds: [mine]\n", "mine"),
        ("nothing", "", "mine"), ("only a comment", "# nothing\n", "mine"), ("a text", "clouds\n", "mine"), ("a sequence", "- clouds\n", "mine"),
        ("two clouds and none named", simple() + simple(name="two").replace("clouds:\n", ""), None), ("a cloud twice", simple() + simple().replace("clouds:\n", ""), "mine"),
        ("no OS_CLOUD and no clouds", "clouds: {}\n", None), ("the variables' cloud", simple(name="envvars"), "envvars"), ("an anchor", simple(start="x: &x 1\ny: *x\n"), "mine"),
        ("a billion laughs", laughs + simple(), "mine"), ("a tag", simple(start="!!map\n"), "mine"), ("a directive", simple(start="%YAML 1.1\n---\n"), "mine"),
        ("two documents", simple() + "---\nx: y\n", "mine"), ("an end", simple() + "...\n", "mine"), ("a complex key", simple(start="? a\n: b\n"), "mine"),
        ("a tab for indentation", simple().replace("    auth:", "\tauth:"), "mine"), ("a tab in an empty line", simple() + "\t\n", "mine"),
        ("invalid UTF-8", simple().encode() + b"# \xff\n", "mine"), ("UTF-16", simple().encode("utf-16"), "mine"), ("NUL", simple() + "# \0\n", "mine"),
        ("lone CR", simple().replace("\n", "\r").encode(), "mine"), ("deep", simple(start="x: " + "[" * 200 + "]" * 200 + "\n"), "mine"), ("a long key", simple(start="x" * 1100 + ": y\n"), "mine"),
        ("a key without a colon", simple() + "x\n", "mine"), ("a date as a value", simple(start="x: 2020-13-45\n"), "mine"), ("less indentation", simple().replace("      username", "     username"), "mine"),
        ("more indentation", simple().replace("      username", "       username"), "mine"), ("a sequence in its key's column", simple("regions:\n- a\n- b\n"), "mine"),
        ("flow over lines", simple("regions: [a,\n b,\n c]\n"), "mine"), ("flow over lines, a text too", simple("regions: [a\n b]\n"), "mine"), ("a pair in a sequence", simple("regions: [a: b]\n"), "mine"),
        ("a set", simple("regions: [{a}]\n"), "mine"), ("an empty element", simple("regions: [a,,b]\n"), "mine"), ("a question mark in flow style", simple("regions: [a?b]\n"), "mine"),
        ("a colon in flow style", simple("regions: [a:b]\n"), "mine"), ("no bracket at the end", simple("regions: [a\n"), "mine"), ("a comment in flow style", simple("regions: [a, # x\n b]\n"), "mine"),
        ("nested sequences", simple("regions:\n- - a\n  - b\n"), "mine"), ("an empty element in block style", simple("regions:\n-\n- a\n"), "mine"), ("an element on the next line", simple("regions:\n-\n  a\n"), "mine"),
        ("a value on the next line", simple("region_name:\n  eu-de\n"), "mine"), ("a value in its key's column", simple("region_name:\neu-de\n"), "mine"), ("a key in quotes", simple("\"region_name\": eu-de\n"), "mine"),
        ("a space before the colon", simple("region_name : eu-de\n"), "mine"), ("no space after the colon", simple("region_name:eu-de\n"), "mine"), ("a dash without a space", simple("regions:\n-a\n"), "mine"),
    ]
    cases = [case(f"password {text}", password(text), kind="unusual") for text in texts]
    cases += [case(f"with {text}", simple(text), kind="unusual") for text in changes]
    cases += [case(f"{new} for {old}", simple(auth=AUTH.replace(old, new)), kind="unusual") for old, new in auths]
    cases += [case(name, text, cloud, kind="unusual") for name, text, cloud in files]
    json_texts = ['{"clouds": 1}', "{", '{"clouds": {"mine": {"auth": {"auth_url": "https://i.example", "user_id": "u", "password": 1e3, "project_id": 1}}}}',
                  '{"clouds": {"mine": {"auth": {"auth_url": "https://i.example", "user_id": "u", "password": 12, "project_id": null}}}}', "null", "[]", '{"clouds": {}, "clouds": {}}']
    cases += [case(f"JSON {text}", text, kind="unusual", path="home/.config/openstack/clouds.json") for text in json_texts]
    cases += [
        case("a malformed file before a good one", simple(), kind="unusual", current="clouds: [\n"),
        case("an empty file before a good one", simple(), kind="unusual", current="\n"),
        case("a missing file that was named", simple(), kind="unusual", environment={"OS_CLIENT_CONFIG_FILE": "nowhere.yaml"}),
        case("secure.yaml that does not fit", simple(), kind="unusual", secure="clouds:\n  mine:\n    auth:\n      password: {a: b}\n"),
        case("secure.yaml that replaces", simple(), kind="unusual", secure="clouds: {mine: {auth: x}}\n"),
        case("secure.yaml that is malformed", simple(), kind="unusual", secure="clouds: [\n"),
        case("a region that is not there", simple("region_name: eu-de\n"), kind="unusual", environment={"OS_REGION_NAME": "eu-nl"}),
        case("a region of another spelling", simple("region_name: eu-de\n"), kind="unusual", environment={"OS_REGION_NAME": "EU-DE"}),
        case("several XDG_CONFIG_DIRS", simple(), kind="unusual", environment={"XDG_CONFIG_DIRS": "FOLDER/xdg:FOLDER/other"}, site=simple("region_name: x")),
        case("a public profile of the wrong kind", simple("profile: example\n"), kind="unusual", public="public-clouds: {example: x}\n"),
        case("another public profile", simple("profile: example\n"), kind="unusual", public="public-clouds: {}\n"),
        case("OS_CLOUD_NAME", simple(), "mine", kind="unusual", environment={"OS_CLOUD_NAME": "mine"}),
        case("OS_CLOUD for the variables", simple(), "envvars", kind="unusual", environment={"OS_AUTH_URL": "https://x/v3", "OS_USER_ID": "u", "OS_PASSWORD": "p", "OS_PROJECT_ID": "p"}),
    ]
    return cases
