"""A chain of spans, each below the one before, takes time in proportion to its length."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.otlp import written as otlp

_RUN = """
import sys, time
from otel_posthog_ai.replay import main
code = main(sys.argv[1:])
print(time.process_time())
sys.exit(code)
"""
FEW, MANY = 2_000, 8_000
MOST_GROWTH = 8.0
"""Four times as many spans take four times as long, or sixteen times."""


def _chain(length: int) -> list[str]:
    lines = []
    for place in range(length):
        span = {
            "trace_id": f"{1:032x}",
            "span_id": f"{place + 1:016x}",
            "parent": {"span_id": f"{place:016x}", "is_remote": False} if place else None,
            "name": "step",
            "start_time_unix_nano": 10**18 + place,
            "end_time_unix_nano": 10**18 + 10**9 - place,
            "attributes": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": f"agent {place}"},
            "scope": {"name": "app"},
        }
        lines.append(otlp.lines([otlp.span_request(span)]))
    return lines


def _seconds(file: Path, lines: list[str]) -> float:
    """CPU seconds of a replay in a process of its own."""
    file.write_text("".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(file), "--dry-run", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    outcome, seconds = done.stdout.splitlines()
    assert sum(json.loads(outcome)["events"].values()) == len(lines)
    return float(seconds)


@pytest.mark.parametrize("order", ["outermost first", "innermost first"])
def test_a_chain_of_eight_thousand_spans_is_replayed_in_linear_time(tmp_path: Path, order: str) -> None:
    def seconds(length: int) -> float:
        lines = _chain(length)
        return _seconds(tmp_path / "chain.jsonl", lines if order == "outermost first" else lines[::-1])

    start = min(seconds(10) for _ in range(2))  # of Python and the modules alone
    few, many = seconds(FEW) - start, seconds(MANY) - start
    assert many < max(MOST_GROWTH * few, 1.5), f"{few:.2f} s for {FEW}, {many:.2f} s for {MANY}"
