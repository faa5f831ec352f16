"""The command as a shell sees it: exit codes, sentences, JSON, resuming, an inbox of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox
from tests.otlp import written as otlp


def start(*words: object, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "otel_posthog_ai", "replay", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environ},
    )


def run(*words: object, **environ: str) -> tuple[int, str, str]:
    with start(*words, **environ) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "traces.jsonl"
    path.write_text(otlp.lines(otlp.span_request(otlp.chat(trace)) for trace in range(30)))
    return path


def test_to_an_inbox(file: Path, inbox: Inbox) -> None:
    code, out, err = run(file, "--inbox-url", inbox.url)
    assert (code, err) == (0, "")
    assert "Read 30 spans of 30 traces." in out
    assert "30 events sent" in out
    assert "\x1b" not in out
    assert len(inbox.events()) == 30
    assert [path.name for path in file.parent.iterdir()] == [file.name]  # no state is left


def test_a_second_run_doubles_nothing(file: Path, inbox: Inbox) -> None:
    first = run(file, "--inbox-url", inbox.url)
    again = run(file, "--inbox-url", inbox.url)
    assert first == again
    assert len({event["uuid"] for event in inbox.events()}) == 30


def test_to_posthog(file: Path, inbox: Inbox) -> None:
    code, out, _ = run(file, "--to", "posthog", "--json", POSTHOG_API_KEY="phc_project", POSTHOG_HOST=inbox.url)
    outcome = json.loads(out)
    assert code == 0
    assert outcome["ok"]
    assert outcome["events"] == {"$ai_generation": 30}
    assert outcome["sent"] == 30
    assert "phc_project" not in out


def test_dry_run(file: Path) -> None:
    code, out, err = run(file, "--dry-run", "--inbox-url", "http://127.0.0.1:9")
    assert (code, err) == (0, "")
    assert "would become 30 events: 30 $ai_generation. Nothing was sent." in out


def test_what_cannot_be_tried(file: Path, tmp_path: Path) -> None:
    binary = tmp_path / "traces.pb"
    binary.write_bytes(b"\x00\x00\x01\x10\x0a\x00")
    squeezed = tmp_path / "traces.zst"
    squeezed.write_bytes(b"\x28\xb5\x2f\xfd\x00")
    for words, sentence in (
        ([file, "--inbox-url", "http://127.0.0.1:9"], "no inbox answers at http://127.0.0.1:9"),
        ([file, "--to", "posthog"], "POSTHOG_API_KEY is not set"),
        ([tmp_path / "absent.jsonl", "--dry-run"], "No such file"),
        ([tmp_path, "--dry-run"], "Is a directory"),
        ([binary, "--dry-run"], "format: json"),
        ([squeezed, "--dry-run"], "zstd -d traces.zst"),
        ([file, "--window", "0"], "above 0"),
    ):
        code, _, err = run(*words)
        assert code == 2, words
        assert sentence in err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# A README\n\nof three lines\n", "byte 0: no JSON"),
        ('{"name": "package.json"}\n', "neither resourceSpans nor resourceLogs"),
    ],
)
def test_a_file_that_is_no_otlp_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "other.txt").write_text(text)
    code, out, err = run(tmp_path / "other.txt", "--dry-run")
    assert (code, out) == (2, "")
    assert err.startswith(f"replay: {tmp_path / 'other.txt'} is no OTLP/JSON (")
    assert why in err
    assert "format: json" in err
    assert err.count("\n") == 1


def test_malformed_lines_are_counted_and_told(file: Path, inbox: Inbox) -> None:
    with file.open("a") as stream:
        stream.write('{"resourceSpans": 3}\n\nnonsense\n' + otlp.lines([otlp.span_request(otlp.chat(99))]) + '{"reso')
    code, out, _ = run(file, "--inbox-url", inbox.url)
    assert code == 1
    assert "3 lines, spans or attributes could not be read" in out
    assert "no JSON" in out
    assert "the last line is cut off" in out
    assert "31 events sent" in out


def test_no_ai_span_is_told(tmp_path: Path, inbox: Inbox) -> None:
    span = otlp.chat(1)
    span["attributes"], span["scope"] = {"http.route": "/"}, {"name": "app"}
    file = tmp_path / "plain.jsonl"
    file.write_text(otlp.lines([otlp.span_request(span)]))
    code, out, _ = run(file, "--inbox-url", inbox.url)
    assert code == 0
    assert "None of the spans was an AI span." in out


def test_log_records_that_nobody_knows_are_told(tmp_path: Path, inbox: Inbox) -> None:
    record = {"timeUnixNano": "1", "attributes": [{"key": "event.name", "value": {"stringValue": "acme.llm_request"}}]}
    file = tmp_path / "records.jsonl"
    scoped = [{"scope": {"name": "acme.agent"}, "logRecords": [record] * 12}]
    file.write_text(json.dumps({"resourceLogs": [{"scopeLogs": scoped}]}) + "\n")
    code, out, _ = run(file, "--inbox-url", inbox.url)
    assert code == 1
    assert "Nothing in the files was understood." in out
    assert "not for PostHog: 12 log records (12 of acme.agent)" in out


def test_beside_what_was_understood_they_are_told_too(file: Path, tmp_path: Path, inbox: Inbox) -> None:
    records = tmp_path / "records.jsonl"
    scoped = [
        {"scope": {"name": "acme.agent"}, "logRecords": [{"timeUnixNano": "1", "body": {"stringValue": "hello"}}]}
    ]
    records.write_text(json.dumps({"resourceLogs": [{"scopeLogs": scoped}]}) + "\n")
    code, out, _ = run(file, records, "--inbox-url", inbox.url)
    assert code == 0
    assert "not for PostHog: 1 log records (1 of acme.agent)" in out


def test_an_inbox_of_its_own_stays_open(file: Path, tmp_path: Path) -> None:
    database = tmp_path / "events.db"
    with start(file, "--keep", "--inbox-url", "http://127.0.0.1:0", "--database", database) as process:
        assert process.stderr is not None
        assert "stays open at http://127.0.0.1:" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    with Inbox(0, database) as inbox:
        assert len(inbox.events()) == 30


def as_sent(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {event["uuid"]: event for event in events}


def test_a_replay_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    otlp.write_spread_traces(file, 700, 2_000)
    state = tmp_path / "traces.jsonl.replay.json"
    with Inbox() as whole:
        assert run(file, "--inbox-url", whole.url, "--window", "0.5")[0] == 0
        expected = as_sent(whole.events())
    assert len(expected) == 2100
    with Inbox(0, tmp_path / "events.db") as inbox:
        with start(file, "--inbox-url", inbox.url, "--window", "0.5") as process:
            deadline = time.monotonic() + 30
            while not (state.exists() and json.loads(state.read_text())["offsets"][0] > 0):
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()
        before = len(inbox.events())
        assert 0 < before < 2100
        code, out, _ = run(file, "--inbox-url", inbox.url, "--window", "0.5", "--json")
        outcome = json.loads(out)
        assert code == 0
        assert outcome["resumed"]
        assert outcome["spans"] < 2100
        assert as_sent(inbox.events()) == expected
    assert not state.exists()


def test_a_target_that_fails_leaves_the_state(file: Path, inbox: Inbox) -> None:
    key = "phc_" + "x" * 90  # too long: 401
    code, out, _ = run(file, "--to", "posthog", POSTHOG_API_KEY=key, POSTHOG_HOST=inbox.url)
    assert code == 1
    assert "refuses the project key" in out
    assert "goes on from here" in out


def test_a_state_of_another_target_is_not_taken(file: Path, inbox: Inbox) -> None:
    state = file.with_name(file.name + ".replay.json")
    state.write_text(json.dumps({"version": 1, "target": "elsewhere", "offsets": [10_000], "read": [10_000]}))
    assert run(file, "--inbox-url", inbox.url)[0] == 0
    assert len(inbox.events()) == 30
