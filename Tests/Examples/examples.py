"""Does what the examples do, with real servers, and looks what is gone and what is there.

Run by `Tests/RealCloud/real-cloud.sh run`, with the Python that it installs.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from cloud import Cloud, secrets_in, servers_of
from recipes import GitHub, GitLab


def check(what, is_so):
    if not is_so:
        raise SystemExit(f"NOT SO: {what}")


def check_same(what, found, wanted):
    check(f"{what}: {found} instead of {wanted}", found == wanted)


def check_discreet(recipe):
    for file, content in recipe.kept().items():
        check(f"no secret in {file}", not secrets_in(content))


def check_recipe(cloud, recipe):
    """A night with something to delete, of which somebody changes a part before it is approved, and a quiet night."""
    cloud.clear()
    stay = {
        "nightly-4": 17, "nightly-5": 16, "nightly-6": 2, "release-1": 300, "pr-without-tag": 10,
    }
    for name, days in stay.items():
        cloud.make(name, days)
    cloud.make("web-1.4.0-rc1", 10, tags=["ci"])
    cloud.make("pr-protected", 10, tags=["ci"], is_protected=True)
    in_use = cloud.make("pr-in-use", 10, tags=["ci"])
    go = {
        "nightly-1": cloud.make("nightly-1", 20), "nightly-2": cloud.make("nightly-2", 19),
        "pr-7": cloud.make("pr-7", 10, tags=["ci"]), "web-1.3.0-rc1": cloud.make("web-1.3.0-rc1", 100, tags=["ci"]),
    }
    before = cloud.names()

    with servers_of([in_use]):
        check_same("deciding", recipe.run("decide"), 0)
        check_same("deciding deletes nothing", cloud.names(), before)
        plan = json.loads((recipe.artifacts / "plan.json").read_text())
        check_same("the plan", {image["id"] for image in plan["images"] if image["action"] == "delete"}, set(go.values()))

        check("a wrong password fails", recipe.run("decide", {"OS_PASSWORD": "wrong"}) not in (0, None))
        cloud.rename(go["nightly-2"], "nightly-2-for-ann")
        cloud.delete(go["web-1.3.0-rc1"])
        check_same("deleting", recipe.run("delete"), 0)
        check_same("gone is what was approved and has not changed",
                   cloud.names(), before - go.keys() | {"nightly-2-for-ann"})
        check_same("once more", recipe.run("delete"), 0)
    check_discreet(recipe)
    check("the record tells of it", go["nightly-1"].encode() in recipe.record.read_bytes())

    cloud.clear()
    cloud.make("nightly-7", 1)
    check_same("a quiet night", recipe.run("decide"), 0)
    check_same("nobody is asked, or nothing is done", recipe.run("delete"), None if isinstance(recipe, GitHub) else 0)
    check_same("nothing is gone", cloud.names(), {"nightly-7"})
    check_discreet(recipe)


def check_that_a_leak_is_seen(recipe):
    """Without the option of the recipe, its cache step would save the token: it has to be seen, or nothing is shown."""
    command = ".build/debug/delete-image --match 'none-*' --dry-run"
    check_same("the command without --no-token-cache", recipe.execute(command, ["bash"], recipe.variables), 0)
    recipe.save_cache(".build")
    leaks = [file.name for file, content in recipe.kept().items() if secrets_in(content)]
    check_same("where a token is seen", leaks, ["token-cache.json"])


def check_release(cloud, examples, folder):
    cloud.clear()
    for name in ["web-1.4.0-rc1", "web-1.4.0-rc2", "web-1.4.0-rc10"]:
        cloud.make(name)
    stay = {"web-1.4.0", "web-1.4.0-rc", "web-1.4.1-rc1", "web-11.4.0-rc1", "web-1x4.0-rc1", "web-1.4.0-rc3"}
    for name in stay - {"web-1.4.0-rc3"}:
        cloud.make(name)
    in_use = cloud.make("web-1.4.0-rc3")
    before = cloud.names()

    def release(version, **variables):
        run = subprocess.run(
            ["./release.sh", version], cwd=examples, env=os.environ | cloud.environment | variables,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        check(f"no secret in {run.stdout}", not secrets_in(run.stdout))
        return run.returncode, run.stdout.decode()

    with servers_of([in_use]):
        check_same("no version", release("*")[0], 64)
        # With a token in the cache, nobody would be asked for one; and a refusal is remembered there for seconds.
        elsewhere = str(folder / "work-directory")
        check_same("a wrong password",
                   release("1.4.0", OS_PASSWORD="wrong", DELETE_IMAGE_WORK_DIRECTORY=elsewhere)[0], 77)
        check_same("no service", release("1.4.0", OS_IMAGE_ENDPOINT_OVERRIDE="http://127.0.0.1:9/v2")[0], 69)
        check_same("an account that may only read",
                   release("1.4.0", OS_USERNAME="reader", OS_PASSWORD="reader-pa55w0rd")[0], 77)
        check_same("none of these deletes anything", cloud.names(), before)
        status, output = release("1.4.0")
        check_same(output, status, 0)
        check_same("gone are the candidates of the version", cloud.names(), stay)
        for name in ["deleted web-1.4.0-rc1", "deleted web-1.4.0-rc10", "kept web-1.4.0-rc3: "]:
            check(f"{name} in {output}", name in output)
        again = release("1.4.0")
        check_same(again[1], again[0], 0)
    receipt = [json.loads(line) for line in (examples / "deleted-1.4.0.jsonl").read_text().splitlines()]
    check_same("the receipt", {line["name"] for line in receipt if line["outcome"] == "deleted"},
               {"web-1.4.0-rc1", "web-1.4.0-rc2", "web-1.4.0-rc10"})


def check_pruning(cloud, examples, folder):
    cloud.clear()
    stay = {"branch-main", "branch-feature-new-ui", "branch-in-use", "release-1"}
    for name in stay - {"branch-in-use"} | {"branch-gone", "branch-feature-new"}:
        cloud.make(name)
    in_use = cloud.make("branch-in-use")
    before = cloud.names()

    git = ["git", "-c", "user.name=ci", "-c", "user.email=ci@example.org"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch", "main", folder / "origin"], check=True)
    subprocess.run([*git, "-C", folder / "origin", "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True)
    subprocess.run([*git, "-C", folder / "origin", "branch", "feature/New_UI"], check=True)
    # A build machine's clone, which knows only the branch that it builds.
    subprocess.run([*git, "clone", "--quiet", "--single-branch", folder / "origin", folder / "clone"], check=True)

    def prune(*arguments):
        run = subprocess.run(
            [examples / ".build/debug/prune-branches", *arguments], cwd=folder / "clone",
            env=os.environ | cloud.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        check(f"no secret in {run.stdout}", not secrets_in(run.stdout))
        return run.returncode, run.stdout.decode()

    with servers_of([in_use]):
        check_same("an option that is not there", prune("--dry-run")[0], 64)
        check_same("a look", prune()[0], 0)
        (folder / "origin").rename(folder / "elsewhere")
        check_same("no repository to ask", prune("--delete")[0], 1)
        check_same("none of these deletes anything", cloud.names(), before)
        (folder / "elsewhere").rename(folder / "origin")
        status, output = prune("--delete")
        check_same(output, status, 0)
        check_same("gone are the images without a branch", cloud.names(), stay)


def main():
    cloud = Cloud()
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        for name, kind in [("github", GitHub), ("gitlab", GitLab)]:
            print(f"{kind.file}", flush=True)
            recipe = kind(folder / name, cloud.environment)
            try:
                check_recipe(cloud, recipe)
            except BaseException:
                print(recipe.record.read_text() if recipe.record.exists() else "", flush=True)
                raise
        check_that_a_leak_is_seen(recipe)
        examples = recipe.workspace
        print("release.sh", flush=True)
        check_release(cloud, examples, folder)
        print("prune-branches", flush=True)
        subprocess.run(["swift", "build"], cwd=examples, check=True)
        check_pruning(cloud, examples, folder)
    finally:
        shutil.rmtree(folder)


main()
