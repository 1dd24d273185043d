#!/usr/bin/env python3
"""Writes configuration files of clouds, and what openstacksdk reads from each, for CloudsDifferentialTests.

    clouds.py FOLDER [--mutations NUMBER] [--seed NUMBER]

It needs a Python with openstacksdk. FOLDER gets a folder for each case, with its home folder and its current one, and
cases.json, which has for each case the environment, the kind ("guide": a file as guides show it; "unusual": bad or odd
input; "mutation": one of these, changed by chance) and either openstacksdk's values, as the OS_ variables that mean the
same, or its error.
"""

import argparse
import importlib
import json
import logging
import os
import pathlib
import random
import traceback
import warnings

import mutations
import samples
from openstack.config import loader

warnings.simplefilter("ignore")


class Skipped(logging.Handler):
    """Collects the files that openstacksdk passes over because they are malformed."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        if "Skipping config file" in record.getMessage():
            self.messages.append(record.getMessage())


def variables(region):
    """Returns the OS_ variables that mean the same as openstacksdk's configuration."""
    config = region.config
    result = {"OS_" + key.upper(): value for key, value in config["auth"].items()}
    # Keystoneauth takes the default domain for the user's and the project's, if they have none.
    for part in ("ID", "NAME"):
        default = result.pop("OS_DEFAULT_DOMAIN_" + part, None)
        names = ["PROJECT_DOMAIN_"] + (["USER_DOMAIN_"] if config["auth_type"] == "password" else [])
        for name in names:
            if default is not None:
                result.setdefault("OS_" + name + part, default)
    verify, cert = region.get_requests_verify_args()
    result |= {
        "OS_AUTH_TYPE": config["auth_type"],
        "OS_REGION_NAME": region.get_region_name("image"),
        "OS_INTERFACE": region.get_interface("image"),
        "OS_IMAGE_ENDPOINT_OVERRIDE": region.get_endpoint("image"),
        "OS_IDENTITY_API_VERSION": config.get("identity_api_version"),
        "OS_IMAGE_API_VERSION": config.get("image_api_version"),
        "OS_CACERT": verify if isinstance(verify, str) else None,
        "OS_CERT": cert[0] if isinstance(cert, tuple) else cert,
        "OS_KEY": cert[1] if isinstance(cert, tuple) else None,
    }
    if verify is not True and not isinstance(verify, str):
        raise ValueError("certificates are not checked")
    # openstacksdk's own profile has no scheme, so that nobody can sign in with it.
    if result.get("OS_AUTH_URL", "").startswith("iam-pub.eu-ch2.sc.otc.t-systems.com"):
        result["OS_AUTH_URL"] = "https://" + result["OS_AUTH_URL"]
    return {key: value for key, value in result.items() if value not in (None, "")}


def resolve(environment, folder):
    """Returns what openstacksdk reads with this environment in this folder."""
    skipped = Skipped()
    logger = logging.getLogger("openstack")
    logger.addHandler(skipped)
    logger.propagate = False
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        importlib.reload(loader)
        config = loader.OpenStackConfig()
        # The OpenStack client passes the variable on; openstacksdk by itself does not look at it.
        region = config.get_one(region_name=environment.get("OS_REGION_NAME") or None)
        result = {"cloud": region.name, "variables": variables(region)}
    except Exception as error:
        result = {"error": f"{type(error).__name__}: {error}", "isElsewhere": is_elsewhere(error)}
    finally:
        logger.removeHandler(skipped)
    # Where the variables alone count, no file matters.
    isMalformed = skipped.messages and result.get("cloud") != "envvars"
    return {"error": skipped.messages[0]} if isMalformed else result


def is_elsewhere(error):
    """Whether openstacksdk failed at settings that have nothing to do with images."""
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    return any(name.startswith("_parse_section") or name.endswith("networks") for name in names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mutations", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    root = arguments.folder.resolve()
    cases = samples.guides() + samples.unusual()
    dice = random.Random(arguments.seed)
    guides = [case for case in cases if case.kind == "guide"]
    cases += [mutations.mutated(dice.choice(dice.choice([cases, guides])), dice) for _ in range(arguments.mutations)]

    environment = dict(os.environ)
    results = []
    for number, case in enumerate(cases, 1):
        folder = root / f"{number:05}"
        (folder / "current").mkdir(parents=True)
        for path, content in case.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        variables = {"HOME": str(folder / "home"), "LANG": "C.UTF-8"}
        variables |= {key: value.replace("FOLDER", str(folder)) for key, value in case.environment.items()}
        results.append(
            {
                "name": f"{number} {case.name}",
                "kind": case.kind,
                "environment": variables,
                "currentDirectory": str(folder / "current"),
                **resolve(variables, folder / "current"),
            }
        )
    os.environ.update(environment)
    (root / "cases.json").write_text(json.dumps(results, indent=1, default=str))
    failures = sum("error" in result for result in results)
    print(f"{len(results)} cases; openstacksdk has an error for {failures} of them")


main()
