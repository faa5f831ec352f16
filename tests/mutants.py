"""A random sample of the mutants of each room, where running all of them takes hours.

    tox -e mutation -- --size 60 --seed 1 tree calls
    tox -e mutation -- "otel_posthog_ai.tree.ownership*"  # all that begin so

mutmut makes the mutants and finds out which tests reach which function. Here the tests are collected once, and every
sampled mutant is a fork in which those that reach it run, of its room first and fast ones first, until one fails, or as
many as take `--seconds` without a mutant. It prints how many of the sample were noticed, the 95 % interval of that
share (Wilson), and who survived (`mutmut show NAME`). What the tests let pass is shown to mypy, as every change is:
`None` for a flag is a change that cannot be landed.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path("mutants")
STATS = "mutmut-stats.json"
# Room -> where its mutants are, and the tests that are meant for it.
ROOMS = {
    "tree": ("otel_posthog_ai/tree", "tests/tree/"),
    "calls": ("otel_posthog_ai/calls", "tests/calls/"),
    "work": ("otel_posthog_ai/work", "tests/work/"),
    "usage": ("otel_posthog_ai/events/usage.py", "tests/events/"),
    "outbox": ("otel_posthog_ai/delivery/outbox.py", "tests/delivery/"),
}
# mutmut makes all mutants, and runs all tests to see which reach them, before it looks for the one that it is to run.
_NO_MUTANT = "of no function"
_NOT_FOUND = "nothing matches"
_WHEEL = re.compile("[\u2800-\u28ff] ")
_SECONDS = 60
"""Of processor time: a mutant that uses more does not come to its end, which a user would notice, too."""
_TEST_SECONDS = 20.0
"""Of tests for each mutant, as long as they take without one."""
_BYTES = 4 * 1024**3
"""Of memory, for the same reason."""


def mutants() -> dict[str, list[str]]:
    """File -> the names of its mutants."""
    found: dict[str, list[str]] = {}
    for path in sorted(FOLDER.rglob("*.meta")):
        names = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        found[path.relative_to(FOLDER).as_posix()] = sorted(names)
    return found


def sample_of(room: str, size: int, seed: int) -> list[str]:
    """A random sample of a room's mutants; of what is no room, all whose name fits the pattern."""
    found = mutants()
    if room not in ROOMS:
        return [name for names in found.values() for name in names if fnmatch(name, room)]
    of_room = [name for file, names in found.items() if file.startswith(ROOMS[room][0]) for name in names]
    return random.Random(seed).sample(of_room, min(size, len(of_room)))


def wilson(killed: int, size: int) -> tuple[float, float]:
    """The 95 % interval of a share that was seen `killed` times in `size`."""
    z, share = 1.96, killed / size
    middle, spread = share + z * z / (2 * size), z * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return (middle - spread) / (1 + z * z / size), (middle + spread) / (1 + z * z / size)


