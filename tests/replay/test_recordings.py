"""A file of OTLP/JSON gives the events that its spans gave live, however the requests are spelled and cut."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.replay.checkpoint import Checkpoint
from otel_posthog_ai.replay.run import Outcome, Replay
from otel_posthog_ai.settings import resolve
from tests.otlp import written as otlp
from tests.receiver import Receiver
from tests.recordings import load

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(GOLDEN.rglob("*.spans.json"))
_VERSION_KEYS = ("$lib_version", "$ai_lib_version")


def replayed(receiver: Receiver, *paths: Path) -> tuple[list[dict[str, Any]], Outcome]:
    settings = resolve({"api_key": "phc_golden", "host": receiver.url})
    outcome = Replay(paths, settings, Checkpoint(None, paths, settings)).run()
    for event in receiver.events:
        for key in _VERSION_KEYS:
            event["properties"].pop(key)
    return sorted(receiver.events, key=lambda event: (event["timestamp"], event["uuid"])), outcome


def expected(path: Path) -> list[dict[str, Any]]:
    events = json.loads(path.with_name(path.name.replace(".spans.json", ".events.json")).read_text(encoding="utf-8"))
    for event in events:
        if event["properties"].get("otel.scope.version") == "":
            del event["properties"]["otel.scope.version"]  # OTLP does not tell an empty version from none
    return events


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(GOLDEN)).removesuffix(".spans.json"))
def test_recording(path: Path, receiver: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "collector.jsonl"
    file.write_text(otlp.lines(otlp.requests_of(load(path))), encoding="utf-8")
    events, outcome = replayed(receiver, file)
    assert outcome.malformed == 0
    assert events == expected(path)


LOGGED = [path for path in CASES if load(path).get("logs")]


@pytest.mark.parametrize("path", LOGGED, ids=lambda path: str(path.relative_to(GOLDEN)).removesuffix(".spans.json"))
def test_log_records_in_a_file_of_their_own_meet_their_spans(path: Path, receiver: Receiver, tmp_path: Path) -> None:
    recording = load(path)
    spans, logs = tmp_path / "traces.jsonl", tmp_path / "logs.jsonl"
    spans.write_text(otlp.lines(otlp.requests_of({**recording, "logs": []})), encoding="utf-8")
    logs.write_text(otlp.lines(map(otlp.log_request, recording["logs"])), encoding="utf-8")
    assert replayed(receiver, spans, logs)[0] == expected(path)


WORKED = [path for path in CASES if path.parent.name == "worked_examples"]


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.stem)
class TestSpellings:
    def test_plain_protobuf_json(self, path: Path, receiver: Receiver, tmp_path: Path) -> None:
        file = tmp_path / "requests.jsonl"
        requests = [otlp.protobuf_spelling(request) for request in otlp.requests_of(load(path))]
        file.write_text(otlp.lines(requests), encoding="utf-8")
        assert replayed(receiver, file)[0] == expected(path)

    def test_one_document_over_many_lines(self, path: Path, receiver: Receiver, tmp_path: Path) -> None:
        file = tmp_path / "request.json"
        requests = otlp.requests_of(load(path))
        whole = {"resourceSpans": [each for request in requests for each in request.get("resourceSpans", [])]}
        file.write_text(json.dumps(whole, indent=2), encoding="utf-8")
        assert replayed(receiver, file)[0] == expected(path)

    def test_a_list_of_requests_with_a_byte_order_mark(self, path: Path, receiver: Receiver, tmp_path: Path) -> None:
        file = tmp_path / "requests.json"
        file.write_text(json.dumps(otlp.requests_of(load(path))), encoding="utf-8-sig")
        assert replayed(receiver, file)[0] == expected(path)

    def test_gzip(self, path: Path, receiver: Receiver, tmp_path: Path) -> None:
        file = tmp_path / "collector.jsonl.gz"
        file.write_bytes(gzip.compress(otlp.lines(otlp.requests_of(load(path))).encode()))
        assert replayed(receiver, file)[0] == expected(path)

    def test_lines_in_any_order(self, path: Path, receiver: Receiver, tmp_path: Path) -> None:
        file = tmp_path / "collector.jsonl"
        file.write_text(otlp.lines(reversed(otlp.requests_of(load(path)))), encoding="utf-8")
        assert replayed(receiver, file)[0] == expected(path)

    def test_a_span_that_stands_twice_is_sent_once(self, path: Path, receiver: Receiver, tmp_path: Path) -> None:
        file = tmp_path / "collector.jsonl"
        file.write_text(otlp.lines(2 * otlp.requests_of(load(path))), encoding="utf-8")
        events, outcome = replayed(receiver, file)
        assert events == expected(path)
        assert outcome.ok

    def test_a_second_replay_has_the_same_uuids(self, path: Path, receiver: Receiver, tmp_path: Path) -> None:
        file = tmp_path / "collector.jsonl"
        file.write_text(otlp.lines(otlp.requests_of(load(path))), encoding="utf-8")
        first, _ = replayed(receiver, file)
        receiver.clear()
        assert replayed(receiver, file)[0] == first
