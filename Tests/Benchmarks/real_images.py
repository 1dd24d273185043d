"""Images on the real cloud, to be deleted."""

import concurrent.futures

import openstack


class RealImages:
    """Makes images as the user whom `environment` describes."""

    def __init__(self, environment):
        connection = openstack.connect(
            auth_url=environment["OS_AUTH_URL"], username=environment["OS_USERNAME"],
            password=environment["OS_PASSWORD"], project_name=environment["OS_PROJECT_NAME"],
            user_domain_name=environment["OS_USER_DOMAIN_NAME"],
            project_domain_name=environment["OS_PROJECT_DOMAIN_NAME"],
            region_name=environment["OS_REGION_NAME"], load_envvars=False,
        )
        self.token = connection.auth_token
        self.image = connection.image
        self.address = self.image.get_endpoint().removesuffix("/")

    def make(self, count):
        """Makes private images with a little data in each and returns their IDs."""
        with concurrent.futures.ThreadPoolExecutor(4) as lanes:
            return list(lanes.map(self._make_one, range(count)))

    def _make_one(self, number):
        # The server closes connections that were idle while something was measured.
        made = self.image.post(
            "/images", connect_retries=3,
            json={"name": f"bench-{number}", "disk_format": "raw", "container_format": "bare", "visibility": "private"},
        )
        made.raise_for_status()
        image_id = made.json()["id"]
        self.image.put(
            f"/images/{image_id}/file", data=b"x", connect_retries=3, headers={"Content-Type": "application/octet-stream"}
        ).raise_for_status()
        return image_id
