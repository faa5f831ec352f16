"""A file is streamed: memory does not grow with its size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_posthog_ai.inbox import Inbox
from tests.otlp import written as otlp

_RUN = """
import resource, sys
from otel_posthog_ai.replay import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
sys.exit(code)
"""


def peak_megabytes(file: Path, *words: str, timeout: float = 60) -> tuple[int, dict[str, int]]:
    """Peak resident memory of a replay in a process of its own, and the events that it sent by name."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(file), "--json", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome, peak = done.stdout.splitlines()
    return int(peak), json.loads(outcome)["events"]


def test_twenty_megabytes_take_no_more_memory_than_four(tmp_path: Path) -> None:
    small, large = tmp_path / "small.jsonl", tmp_path / "large.jsonl"
    otlp.write_spread_traces(small, 130, 15_000)
    otlp.write_spread_traces(large, 670, 15_000)
    assert large.stat().st_size > 20_000_000
    of_small, _ = peak_megabytes(small, "--dry-run", "--window", "1")
    of_large, events = peak_megabytes(large, "--dry-run", "--window", "1")
    assert events == {"$ai_generation": 1340, "$ai_trace": 670}
    assert of_large < of_small + 15


@pytest.mark.soak
@pytest.mark.skipif("SOAK" not in os.environ, reason="takes minutes and 3 GB of disk; set SOAK=1")
def test_a_gigabyte_into_the_inbox(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    traces = int(os.environ.get("SOAK_TRACES", "50000"))
    otlp.write_spread_traces(file, traces, 10_000)
    with Inbox(0, tmp_path / "inbox.db") as inbox:
        peak, events = peak_megabytes(file, "--inbox-url", inbox.url, timeout=7200)
    print(f"{file.stat().st_size / 1e6:.0f} MB, peak {peak} MB")
    assert events == {"$ai_generation": 2 * traces, "$ai_trace": traces}
    assert peak < 400
