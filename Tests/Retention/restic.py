#!/usr/bin/env python3
"""Writes test cases for the retention rules. Their expected results come from `restic forget`.

    Tests/Retention/restic.py cases.json [--sets 10000] [--seed 1]

A case is a set of images and a combination of keep counts:

    {"keep": {"last": 2}, "images": [{"id": "…", "createdAt": "2026-11-20T10:00:00Z"}, …], "kept": {"…": ["last"]}}

The script needs restic 0.14 and the Python package `cryptography`. The same seed and number of sets produce the same
file. It writes about 150,000 small temporary files, so it is faster if TMPDIR is in memory.
"""

import argparse
import base64
import calendar
import datetime
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import uuid

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

RULES = ("last", "daily", "weekly", "monthly", "yearly")

# A set has at most 30 images, so 20 is often more than there are periods.
COUNTS = (1, 2, 3, 7, 20)

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800


def midnight(year, month, day):
    return calendar.timegm((year, month, day, 0, 0, 0))


FIRST, END = midnight(1970, 1, 2), midnight(2100, 1, 1)

# Days that start a week, a month, or a year, and days around them. 2020 and 2026 have an ISO week 53. 2024-12-30 is in
# week 1 of 2025. 2000 and 2024 are leap years.
BOUNDARIES = [
    midnight(*day)
    for day in [
        (2000, 2, 29), (2000, 3, 1), (2024, 2, 29), (2024, 3, 1), (2025, 3, 1), (2026, 4, 30), (2026, 5, 1),
        (2026, 7, 31), (2026, 8, 1), (2020, 12, 28), (2020, 12, 31), (2021, 1, 1), (2021, 1, 2), (2021, 1, 3),
        (2021, 1, 4), (2023, 1, 1), (2023, 1, 2), (2024, 1, 1), (2024, 12, 29), (2024, 12, 30), (2025, 1, 1),
        (2025, 1, 6), (2026, 12, 27), (2026, 12, 28), (2026, 12, 31), (2027, 1, 1), (2027, 1, 3), (2027, 1, 4),
    ]
]


# The functions below are the sources of times. Each returns the next time of its set, in seconds since 1970.


def around_boundary(chance):
    """One boundary: the seconds next to it, and the hours and days around it."""
    boundary = chance.choice(BOUNDARIES)
    return lambda: boundary + chance.choice(
        [-1, 0, 1, DAY - 1, -DAY, chance.randrange(-HOUR, HOUR), chance.randrange(-WEEK, WEEK)]
    )


def any_boundary(chance):
    """The seconds next to different boundaries."""
    return lambda: chance.choice(BOUNDARIES) + chance.choice([-1, 0, 1])


def any_midnight(chance):
    """The seconds next to the midnights of a few weeks."""
    start = chance.choice(BOUNDARIES)
    return lambda: start + DAY * chance.randrange(-20, 20) + chance.choice([-1, 0, 1])


