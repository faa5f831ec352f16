"""The command line, in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from .samples import batch, event, get, post

START = [sys.executable, "-c", "import sys; from otel_posthog_ai.inbox import main; sys.exit(main(sys.argv[1:]))"]


def test_runs_until_it_is_interrupted_and_keeps_its_database(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    for round_ in (1, 2):
        process = subprocess.Popen(
            [*START, "--port", "0", "--database", str(file), "--json"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            assert told["database"] == str(file)
            assert post(told["url"], batch(event(trace_id=f"t{round_}"))).status == 200
            assert get(told["url"], "/api/traces")["total"] == round_
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.communicate()


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("nothing but notes" * 100)
    ended = subprocess.run(
        [*START, "--port", "0", "--database", str(file)], capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr == f"Cannot use {file}: it is not a database of the inbox.\n"


def test_tells_people_how_to_send_to_it() -> None:
    process = subprocess.Popen([*START, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        assert lines[0].startswith("Inbox: http://127.0.0.1:")
        assert "POSTHOG_HOST=http://127.0.0.1:" in lines[1]
    finally:
        process.kill()
        process.communicate()
