"""The bar: on a terminal only, and gone when the replay is done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.otlp import written as otlp

pty = pytest.importorskip("pty")


def test_on_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    otlp.write_spread_traces(file, 100, 1_000)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "otel_posthog_ai", "replay", str(file), "--dry-run"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ) as process:
        out, _ = process.communicate(timeout=60)
    os.close(theirs)
    drawn = b""
    try:
        while chunk := os.read(ours, 65536):
            drawn += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    text = drawn.decode()
    assert "█" in text or "░" in text
    assert "spans" in text
    assert text.endswith("\r\x1b[K")
    assert b"\x1b" not in out
