"""Runs the jobs of a CI recipe as the CI would, as far as that goes on one machine.

Each job has a clone of its own, and of the jobs before it only what the recipe saves: cache, artifacts, outputs. What a
recipe says and this does not know is an error, so that nothing of a recipe goes unnoticed.
"""

import os
import pathlib
import re
import shutil
import subprocess

import yaml

ROOT = pathlib.Path(__file__).parents[2]


class Recipe:
    file = None

    def __init__(self, folder, variables):
        """`folder` is for everything that is written; `variables` are those of the CI's store."""
        self.recipe = yaml.safe_load((ROOT / "Examples" / self.file).read_text())
        self.folder = pathlib.Path(folder)
        self.variables = variables
        # Always the same, as on a build machine: what is cached has paths in it.
        self.repository = self.folder / "repository"
        self.workspace = self.repository / "Examples"
        self.cache = self.folder / "cache"
        self.artifacts = self.folder / "artifacts"
        self.artifacts.mkdir(parents=True)
        self.record = self.folder / "record"

    def check_out(self):
        shutil.rmtree(self.repository, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, self.repository], check=True)
        # A dependency comes with the cache, no newer than what was built from it. Here it comes with the clone.
        for file in (self.repository / "Sources").rglob("*"):
            os.utime(file, (0, 0))

    def execute(self, command, shell, variables):
        """Runs `command` with no terminal, records what it writes, and gives its status."""
        passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with open(self.record, "ab") as record:
            record.write(f"$ {command}\n".encode())
            record.flush()
            return subprocess.run(
                [*shell, "-c", command], cwd=self.workspace, env=passed_on | variables, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=record, stderr=subprocess.STDOUT, check=False,
            ).returncode

    def restore_cache(self, path):
        if self.cache.exists():
            shutil.copytree(self.cache, self.workspace / path, symlinks=True)

    def save_cache(self, path):
        shutil.rmtree(self.cache, ignore_errors=True)
        shutil.copytree(self.workspace / path, self.cache, symlinks=True)

    def kept(self):
        """All that outlives the jobs, or is shown: the record, artifacts and the cache."""
        files = [self.record, *self.artifacts.rglob("*"), *self.cache.rglob("*")]
        return {file: file.read_bytes() for file in files if file.is_file() and not file.is_symlink()}


def known(things, *keys):
    assert set(things) <= set(keys), f"not known here: {sorted(set(things) - set(keys))}"


class GitHub(Recipe):
    file = "github-actions.yml"

    def __init__(self, folder, variables):
        super().__init__(folder, variables)
        # YAML has `on` for true.
        known(self.recipe, "name", True, "permissions", "concurrency", "env", "jobs")
        self.outputs = {}

    def run(self, name, variables=None):
        """Runs a job. Its status; None where it is skipped."""
        job = self.recipe["jobs"][name]
        known(job, "runs-on", "container", "timeout-minutes", "outputs", "steps", "needs", "if", "environment")
        context = {f"needs.{job_name}.outputs.{key}": value
                   for job_name, outputs in self.outputs.items() for key, value in outputs.items()}
        if "if" in job and not self.holds(job["if"], context):
            return None
        context |= {f"{store}.{key}": value
                    for store in ("vars", "secrets") for key, value in (self.variables | (variables or {})).items()}
        saved_at_end = []
        for step in job["steps"]:
            known(step, "name", "id", "if", "uses", "with", "shell", "env", "run")
            if "if" in step and not self.holds(step["if"], context):
                continue
            if "uses" in step:
                self.use(step["uses"], step.get("with", {}), saved_at_end)
                continue
            output = self.folder / "output"
            output.write_text("")
            summary = self.artifacts / "summary.md"
            values = self.recipe["env"] | step.get("env", {})
            # In a container, `sh` unless said.
            shells = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], None: ["sh", "-e"]}
            status = self.execute(
                step["run"], shells[step.get("shell")],
                {key: self.evaluate(value, context) for key, value in values.items()}
                | {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)},
            )
            for line in output.read_text().splitlines():
                key, _, value = line.partition("=")
                context[f"steps.{step.get('id')}.outputs.{key}"] = value
            if status != 0:
                return status
        for path in saved_at_end:
            self.save_cache(path)
        self.outputs[name] = {key: self.evaluate(value, context) for key, value in job.get("outputs", {}).items()}
        return 0

    def use(self, action, values, saved_at_end):
        match action.partition("@")[0]:
            case "actions/checkout":
                self.check_out()
            case "actions/cache":
                self.restore_cache(values["path"])
                saved_at_end.append(values["path"])
            case "actions/cache/restore":
                self.restore_cache(values["path"])
            case "actions/upload-artifact":
                shutil.copy(self.workspace / values["path"], self.artifacts)
            case "actions/download-artifact":
                shutil.copy(self.artifacts / "plan.json", self.workspace)
            case _:
                raise AssertionError(f"not known here: {action}")

    @staticmethod
    def evaluate(text, context):
        """Unset is empty, as with GitHub."""
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: context.get(found[1], ""), text)

    @staticmethod
    def holds(condition, context):
        name, value = re.fullmatch(r"(\S+) == '(\w*)'", condition).groups()
        return context.get(name, "") == value


class GitLab(Recipe):
    file = "gitlab-ci.yml"

    def __init__(self, folder, variables):
        super().__init__(folder, variables)
        known(self.recipe, "stages", ".delete-image", "decide", "delete")

    def run(self, name, variables=None):
        """Runs a job, and gives its status."""
        job = self.merged(self.recipe[".delete-image"], self.recipe[name])
        known(job, "extends", "image", "timeout", "rules", "cache", "stage", "environment", "before_script", "script",
              "artifacts", "needs", "resource_group")
        self.check_out()
        [path] = job["cache"]["paths"]
        self.restore_cache(path)
        for needed in job.get("needs", []):
            for artifact in self.recipe[needed]["artifacts"]["paths"]:
                shutil.copy(self.artifacts / artifact, self.workspace)
        script = "\n".join(job["before_script"] + job["script"])
        status = self.execute(script, ["bash", "-eo", "pipefail"], self.variables | (variables or {}))
        if status == 0:
            for artifact in job.get("artifacts", {}).get("paths", []):
                shutil.copy(self.workspace / artifact, self.artifacts)
            if job["cache"].get("policy") != "pull":
                self.save_cache(path)
        return status

    @staticmethod
    def merged(base, changes):
        both = base | changes
        for key in base.keys() & changes.keys():
            if isinstance(base[key], dict):
                both[key] = GitLab.merged(base[key], changes[key])
        return both
