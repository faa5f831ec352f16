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

from ..receiver import Receiver
from ..recordings import load
from . import otlp

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
