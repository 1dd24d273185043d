#!/usr/bin/env python3
"""Verifies signatures with huaweicloudsdkcore, the provider's own library.

    verify.py delete-image      runs the program against a gateway on loopback that refuses what is not signed
    verify.py --requests FILE   reads signed requests from a file, one JSON object on each line

It needs a Python environment with huaweicloudsdkcore, such as the one that Tests/RealCloud/real-cloud.sh installs.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# No folder with compiled files beside the sources.
sys.dont_write_bytecode = True
import gateway as services  # noqa: E402

UNUSUAL = "n +%~*ü&=?#/:'\"\\ x"
TAGS = ["a b", "c+d", "100%", "ü", "~*", "key&value", "a:b", "a1", "日本"]


def image(number, **fields):
    values = {"id": f"6b1c0b6e-93a5-4d0c-9d52-{number:012}", "name": f"nightly-{number}", "tags": []}
    values |= {"owner": services.PROJECT_ID, "visibility": "private", "status": "active", "protected": False}
    values |= {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z", "size": 1}
    return values | fields


class Check:
    """One program, one gateway, and what is found."""

    def __init__(self, program):
        self.program = pathlib.Path(program).resolve()
        self.gateway = services.Gateway()
        self.failures = 0

    def run(self, what, arguments, status=0, words=(), environment=None, **state):
        """Runs the program, and checks its exit status, its words, and that it shows and keeps no secret."""
        self.gateway.reset(**state)
        variables = {
            "OS_AUTH_URL": self.gateway.address, "OS_ACCESS_KEY": services.ACCESS_KEY,
            "OS_SECRET_KEY": services.SECRET_KEY, "OS_PROJECT_ID": services.PROJECT_ID, "OS_REGION_NAME": "eu-de",
        } | (environment or {})
        inherited = {name: os.environ[name] for name in ["PATH", "HOME", "LD_LIBRARY_PATH"] if name in os.environ}
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [self.program, "--work-directory", folder, "--verbose", "--timeout", "20", *arguments],
                env=inherited | {name: value for name, value in variables.items() if value is not None},
                cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            )
            kept = b"".join(file.read_bytes() for file in pathlib.Path(folder).rglob("*") if file.is_file()).decode()
        said = done.stdout + done.stderr
        self.check(f"{what}: exit status {done.returncode} instead of {status}\n{said}", done.returncode == status)
        for word in words:
            self.check(f"{what}: says {word!r}\n{said}", word in said)
        for secret in [services.SECRET_KEY, variables.get("OS_SECURITY_TOKEN"), "Signature="]:
            self.check(f"{what}: shows or keeps no secret", not secret or secret not in said + kept)
        if variables["OS_ACCESS_KEY"]:
            self.check(f"{what}: keeps nothing", not kept)
        return self.gateway

    def check(self, what, is_so):
        if not is_so:
            self.failures += 1
            print(f"NOT SO: {what}")

    def all(self):
        one, other = image(1), image(2)
        gone = self.run("DELETE by ID", [one["id"]], images=[one, other])
        self.check("one image is gone", list(gone.images) == [other["id"]])
        self.check("the catalog and one deletion", [line.split()[0] for line in gone.requests] == ["GET", "DELETE"])

        address = {"OS_IMAGE_ENDPOINT_OVERRIDE": self.gateway.address, "OS_AUTH_URL": None}
        gone = self.run("DELETE, and nothing else", [one["id"]], images=[one], environment=address)
        self.check(f"one request: {gone.requests}", gone.requests == [f"DELETE /v2/images/{one['id']}"])

        name = {"OS_PROJECT_ID": None, "OS_PROJECT_NAME": UNUSUAL}
        projects = [{"id": services.PROJECT_ID, "name": UNUSUAL}, {"id": "p2", "name": "other"}]
        gone = self.run("the project by name", [one["id"]], images=[one], environment=name, projects=projects)
        self.check("the project was looked up", gone.requests[0].startswith("GET /v3/projects?name=n%20%2B"))
        self.run("an unknown project", [one["id"]], 78, ["has no project named"], name, projects=projects[1:])

        for tag in TAGS:
            tagged = image(3, tags=[tag, "z"])
            gone = self.run(f"GET with the tag {tag!r}", ["--tag", tag, "--tag", "z", "--yes"], images=[one, tagged])
            self.check(f"only the image with the tag {tag!r} is gone", list(gone.images) == [one["id"]])
        named = image(4, name=UNUSUAL.replace(":", ""))
        gone = self.run("GET with a name", [named["name"], "--yes"], images=[one, named])
        self.check("only the image with the name is gone", list(gone.images) == [one["id"]])

        protected = image(5, protected=True)
        gone = self.run("PATCH and DELETE with bodies", [protected["id"], "--unprotect", "--delete-backup"],
                        images=[protected | {"__backup_id": "b1", "__whole_image": "true"}])
        self.check("the protected image is gone", not gone.images)
        self.check(f"both bodies were sent: {gone.bodies}", [body[0] for body in gone.bodies] == ["PATCH", "DELETE"])

        servers = [{"id": "s1", "name": "web", "image": {"id": one["id"]}}]
        gone = self.run("the safeguard", [one["id"], other["id"], "--unless-in-use"], images=[one, other], servers=servers)
        self.check("the image in use is kept", list(gone.images) == [one["id"]])

        temporary = {"OS_SECURITY_TOKEN": "MIIB+temporary/security=token-" * 8}
        token = temporary["OS_SECURITY_TOKEN"]
        self.run("a temporary key", [one["id"]], images=[one], environment=temporary, security_token=token)
        self.run("an expired security token", [one["id"]], 77, ["Get a new temporary key"],
                 temporary, images=[one], security_token=token, is_expired=True)
        self.run("a temporary key without its token", [one["id"]], 77, ["also needs OS_SECURITY_TOKEN"],
                 images=[one], security_token=token)

        gone = self.run("a retry", [one["id"]], images=[one], busy=["DELETE"])
        self.check(f"it was signed anew: {gone.dates}", len(set(gone.dates["DELETE"])) == 2 and not gone.images)

        for minutes, words in [(17, "17 minutes behind"), (-60, "60 minutes ahead of")]:
            self.run("a wrong clock", [one["id"]], 77, [f"this machine's clock is {words} the service's"],
                     images=[one], clock=minutes)
        wrong = {"OS_SECRET_KEY": "wrong-secret-key-that-nobody-sees"}
        gone = self.run("a wrong secret key", [one["id"]], 77, ["Check OS_ACCESS_KEY and OS_SECRET_KEY"], wrong, images=[one])
        self.check("it was not tried again", len(gone.requests) == 1 and gone.images)
        self.run("a secret key with a line break", [one["id"]], 78, ["OS_SECRET_KEY contains"], {"OS_SECRET_KEY": "a\nb"})
        self.check("nothing was sent", not self.gateway.requests)

        agency = {name: None for name in ["OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_PROJECT_ID"]} | {
            "OS_USERNAME": "jo", "OS_PASSWORD": "jo-pa55w0rd", "OS_USER_DOMAIN_NAME": "OTC1", "OS_AGENCY_NAME": "cleaner",
            "OS_AGENCY_DOMAIN_NAME": "OTC2", "OS_DELEGATED_PROJECT": "eu-de_images",
        }
        gone = self.run("an agency", [one["id"]], images=[one], environment=agency)
        methods = [line.split()[0] for line in gone.requests]
        self.check(f"two tokens and one deletion: {methods}", methods == ["POST", "POST", "DELETE"] and not gone.images)
        self.run("an agency that may not be used", [one["id"]], 77, ["The user needs the permission Agent Operator"],
                 agency | {"OS_AGENCY_NAME": "other"}, images=[one])


def check_requests(lines):
    """Checks requests that were signed elsewhere: method, target, headers, and a body in base64."""
    count = failures = 0
    for line in lines:
        request = json.loads(line)
        body = base64.b64decode(request["body"])
        wanted = services.expected_authorization(request["method"], request["target"], request["headers"], body)
        count += 1
        if request["headers"]["Authorization"] != wanted:
            failures += 1
            print(f"NOT SO: {request['method']} {request['target']}: {wanted}")
    print(f"{count} signatures, {failures} of them wrong")
    return failures


if __name__ == "__main__":
    if sys.argv[1] == "--requests":
        sys.exit(1 if check_requests(pathlib.Path(sys.argv[2]).read_text().splitlines()) else 0)
    checks = Check(sys.argv[1])
    checks.all()
    print("every signature is verified" if checks.failures == 0 else f"{checks.failures} failures")
    sys.exit(1 if checks.failures else 0)
