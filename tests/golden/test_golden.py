"""Each recording in this folder gives exactly the events beside it, by the processor's door.

`pytest tests/golden --update-golden` writes the events anew: read the diff before it is committed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai import PostHogLogRecordProcessor, PostHogSpanProcessor
from tests.receiver import Receiver
from tests.recordings import has_maps, keeps_maps, load, play

HERE = Path(__file__).parent
CASES = sorted(HERE.rglob("*.spans.json"))
_VERSION_KEYS = ("$lib_version", "$ai_lib_version")


def events_of(path: Path, receiver: Receiver, *, attributes_at_start: bool = False) -> list[dict[str, Any]]:
    recording = load(path)
    if has_maps(recording) and not keeps_maps():
        pytest.skip("this SDK drops attributes whose value is a map, which the recording has")
    processor = PostHogSpanProcessor(api_key="phc_golden", host=receiver.url)
    play(recording, [processor], [PostHogLogRecordProcessor(processor)], attributes_at_start=attributes_at_start)
    processor.shutdown()
    for event in receiver.events:
        for key in _VERSION_KEYS:
            event["properties"].pop(key)
    return sorted(receiver.events, key=lambda event: (event["timestamp"], event["uuid"]))


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(HERE)).removesuffix(".spans.json"))
def test_recording(path: Path, receiver: Receiver, request: pytest.FixtureRequest) -> None:
    events = events_of(path, receiver)
    expected = path.with_name(path.name.replace(".spans.json", ".events.json"))
    if request.config.getoption("--update-golden"):
        assert events or not expected.exists(), "no event at all: the golden file is kept"
        expected.write_text(json.dumps(events, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert events == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(HERE)).removesuffix(".spans.json"))
def test_attributes_known_at_start_change_nothing(path: Path, receiver: Receiver) -> None:
    expected = json.loads(path.with_name(path.name.replace(".spans.json", ".events.json")).read_text(encoding="utf-8"))
    assert events_of(path, receiver, attributes_at_start=True) == expected