class Runner:
    """A pytest plugin that runs the collected tests for one mutant after the other, each in a fork."""

    def __init__(self, sample: dict[str, list[str]], most_seconds: float) -> None:
        stats = json.loads(Path(STATS).read_text(encoding="utf-8"))
        reached = stats["tests_by_mangled_function_name"].items()
        self._reached_by = {function: frozenset(names) for function, names in reached}
        self._seconds: dict[str, float] = stats["duration_by_test"]
        self._sample = sample
        self._most_seconds = most_seconds
        self.survivors: dict[str, list[str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        tests = {item.nodeid: item for item in session.items}
        if not self._passes(session, list(tests.values()), ""):
            pytest.exit("the tests fail without a mutant", returncode=1)
        for room, names in self._sample.items():
            self.survivors[room] = []
            for number, mutant in enumerate(names, 1):
                if self._passes(session, self._reaching(mutant, tests), mutant):
                    self.survivors[room].append(mutant)
                    print(f"{room} {number}/{len(names)}: {mutant} survived", flush=True)
        return True

    def _reaching(self, mutant: str, tests: dict[str, pytest.Item]) -> list[pytest.Item]:
        """The tests that reach it, or may, as many as there is time for: of its room first, and fast ones first."""
        known = self._reached_by.get(_function(mutant), ())
        reached = [name for name in tests if name in known or name not in self._seconds]
        own = _tests_for(mutant)
        reached.sort(key=lambda name: (not name.startswith(own), self._seconds.get(name, 0.0)))
        spent = list(accumulate(self._seconds.get(name, 0.0) for name in reached))
        return [tests[name] for name, until in zip(reached, spent, strict=True) if until <= self._most_seconds]

    def _passes(self, session: pytest.Session, items: list[pytest.Item], mutant: str) -> bool:
        child = os.fork()
        if child == 0:
            code = 2
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
                resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
                os.environ["MUTANT_UNDER_TEST"] = mutant
                code = int(_fails(session, items, told=not mutant))
            finally:
                os._exit(code)
        return os.waitpid(child, 0)[1] == 0


class Types:
    """A copy of the package, in which a mutant stands where its function does, for mypy."""

    def __enter__(self) -> Types:
        self._folder = Path(tempfile.mkdtemp())
        shutil.copytree("../otel_posthog_ai", self._folder / "otel_posthog_ai", ignore=shutil.ignore_patterns("*.pyc"))
        shutil.copy("../pyproject.toml", self._folder)
        if self._are_wrong():
            sys.exit("the types are wrong without a mutant")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder)

    def notice(self, mutant: str) -> bool:
        """Whether the change is refused."""
        module, _, name = mutant.rpartition(".")
        path = module.replace(".", "/") + ".py"
        whole = (self._folder / path).read_text(encoding="utf-8")
        of_class, function = _class_and_function(name)
        changed = _text_of(Path(path).read_text(encoding="utf-8"), of_class, name).replace(name, function)
        mutated = whole.replace(_text_of(whole, of_class, function), changed)
        (self._folder / path).write_text(mutated, encoding="utf-8")
        try:
            return self._are_wrong()
        finally:
            (self._folder / path).write_text(whole, encoding="utf-8")

    def _are_wrong(self) -> bool:
        rooms = [f"--package=otel_posthog_ai.{room}" for room in ("tree", "calls", "work", "events", "delivery")]
        command = [sys.executable, "-m", "mypy", "--strict", *rooms]
        return subprocess.run(command, cwd=self._folder, capture_output=True).returncode != 0


def _class_and_function(name: str) -> tuple[str, str]:
    """As mutmut writes them: `x_function` or `xǁClassǁmethod`, and the number."""
    of_class, _, function = _function(name).removeprefix("xǁ").rpartition("ǁ")
    return of_class, function if of_class else function.removeprefix("x_")


def _text_of(source: str, of_class: str, name: str) -> str:
    """The lines of a function, or of a method of that class."""
    tree: ast.AST = ast.parse(source)
    places = [each for each in ast.walk(tree) if isinstance(each, ast.ClassDef) and each.name == of_class] or [tree]
    (found,) = (
        each
        for place in places
        for each in ast.iter_child_nodes(place)
        if isinstance(each, ast.FunctionDef) and each.name == name
    )
    return "\n".join(source.splitlines()[found.lineno - 1 : found.end_lineno])


def _function(mutant: str) -> str:
    return mutant.rpartition("__mutmut_")[0]


def _tests_for(mutant: str) -> str:
    """Where the tests of its room are."""
    path = mutant.replace(".", "/")
    return next(tests for place, tests in ROOMS.values() if path.startswith(place.removesuffix(".py")))


def _fails(session: pytest.Session, items: list[Any], *, told: bool) -> bool:
    if not told:
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return True
    return False


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Run a random sample of the mutants of each room.")
    parser.add_argument("rooms", nargs="*", help=f"{', '.join(ROOMS)}, or a pattern of mutants' names; all rooms")
    parser.add_argument("--size", type=int, default=60, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another sample")
    parser.add_argument("--seconds", type=float, default=_TEST_SECONDS, help="of tests for each mutant")
    options = parser.parse_args(arguments)
    make()
    sample = {room: sample_of(room, options.size, options.seed) for room in options.rooms or ROOMS}
    run(sample, options.seconds)


def make() -> None:
    """Make the mutants of what has changed, and find out which tests reach them; once more where one of those fails."""
    _forget_what_was_reached()
    for _ in range(2):
        made = subprocess.run(["mutmut", "run", _NO_MUTANT], capture_output=True, text=True)
        told = made.stdout + made.stderr
        if _NOT_FOUND in told:
            return
        # Between the pictures of its turning wheel it says which test failed, and how.
        print("\n".join(line for line in re.split("[\r\n]+", told) if not _WHEEL.match(line)), flush=True)
    sys.exit("the tests fail without a mutant")


def _forget_what_was_reached() -> None:
    """mutmut runs only tests that are new: which functions the others reach, it knows of the code of back then."""
    stats = FOLDER / STATS
    files = [path for folder in ("otel_posthog_ai", "tests") for path in Path(folder).rglob("*.py")]
    if stats.exists() and any(path.stat().st_mtime > stats.stat().st_mtime for path in files):
        stats.unlink()


def run(sample: dict[str, list[str]], most_seconds: float = _TEST_SECONDS) -> None:
    """Run the mutants named for each room, and print who survived."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    os.chdir(FOLDER)
    sys.path.insert(0, os.getcwd())
    del sys.modules["tests"]  # the one of this folder is meant from now on
    runner = Runner(sample, most_seconds)
    tests = [*settings["pytest_add_cli_args"], *settings["pytest_add_cli_args_test_selection"]]
    code = pytest.main(["--timeout=60", "--no-header", "--rootdir=.", *tests], plugins=[runner])
    if runner.survivors.keys() != sample.keys():
        sys.exit(int(code) or 1)
    with Types() as types:
        for room, mutants in sample.items():
            passed = runner.survivors[room]
            survivors = [mutant for mutant in passed if not types.notice(mutant)]
            killed = len(mutants) - len(survivors)
            low, high = wilson(killed, len(mutants))
            by_tests = len(mutants) - len(passed)
            print(
                f"{room}: {killed} of {len(mutants)} noticed, {killed / len(mutants):.0%} ({low:.0%} to {high:.0%}),"
                f" {by_tests} of them by tests"
            )
            for mutant in sorted(survivors):
                print(f"    {mutant}", flush=True)


if __name__ == "__main__":
    main()