def one_day(chance):
    start = chance.choice([chance.choice(BOUNDARIES), chance.randrange(FIRST, END) // DAY * DAY])
    return lambda: start + chance.randrange(DAY)


def cluster(chance):
    """A few seconds, sometimes across a boundary."""
    start = chance.choice([chance.choice(BOUNDARIES) - chance.randrange(20), chance.randrange(FIRST, END)])
    return lambda: start + chance.randrange(40)


def schedule(chance):
    """One image every few hours, days, weeks, months, or years, never exactly on time."""
    start = chance.choice([chance.choice(BOUNDARIES), chance.randrange(midnight(2000, 1, 1), midnight(2040, 1, 1))])
    step = chance.choice([6 * HOUR, DAY, 3 * DAY, WEEK, 30 * DAY + 10 * HOUR, 365 * DAY + 6 * HOUR])
    delay = chance.choice([1, 2, MINUTE, 2 * HOUR])
    return lambda: start - step * chance.randrange(40) + chance.randrange(-delay, delay)


def month_ends(chance):
    """The seconds around the starts of the months of a few years."""
    start = chance.randrange(1990, 2030)
    return lambda: midnight(start + chance.randrange(4), chance.randrange(1, 13), 1) + chance.randrange(-2, 2)


def year_ends(chance):
    """The days around the starts of many years. Most years have no image."""
    return lambda: midnight(chance.randrange(1971, 2100), 1, 1) + chance.choice(
        [-1, 0, chance.randrange(-5 * DAY, 5 * DAY)]
    )


def any_time(chance):
    return lambda: chance.randrange(FIRST, END)


SOURCES = (
    around_boundary, any_boundary, any_midnight, one_day, cluster, schedule, month_ends, year_ends, any_time,
)


def images(chance):
    """Returns 0 to 30 images. No two have the same time, because restic does not define their order."""
    sources = [source(chance) for source in chance.sample(SOURCES, chance.randint(1, 3))]
    size = chance.randint(0, 30)
    # Duplicates are dropped. A source of few times can run out of new ones, so the number of attempts is limited.
    times = list(dict.fromkeys(chance.choice(sources)() for _ in range(3 * size)))[:size]
    # A service returns images in any order.
    chance.shuffle(times)
    return [
        {
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "createdAt": datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for time in times
    ]


def combinations(chance):
    """Returns each rule alone with each count, and 15 mixtures of rules."""
    yield from ({rule: count} for rule in RULES for count in COUNTS)
    for number in range(15):
        # Three or four mixtures each of two, three, four, and five rules.
        rules = chance.sample(RULES, 2 + number % 4)
        yield {rule: chance.choice([*COUNTS, chance.randint(1, 10)]) for rule in RULES if rule in rules}


class Repository:
    """A restic repository. Its snapshots are written as files, because `restic backup` takes about a second for each.

    https://restic.readthedocs.io/en/stable/100_references.html describes the format.
    """

    def __init__(self, folder):
        self.folder = folder
        # Settings of the caller, such as RESTIC_REPOSITORY_FILE, must not reach restic. Periods are in UTC.
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment |= {"TZ": "UTC", "RESTIC_PASSWORD": "password"}
        # From 0.16 on, restic also keeps the oldest snapshot of a group if a rule's count is not used up
        # (https://github.com/restic/restic/pull/4366), and does not always report it as such.
        version = self.restic("version").split(" compiled")[0]
        if not version.startswith("restic 0.14."):
            raise SystemExit(f"{version} is not supported. Install restic 0.14.")
        # Version 1 has no compression, so a snapshot of `restic backup` can be compared with one of this class.
        self.restic("init", "--repository-version", "1")
        keys = json.loads(self.restic("cat", "masterkey"))
        self.encryption_key = base64.b64decode(keys["encrypt"])
        self.nonce_key, self.mac_key = (base64.b64decode(keys["mac"][name]) for name in ("k", "r"))

    def restic(self, *arguments):
        command = ["restic", "--repo", self.folder, "--no-cache", *arguments]
        process = subprocess.run(
            command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        # restic reports a snapshot that it cannot read as a warning.
        if process.returncode != 0 or process.stderr:
            raise SystemExit(f"restic {arguments[0]} failed ({process.returncode}):\n{process.stderr[-2000:]}")
        return process.stdout

    def sealed(self, text, nonce):
        """Returns `text` encrypted with AES-256-CTR and authenticated with Poly1305-AES."""
        encryptor = Cipher(algorithms.AES(self.encryption_key), modes.CTR(nonce)).encryptor()
        encrypted = encryptor.update(text) + encryptor.finalize()
        # ECB of one block is plain AES, which is how Poly1305-AES makes the second half of its key. `Poly1305` clears
        # the bits of the first half that must be zero.
        encryptor = Cipher(algorithms.AES(self.nonce_key), modes.ECB()).encryptor()
        one_time_key = self.mac_key + encryptor.update(nonce) + encryptor.finalize()
        return nonce + encrypted + Poly1305.generate_tag(one_time_key, encrypted)

    def replace_snapshots(self, sets):
        """Writes one snapshot for each image. The tag of a snapshot is the number of its set, its host is the image."""
        folder = self.folder / "snapshots"
        shutil.rmtree(folder)
        folder.mkdir()
        for tag, its_images in sets.items():
            for image in its_images:
                snapshot = {
                    "time": image["createdAt"], "tree": "0" * 64, "paths": ["/"], "hostname": image["id"],
                    "username": "nobody", "tags": [tag],
                }
                content = self.sealed(json.dumps(snapshot).encode(), os.urandom(16))
                (folder / hashlib.sha256(content).hexdigest()).write_bytes(content)

    def kept(self, keep, sets):
        """Returns the kept images of each set, with the rules that keep them."""
        # restic prints no JSON for a repository with no snapshots.
        if not any(sets.values()):
            return {}
        self.replace_snapshots(sets)
        options = [f"--keep-{rule}={count}" for rule, count in keep.items()]
        groups = json.loads(self.restic("forget", "--dry-run", "--no-lock", "--json", "--group-by", "tags", *options))
        kept = {}
        for group in groups:
            (tag,) = group["tags"]
            reasons = {reason["snapshot"]["hostname"]: reason["matches"] for reason in group["reasons"]}
            # A snapshot that restic did not read must not count as removed.
            keeps, removes = (
                [(snapshot["hostname"], snapshot["time"]) for snapshot in snapshots or ()]
                for snapshots in (group["keep"], group["remove"])
            )
            written = [(image["id"], image["createdAt"]) for image in sets[tag]]
            if sorted(keeps + removes) != sorted(written) or {image for image, _ in keeps} != reasons.keys():
                raise SystemExit(f"restic did not report each snapshot of set {tag} once.")
            kept[tag] = {image: rules_in(matches) for image, matches in reasons.items()}
        if kept.keys() != {tag for tag in sets if sets[tag]}:
            raise SystemExit("restic did not report each set.")
        return kept


def rules_in(matches):
    """Returns the rules in a snapshot's `matches`, which are texts such as `daily snapshot`."""
    rules = [rule for rule in RULES if f"{rule} snapshot" in matches]
    # No reason is dropped silently.
    if len(rules) != len(matches):
        raise SystemExit(f"restic reported an unknown reason: {', '.join(matches)}")
    return rules


def main():
    parser = argparse.ArgumentParser(description="Writes test cases whose expected results come from `restic forget`.")
    parser.add_argument("output", type=pathlib.Path, help="the JSON file to write")
    parser.add_argument("--sets", type=int, default=10_000, help="the number of cases (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the random times (default: %(default)s)")
    arguments = parser.parse_args()

    chance = random.Random(arguments.seed)
    keeps = list(combinations(chance))
    sets = [images(chance) for _ in range(arguments.sets)]
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(pathlib.Path(folder, "repository"))
        # One restic process per combination, because each process takes half a second to derive the key.
        for number, keep in enumerate(keeps):
            its_sets = {str(index): sets[index] for index in range(number, len(sets), len(keeps))}
            kept = repository.kept(keep, its_sets)
            cases += [
                {"keep": keep, "images": its_images, "kept": kept.get(tag, {})} for tag, its_images in its_sets.items()
            ]
    arguments.output.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
