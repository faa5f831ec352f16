"""The table of docs/faults.md has a row for every case; `python -m tests.side_by_side` measures them, in minutes."""

from __future__ import annotations

from .__main__ import REPORT
from .cases import CASES


def test_every_case_stands_in_the_document() -> None:
    rows = [line.split(" | ")[0].removeprefix("| ") for line in REPORT.read_text(encoding="utf-8").splitlines()]
    assert [case.name for case in CASES] == [name for name in rows if name in {case.name for case in CASES}]
