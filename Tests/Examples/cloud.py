"""The real Keystone and Glance as the checks see them, and a compute service beside them."""

import contextlib
import http.server
import json
import os
import re
import sqlite3
import threading
import urllib.parse

import openstack


class Cloud:
    """The project of the user "ci"."""

    password = "ci-pa55w0rd"

    def __init__(self):
        self.environment = {
            "OS_AUTH_URL": os.environ["DELETE_IMAGE_REAL_CLOUD"], "OS_USERNAME": "ci", "OS_PASSWORD": self.password,
            "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_NAME": "ci",
        }
        self.images = openstack.connect(
            auth_url=self.environment["OS_AUTH_URL"], username="ci", password=self.password, project_name="ci",
            user_domain_name="Default", project_domain_name="Default", load_envvars=False,
        ).image
        self.database = os.path.join(os.environ["DELETE_IMAGE_REAL_CLOUD_STATE"], "glance.db")

    def make(self, name, days=0, **properties):
        """Makes a private image that is so many days old, and gives its ID."""
        image = self.images.create_image(
            name, allow_duplicates=True, disk_format="raw", container_format="bare", visibility="private", data=b"x",
            **properties,
        )
        # No API makes an image older than it is. Glance compares dates as texts: six decimals belong to this one, too.
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as database, database:
            database.execute(
                "update images set created_at = strftime('%Y-%m-%d %H:%M:%f000', created_at, ?) where id = ?",
                (f"-{days} days", image.id))
        return image.id

    def rename(self, image_id, name):
        self.images.update_image(image_id, name=name)

    def delete(self, image_id):
        self.images.delete_image(image_id)

    def clear(self):
        for image in list(self.images.images(owner=self.images.get_project_id())):
            if image.is_protected:
                self.images.update_image(image.id, is_protected=False)
            self.delete(image.id)

    def names(self):
        """The names of the images that are there."""
        return {image.name for image in self.images.images(owner=self.images.get_project_id())}


@contextlib.contextmanager
def servers_of(image_ids):
    """A compute service, where the catalog says that one is, with a server of each of these images."""

    class Compute(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            is_last = "marker=" in url.query
            servers = [] if is_last else [
                {"id": str(number), "name": f"server-{number}", "image": {"id": image_id}}
                for number, image_id in enumerate(image_ids)
            ]
            body = json.dumps({"servers": servers}).encode()
            self.send_response(200 if url.path == "/v2.1/servers/detail" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    address = ("127.0.0.1", int(os.environ["DELETE_IMAGE_REAL_CLOUD_COMPUTE"]))
    http.server.ThreadingHTTPServer.allow_reuse_address = True
    with http.server.ThreadingHTTPServer(address, Compute) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def secrets_in(data):
    """What of the password and of Keystone's tokens is in these bytes."""
    return re.findall(rb"gAAAAA[\w-]{60,}|" + re.escape(Cloud.password.encode()), data)
