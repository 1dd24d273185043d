"""Deletions with this package and with what people use today, side by side. benchmarks.sh starts it."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import consumer
from instant_cloud import InstantCloud, image_id
from measuring import Contestant, Goals, compare, number, quartiles, ratios, run, table
from real_images import RealImages

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
DELETE_IMAGE = REPOSITORY / ".build/release/delete-image"
# With Swift's libraries beside it, as `swift run` and the plugin build it.
DYNAMIC = REPOSITORY / ".build/dynamic/release/delete-image"
PYTHON = pathlib.Path(sys.executable)
SIZES = (1_000, 10_000, 100_000)
NO_LIMIT = ["--yes", "--max-deletions", "1000000"]
CURL = ["curl", "--silent", "--show-error", "--fail"]


class Benchmarks:
    def __init__(self, folder, rounds):
        self.folder = pathlib.Path(folder)
        self.rounds = rounds
        self.goals = Goals()
        self.home = {"HOME": str(self.make_folder("home"))}
        self.package = self.make_folder("App")
        consumer.make(REPOSITORY, self.package)

    def make_folder(self, name):
        folder = self.folder / name
        folder.mkdir()
        return folder

    def swift_package(self, *words):
        return ["swift", "package", "--allow-network-connections", "all", *words]

    def delete_image(self, environment, words=(), name="delete-image", program=DELETE_IMAGE, **rest):
        """The executable with a token cache of its own, which the first run fills."""
        work = {"DELETE_IMAGE_WORK_DIRECTORY": str(self.folder / "work" / environment["OS_AUTH_URL"].split(":")[-1])}
        return Contestant(name, [program, *words], {**self.home, **environment, **work}, **rest)

    def clients(self, environment, prepare):
        """What people use today."""
        environment = {**self.home, **environment}
        return [
            Contestant("openstacksdk script", [PYTHON, HERE / "delete_images.py", "proxy"], environment, prepare),
            Contestant("glance image-delete", [PYTHON.parent / "glance", "image-delete"], environment, prepare),
            Contestant("openstack image delete", [PYTHON.parent / "openstack", "image", "delete"], environment, prepare),
        ]

    def plugin(self, environment, prepare):
        return Contestant(
            "swift package delete-image", self.swift_package("delete-image"), {**self.home, **environment}, prepare,
            self.package,
        )

    def curl(self, token, address, ids):
        """curl with a token that is ready: nothing can take less."""
        def addresses():
            return [f"{address}/images/{each}" for each in ids()]

        return Contestant(
            "curl", [*CURL, "--request", "DELETE", "--header", f"X-Auth-Token: {token}"], self.home, addresses
        )

    # What a user meets first.

    def first_use(self):
        words = self.swift_package("delete-image", "--version")
        environment = {**self.home}
        cold = Contestant("first use", words, environment, folder=self.package)
        without_network = shutil.which("unshare") and subprocess.run(
            ["unshare", "--net", "true"], capture_output=True, check=False
        ).returncode == 0
        seconds = []
        for _ in range(3):
            shutil.rmtree(self.package / ".build", ignore_errors=True)
            seconds.append(run(cold, ["unshare", "--net"] if without_network else []))
        middle, _, _ = quartiles(sorted(seconds))
        where = "without a network" if without_network else "with a network at hand"
        print(f"\nFirst `swift package delete-image`, from clean, {where}: {number(middle)} s")
        self.goals.at_most("first use, from clean", middle, 20, " s")

    # One image.

    def one_instant(self, cloud):
        ids = lambda: [image_id(0)]
        contestants = [
            self.curl("ready", f"{cloud.address}/v2", ids),
            self.delete_image(cloud.environment, prepare=ids),
            self.delete_image(cloud.environment, name="delete-image, dynamic", program=DYNAMIC, prepare=ids),
            Contestant("swift package, doing nothing", self.swift_package("nothing"), self.home, folder=self.package),
            self.plugin(cloud.environment, ids),
            *self.clients(cloud.environment, ids),
        ]
        counts = {}
        for contestant in contestants:
            run(contestant)
            cloud.requests()
            run(contestant)
            counts[contestant.name] = cloud.requests()
        results = compare(contestants, self.rounds)
        table(
            "One image, a server that answers at once (token cached, where it can be)", results, results[0],
            lambda result: f" {counts[result.name]} |" if result else " requests |",
        )
        curl, ours, dynamic, nothing, plugin, *_, openstack = results
        self.goals.at_most("one warm deletion, instant server, times curl", ratios(ours, curl)[0], 1.35)
        self.goals.at_most("the same, dynamic, times curl", ratios(dynamic, curl)[0], 1.8)
        self.goals.at_least("one deletion, instant server, openstack's time by ours", ratios(openstack, ours)[0], 60)
        self.goals.at_most("memory for one deletion", ours.megabytes, 16, " MB")
        own = quartiles([theirs - idle for theirs, idle in zip(plugin.seconds, nothing.seconds)])[0]
        print(f"\nThe plugin beyond a plugin that does nothing: {number(own * 1000)} ms, "
              f"of which the executable takes {number(ours.median * 1000)} ms.")

    def one_real(self, environment):
        images = RealImages(environment)
        ids = lambda: images.make(1)
        contestants = [
            self.curl(images.token, images.address, ids),
            self.delete_image(environment, prepare=ids),
            self.plugin(environment, ids),
            *self.clients(environment, ids),
        ]
        results = compare(contestants, self.rounds)
        table("One image, a real Keystone and Glance (token cached, where it can be)", results, results[0])
        self.goals.at_most("one warm deletion, real cloud, times curl", ratios(results[1], results[0])[0], 1.5)

    # Many images.

    def fifty_real(self, environment):
        images = RealImages(environment)
        ids = lambda: images.make(50)
        contestants = [
            Contestant(
                "curl", [HERE / "curl_signing_in.sh"],
                {**self.home, **environment, "IMAGE_ADDRESS": images.address}, ids,
            ),
            self.delete_image(environment, ["--no-token-cache"], prepare=ids),
            *self.clients(environment, ids),
            Contestant(
                "openstacksdk script, by connection", [PYTHON, HERE / "delete_images.py", "connection"],
                {**self.home, **environment}, ids,
            ),
        ]
        results = compare(contestants, max(3, self.rounds // 3), warmups=0)
        table("50 images, a real Keystone and Glance (start and sign-in included)", results, results[0])
        self.goals.at_most("50 deletions, real cloud, times curl that signs in", ratios(results[1], results[0])[0], 1)

    def thousand_instant(self, cloud):
        ids = [image_id(number) for number in range(1000)]
        list_file = self.folder / "ids"
        list_file.write_text("\n".join(ids))
        curl_file = self.folder / "curl"
        curl_file.write_text("".join(f'url = "{cloud.address}/v2/images/{each}"\n' for each in ids))
        curl = [
            *CURL, "--parallel", "--parallel-max", "16", "--request", "DELETE", "--header", "X-Auth-Token: ready",
            "--config", curl_file,
        ]
        contestants = [
            Contestant("curl --parallel", curl, self.home),
            self.delete_image(cloud.environment, [*NO_LIMIT, "--concurrency", "16", "--from", list_file]),
        ]
        results = compare(contestants, self.rounds)
        table("1,000 images, 16 at a time, a server that answers at once", results, results[0])
        self.goals.at_most("1,000 deletions, 16 at a time, times curl", ratios(results[1], results[0])[0], 1)

    def sizes(self, cloud):
        print("\nTime and memory by the number of images, a server that answers at once\n")
        print("| images | select 1 % from a list | times a Python script | memory | delete by ID, 16 at a time | memory |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: |")
        each = {}
        for size in SIZES:
            endpoint = {"OS_IMAGE_ENDPOINT_OVERRIDE": f"{cloud.address}/listed/{size}/v2"}
            select = self.delete_image(
                {**cloud.environment, **endpoint}, ["--match", "nightly-*", "--older-than", "1d", "--dry-run"]
            )
            list_file = self.folder / f"ids-{size}"
            list_file.write_text("\n".join(image_id(number) for number in range(size)))
            delete = self.delete_image(cloud.environment, [*NO_LIMIT, "--concurrency", "16", "--from", list_file])
            script = Contestant("Python", [PYTHON, HERE / "read_list.py", endpoint["OS_IMAGE_ENDPOINT_OVERRIDE"]], self.home)
            selecting, deleting, reading = compare([select, delete, script], 3, warmups=1)
            print(
                f"| {size:,} | {number(selecting.median * 1000)} ms | {number(ratios(selecting, reading)[0])} "
                f"| {number(selecting.megabytes)} MB "
                f"| {number(deleting.median)} s | {number(deleting.megabytes)} MB |", flush=True
            )
            each[size] = (selecting, deleting, reading)
        small, large = each[SIZES[1]], each[SIZES[2]]
        self.goals.at_most("memory to select from 100,000", large[0].megabytes, 30, " MB")
        self.goals.at_most("selecting from 100,000, times a Python script", ratios(large[0], large[2])[0], 1)
        self.goals.at_most("time to select from 100,000, times from 10,000", large[0].median / small[0].median, 12)
        self.goals.at_most("time to delete 100,000, times 10,000", large[1].median / small[1].median, 12)
        self.goals.at_most("memory to delete 100,000, times 10,000", large[1].megabytes / small[1].megabytes, 12)


def real_environment():
    """The variables of the cloud that real-cloud.sh has started."""
    return {
        "OS_AUTH_URL": os.environ["DELETE_IMAGE_REAL_CLOUD"], "OS_USERNAME": "ci", "OS_PASSWORD": "ci-pa55w0rd",
        "OS_PROJECT_NAME": "ci", "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "RegionOne", "OS_IDENTITY_API_VERSION": "3",
    }


def main():
    names = ["first-use", "one", "one-real", "fifty", "thousand", "sizes"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="how often each is measured (%(default)s)")
    parser.add_argument("what", nargs="*", default=names, help=f"some of: {' '.join(names)}; without any, all")
    options = parser.parse_args()
    if unknown := set(options.what) - set(names):
        parser.error(f"no such benchmark: {' '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder, InstantCloud(folder, lists=SIZES) as cloud:
        benchmarks = Benchmarks(folder, options.rounds)
        runs = {
            "first-use": benchmarks.first_use,
            "one": lambda: benchmarks.one_instant(cloud),
            "one-real": lambda: benchmarks.one_real(real_environment()),
            "fifty": lambda: benchmarks.fifty_real(real_environment()),
            "thousand": lambda: benchmarks.thousand_instant(cloud),
            "sizes": lambda: benchmarks.sizes(cloud),
        }
        for name in names:
            if name in options.what:
                runs[name]()
                sys.stdout.flush()
        benchmarks.goals.print()


if __name__ == "__main__":
    main()
