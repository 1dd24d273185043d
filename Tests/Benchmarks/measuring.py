"""Runs programs by turns, so that whatever else the machine does meets all of them, and compares them."""

import dataclasses
import os
import statistics
import subprocess
import tempfile
import time


@dataclasses.dataclass
class Contestant:
    """A program that does what the others do."""

    name: str
    command: list
    environment: dict = dataclasses.field(default_factory=dict)
    #: Is run before each measurement, and is not measured; what it returns is added to the command.
    prepare: object = None
    folder: str | None = None


@dataclasses.dataclass
class Result:
    """What was measured of one contestant, a value a round."""

    name: str
    seconds: list
    megabytes: float

    @property
    def median(self):
        return statistics.median(self.seconds)


def run(contestant, rounds_command=()):
    """Runs it once and returns the seconds that it took. Whatever fails ends the benchmark: it would be no result."""
    arguments = contestant.prepare() if contestant.prepare else []
    command = [*rounds_command, *contestant.command, *arguments]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.run(
            command, env={**environment, **contestant.environment}, cwd=contestant.folder, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, check=False,
        )
        seconds = time.perf_counter() - started
        if process.returncode != 0:
            output.seek(0)
            raise SystemExit(f"{contestant.name} failed ({process.returncode}):\n{output.read().decode()[-2000:]}")
    return seconds


def peak_megabytes(contestant):
    """The most memory that any process of one run had. GNU time starts it: a child of this process would count as large
    as this process."""
    with tempfile.NamedTemporaryFile() as file:
        run(contestant, ["/usr/bin/time", "--format=%M", f"--output={file.name}"])
        return int(file.read().split()[-1]) / 1024


def compare(contestants, rounds, warmups=1):
    """Runs all of them in each round."""
    for _ in range(warmups):
        for contestant in contestants:
            run(contestant)
    seconds = [[run(contestant) for contestant in contestants] for _ in range(rounds)]
    return [
        Result(contestant.name, list(its), peak_megabytes(contestant))
        for contestant, its in zip(contestants, zip(*seconds))
    ]


def ratios(result, other):
    """How many times as long `result` took as `other` in the same round: the median, and the middle half."""
    values = sorted(mine / its for mine, its in zip(result.seconds, other.seconds))
    return quartiles(values)


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def number(value):
    """Three digits are as much as such a machine can say."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(title, results, floor, notes=lambda _: ""):
    """Prints a Markdown table; `floor` is the result that the others are compared with."""
    print(f"\n{title}\n")
    print(f"| | median | middle half | times {floor.name} | peak memory |" + notes(None))
    print("| --- | ---: | ---: | ---: | ---: |" + ("---: |" if notes(None) else ""))
    for result in results:
        middle, low, high = quartiles(result.seconds)
        times, fewest, most = ratios(result, floor)
        print(
            f"| {result.name} | {number(middle * 1000)} ms | {number(low * 1000)}–{number(high * 1000)} "
            f"| {number(times)} ({number(fewest)}–{number(most)}) | {number(result.megabytes)} MB |" + notes(result)
        )


class Goals:
    """What was to be reached, and was or was not."""

    def __init__(self):
        self.lines = []

    def at_most(self, words, value, bound, unit=""):
        self._add(words, value, bound, unit, "≤", value <= bound)

    def at_least(self, words, value, bound, unit=""):
        self._add(words, value, bound, unit, "≥", value >= bound)

    def _add(self, words, value, bound, unit, sign, is_reached):
        mark = "reached" if is_reached else "NOT reached"
        self.lines.append(f"{mark}: {words}: {number(value)}{unit} (goal {sign} {bound}{unit})")

    def print(self):
        print("\nGoals\n")
        for line in self.lines:
            print(f"- {line}")
