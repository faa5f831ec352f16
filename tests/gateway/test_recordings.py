"""What is posted to the gateway gives the events that it gave live, and those that `replay` makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.otlp import written
from tests.receiver import Receiver
from tests.recordings import load
from tests.replay.test_recordings import CASES, GOLDEN, expected

from .running import Running, running, target


def _name(path: Path) -> str:
    return str(path.relative_to(GOLDEN)).removesuffix(".spans.json")


def events_of(receiver: Receiver) -> list[dict[str, Any]]:
    for event in receiver.events:
        for key in ("$lib_version", "$ai_lib_version"):
            event["properties"].pop(key)
    return sorted(receiver.events, key=lambda event: (event["timestamp"], event["uuid"]))


def _send_all(gateway: Running, path: Path, form: str) -> None:
    for request in written.requests_of(load(path)):
        gateway.send(request, form)


@pytest.mark.parametrize("form", ["protobuf", "json"])
@pytest.mark.parametrize("path", CASES, ids=_name)
def test_recording(path: Path, form: str, receiver: Receiver) -> None:
    with running([target(receiver.url)]) as gateway:
        _send_all(gateway, path, form)
    assert gateway.gateway.delivered
    assert events_of(receiver) == expected(path)
