"""A cloud that answers at once, so that what is measured is the client: nginx, with answers that are ready."""

import getpass
import grp
import json
import os
import pathlib
import subprocess
import time
import uuid

PROJECT = "70c77dc6bbfa40dbb5f00e6705972d6f"
PAGE = 500


def image_id(number):
    """The ID of an image: one for each number."""
    return str(uuid.UUID(int=(0x6B1C0B6E93A54D0C9D52 << 48) + number))


def image(number):
    """An image as Glance describes it. One in a hundred is a nightly build."""
    name = f"nightly-{number:06}" if number % 100 == 0 else f"build-{number:06}"
    return {
        "id": image_id(number), "name": name, "owner": PROJECT, "status": "active", "visibility": "private",
        "protected": False, "tags": ["ci", "linux"], "size": 2576980378, "virtual_size": 10737418240, "min_disk": 10,
        "min_ram": 1024, "disk_format": "qcow2", "container_format": "bare", "os_hidden": False,
        "checksum": "d41d8cd98f00b204e9800998ecf8427e", "os_hash_algo": "sha512", "os_hash_value": "cf83e1357e" * 12,
        "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:05:06Z", "hw_disk_bus": "scsi",
        "self": f"/v2/images/{image_id(number)}", "file": f"/v2/images/{image_id(number)}/file",
        "schema": "/v2/schemas/image",
    }


class InstantCloud:
    """Listens while it is entered. Its images are never gone: every DELETE is answered with 204.

    Under `/listed/N` is the same cloud with a list of N images, in pages of 500 and an empty one.
    """

    def __init__(self, folder, port=48080, lists=()):
        self.folder = pathlib.Path(folder)
        self.address = f"http://127.0.0.1:{port}"
        self.port = port
        self.lists = lists

    def __enter__(self):
        for count in self.lists:
            self._write_list(count)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(self._configuration())
        self.server = subprocess.Popen(["nginx", "-c", configuration, "-e", self.folder / "error.log"])
        while not (self.folder / "nginx.pid").exists():
            if self.server.poll() is not None:
                raise SystemExit((self.folder / "error.log").read_text())
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()

    @property
    def environment(self):
        """What signs in to it."""
        return {
            "OS_AUTH_URL": f"{self.address}/v3", "OS_USERNAME": "ci", "OS_PASSWORD": "ci-pa55w0rd",
            "OS_PROJECT_NAME": "ci", "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": "RegionOne", "OS_IDENTITY_API_VERSION": "3",
        }

    def requests(self):
        """How many requests came since this was asked last."""
        log = self.folder / "access.log"
        # nginx writes a line after it has answered.
        time.sleep(0.1)
        count = log.read_text().count("\n")
        os.truncate(log, 0)
        return count

    def _write_list(self, count):
        folder = self.folder / "lists" / str(count)
        folder.mkdir(parents=True, exist_ok=True)
        marker = "first"
        for start in range(0, count, PAGE):
            images = [image(number) for number in range(start, min(start + PAGE, count))]
            page = {"images": images, "schema": "/v2/schemas/images", "first": "/v2/images"}
            (folder / f"{marker}.json").write_text(json.dumps(page))
            marker = images[-1]["id"]
        (folder / f"{marker}.json").write_text(json.dumps({"images": []}))

    def _configuration(self):
        token = {
            "methods": ["password"], "user": {"id": "u1", "name": "ci", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": PROJECT, "name": "ci", "domain": {"id": "default", "name": "Default"}},
            "issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2099-01-01T00:00:00.000000Z",
            "roles": [{"id": "r1", "name": "member"}], "is_domain": False, "audit_ids": ["a1"],
            "catalog": [
                {
                    "id": "s1", "name": "glance", "type": "image",
                    "endpoints": [
                        {
                            "id": "e1", "interface": "public", "region": "RegionOne", "region_id": "RegionOne",
                            "url": self.address,
                        }
                    ],
                }
            ],
        }
        identity = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": f"{self.address}/v3/"}]}
        images = {"id": "v2.16", "status": "CURRENT", "links": [{"rel": "self", "href": f"{self.address}/v2/"}]}
        schema = {"name": "image", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
        return f"""
            user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};
            daemon off;
            worker_processes 1;
            pid {self.folder}/nginx.pid;
            events {{ worker_connections 512; }}
            http {{
                log_format line '$request $status';
                access_log {self.folder}/access.log line;
                client_body_temp_path {self.folder}/client;
                proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi;
                uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                keepalive_requests 1000000;
                default_type application/json;
                server {{
                    listen 127.0.0.1:{self.port};
                    location = /v3 {{ return 200 '{json.dumps({"version": identity})}'; }}
                    location = /v3/auth/tokens {{
                        add_header X-Subject-Token gAAAA{"token" * 32} always;
                        return 201 '{json.dumps({"token": token})}';
                    }}
                    location = / {{ return 300 '{json.dumps({"versions": [images]})}'; }}
                    location = /versions {{ return 200 '{json.dumps({"versions": [images]})}'; }}
                    location /v2/schemas/ {{ return 200 '{json.dumps(schema)}'; }}
                    location ~ ^/listed/([0-9]+)/v2/images$ {{
                        root {self.folder}/lists/$1;
                        try_files /$arg_marker.json /first.json =404;
                    }}
                    location ~ ^/v2/images/([^/]+)$ {{
                        if ($request_method = DELETE) {{ return 204; }}
                        return 200 '{json.dumps(image(0)).replace(image_id(0), "$1")}';
                    }}
                }}
            }}
            """
