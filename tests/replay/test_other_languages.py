"""OTLP as SDKs of other languages and coding agents really send it gives exactly the events beside each file.

`pytest tests/replay/test_other_languages.py --update-golden` writes the events anew: read the diff before it is
committed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.replay.checkpoint import Checkpoint
from otel_posthog_ai.replay.run import Outcome, Replay
from otel_posthog_ai.settings import resolve
from tests.receiver import Receiver

HERE = Path(__file__).parent.parent / "golden" / "otlp"
CASES = sorted(HERE.glob("*.otlp.jsonl"))
_VERSION_KEYS = ("$lib_version", "$ai_lib_version")


def replayed(receiver: Receiver, path: Path, **options: Any) -> tuple[list[dict[str, Any]], Outcome]:
    settings = resolve({"api_key": "phc_golden", "host": receiver.url, **options})
    outcome = Replay([path], settings, Checkpoint(None, [path], settings)).run()
    for event in receiver.events:
        for key in _VERSION_KEYS:
            event["properties"].pop(key)
    return sorted(receiver.events, key=lambda event: (event["timestamp"], event["uuid"])), outcome


def named(path: Path) -> str:
    return path.name.removesuffix(".otlp.jsonl")


@pytest.mark.parametrize("path", CASES, ids=named)
def test_recording(path: Path, receiver: Receiver, request: pytest.FixtureRequest) -> None:
    events, outcome = replayed(receiver, path)
    expected = path.with_name(named(path) + ".events.json")
    if request.config.getoption("--update-golden"):
        assert events or not expected.exists(), "no event at all: the golden file is kept"
        expected.write_text(json.dumps(events, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert outcome.malformed == 0
    assert events == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CASES, ids=named)
def test_privacy_mode_keeps_the_events_and_none_of_their_content(path: Path, receiver: Receiver) -> None:
    events, _ = replayed(receiver, path, privacy_mode=True)
    expected = json.loads(path.with_name(named(path) + ".events.json").read_text(encoding="utf-8"))
    assert [event["uuid"] for event in events] == [event["uuid"] for event in expected]
    said = json.dumps([event["properties"] for event in events])
    assert not [words for words in ("Weather in Paris?", "toolout", "sunny, 21") if words in said]


@pytest.mark.parametrize("path", CASES, ids=named)
def test_no_parent_dangles_and_no_span_is_sent_twice(path: Path, receiver: Receiver) -> None:
    properties = [event["properties"] for event in replayed(receiver, path)[0]]
    ids = [each["$ai_span_id"] for each in properties]
    assert len(set(ids)) == len(ids)
    for each in properties:
        assert each.get("$ai_parent_id") in (None, each["$ai_trace_id"], *ids)
