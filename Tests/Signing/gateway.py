"""An identity and an image service on loopback that accept only requests signed with an access key.

Each signature is computed anew with the signer of huaweicloudsdkcore, which shares no code with this package.
"""

import collections
import datetime
import http.server
import json
import threading
import urllib.parse

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

ACCESS_KEY = "QTWAOYTTINDUT2QVKYUC"
SECRET_KEY = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
PROJECT_ID = "70c77dc6bbfa40dbb5f00e6705972d6f"
VALIDITY = datetime.timedelta(minutes=15)


def expected_authorization(method, target, headers, body, key=ACCESS_KEY, secret=SECRET_KEY):
    """The Authorization header that the SDK's signer gives a request with the header fields that it says are signed."""
    fields = {name.lower(): value for name, value in headers.items()}
    signed = fields.get("authorization", "").partition("SignedHeaders=")[2].partition(",")[0].split(";")
    path, _, query = target.partition("?")
    # A plus sign that is not escaped means a space to some servers, and itself to others.
    if "+" in query:
        return "nothing, because of a plus sign in the query"
    items = [item.partition("=") for item in query.split("&") if item]
    request = SdkRequest(
        method=method, schema="https", host=fields["host"], resource_path=path or "/", body=body or None,
        query_params=[(urllib.parse.unquote(name), urllib.parse.unquote(value)) for name, _, value in items],
        header_params={name: fields.get(name, "") for name in signed},
    )
    Signer(BasicCredentials(key, secret, PROJECT_ID)).sign(request)
    return request.header_params["Authorization"]


class Gateway(http.server.ThreadingHTTPServer):
    """The services, and a record of what they were asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.Lock()
        self.reset()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def reset(self, images=(), projects=(), security_token=None, is_expired=False, clock=0, busy=(), servers=()):
        """Begins anew.

        clock: how many minutes this side's clock is ahead; busy: methods whose first request is answered with 503.
        """
        self.images = {image["id"]: dict(image) for image in images}
        self.projects = projects
        self.security_token = security_token
        self.is_expired = is_expired
        self.clock = datetime.timedelta(minutes=clock)
        self.busy = list(busy)
        self.servers = list(servers)
        self.requests = []
        self.dates = collections.defaultdict(list)
        self.bodies = []

    def refusal(self, method, target, headers, body):
        """Why a request is not let in; None if it is."""
        if "X-Auth-Token" in headers:
            return "a token was sent"
        if headers.get("Authorization") != (wanted := expected_authorization(method, target, headers, body)):
            return f"verify aksk signature fail, wanted {wanted.rpartition('=')[0]}"
        if "SignedHeaders=host;x-sdk-date," not in wanted:
            return "host and date are not signed"
        now = datetime.datetime.now(datetime.timezone.utc) + self.clock
        date = datetime.datetime.strptime(headers["X-Sdk-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        if abs(now - date) > VALIDITY:
            return (f"calc aksk signature fail:signature expired, signature time:{headers['X-Sdk-Date']},"
                    f"server time:{now:%Y%m%dT%H%M%SZ}")
        if headers.get("X-Security-Token") != self.security_token:
            return "another security token is expected"
        if self.is_expired:
            return "the security token has expired"
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return (datetime.datetime.now(datetime.timezone.utc) + self.server.clock).strftime("%a, %d %b %Y %H:%M:%S GMT")

    def answer(self, status, content=None, **headers):
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self):
        gateway = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        with gateway.lock:
            gateway.requests.append(f"{self.command} {self.path}")
            if body:
                gateway.bodies.append((self.command, self.headers["Content-Type"], json.loads(body)))
            if path.endswith("/v3/auth/tokens"):
                return self.exchange(body)
            if self.headers.get("X-Auth-Token") != "agency-token":
                if reason := gateway.refusal(self.command, self.path, self.headers, body):
                    message = f"Incorrect IAM authentication information: {reason}"
                    return self.answer(401, {"error_msg": message, "error_code": "APIGW.0301", "request_id": "r1"})
            gateway.dates[self.command].append(self.headers["X-Sdk-Date"])
            if self.command in gateway.busy:
                gateway.busy.remove(self.command)
                return self.answer(503, Retry_After="2")
            self.route(path, dict(urllib.parse.parse_qsl(query)), urllib.parse.parse_qs(query), body)

    do_GET = do_DELETE = do_PATCH = do_POST = handle_request

    def route(self, path, query, all_values, body):
        gateway = self.server
        parts = [urllib.parse.unquote(part) for part in path.split("/")]
        if path == "/v3/projects":
            return self.answer(200, {"projects": [p for p in gateway.projects if p["name"] == query["name"]]})
        if self.headers.get("X-Project-Id") != PROJECT_ID and "X-Auth-Token" not in self.headers:
            return self.answer(403, {"error_code": "APIGW.0310", "error_msg": "another project"})
        if path == "/v3/auth/catalog":
            return self.answer(200, {"catalog": catalog(gateway.address)})
        if parts[-2:] == ["servers", "detail"]:
            return self.answer(200, {"servers": [] if "marker" in query else gateway.servers})
        if parts[-2:] == ["volumes", "detail"]:
            return self.answer(200, {"volumes": []})
        if parts[-1] == "images":
            found = [image for image in gateway.images.values()
                     if query.get("name", image["name"]) == image["name"]
                     and set(all_values.get("tag", [])) <= set(image["tags"]) and "os_hidden" not in query]
            return self.answer(200, {"images": [] if "marker" in query else found})
        image = gateway.images.get(parts[-1])
        if image is None:
            return self.answer(404, {"message": "not found", "code": "404 Not Found"})
        if self.command == "PATCH":
            image["protected"] = json.loads(body)[0]["value"]
        if self.command == "DELETE":
            if image["protected"]:
                return self.answer(403, {"message": "Image is protected and cannot be deleted.", "code": "403 Forbidden"})
            del gateway.images[image["id"]]
            return self.answer(204)
        self.answer(200, image)

    def exchange(self, body):
        """The tokens that an agency needs: the user's, and then the agency's."""
        auth = json.loads(body)["auth"]
        expires = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat()
        token = {"expires_at": expires.replace("+00:00", "Z"), "catalog": catalog(self.server.address)}
        if auth["identity"]["methods"] == ["password"]:
            return self.answer(201, {"token": token}, X_Subject_Token="user-token")
        role = {"domain_name": "OTC2", "xrole_name": "cleaner"}
        if self.headers.get("X-Auth-Token") != "user-token" or auth["identity"]["assume_role"] != role:
            return self.answer(403, {"error": {"code": 403, "message": "not an Agent Operator"}})
        token["project"] = {"id": PROJECT_ID, "name": auth["scope"]["project"]["name"], "domain": {"name": "OTC2"}}
        self.answer(201, {"token": token}, X_Subject_Token="agency-token")


def catalog(address):
    return [
        {"type": kind, "endpoints": [{"region_id": "eu-de", "interface": "public", "url": address + path}]}
        for kind, path in [("image", "/im%20age/~%C3%BC*"), ("compute", f"/v2.1/{PROJECT_ID}"), ("volumev3", f"/v3/{PROJECT_ID}")]
    ]
