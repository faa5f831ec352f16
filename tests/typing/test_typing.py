"""Strict type checkers accept right user code and find every mistake, by mypy and pyright."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RIGHT = sorted(path for path in HERE.glob("*.py") if path.name != Path(__file__).name)
MISTAKES = HERE.with_name("typing_mistakes") / "mistakes.py"
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-error-summary"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}


@pytest.fixture(params=CHECKERS, scope="module")
def output(request: pytest.FixtureRequest) -> str:
    """What a checker says of all files together: starting it is what takes time."""
    name, *options = CHECKERS[request.param]
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", name, *options, *map(str, [*RIGHT, MISTAKES])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_right_code_passes(output: str) -> None:
    wrong = [line for line in output.splitlines() if "error" in line and f"{MISTAKES.name}:" not in line]
    assert not [line for line in wrong if re.search(r"\.py:\d+", line)], output


def test_every_mistake_is_found(output: str) -> None:
    lines = MISTAKES.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if "# wrong:" in line}
    assert {int(number) for number in re.findall(rf"{MISTAKES.name}:(\d+)", output)} == marked, output
