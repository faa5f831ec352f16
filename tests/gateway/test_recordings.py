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


def _span(span_id: int, parent_id: int, kind: int, code: int, **attributes: str | int) -> dict[str, Any]:
    """A span; one with a higher id began later and ended earlier. `__` in a name stands for a dot."""
    values = {key: {"intValue" if type(each) is int else "stringValue": each} for key, each in attributes.items()}
    return {
        "traceId": f"{7:032x}",
        "spanId": f"{span_id:016x}",
        "parentSpanId": f"{parent_id:016x}" if parent_id else "",
        "name": "step",
        "kind": kind,
        "startTimeUnixNano": str((1_700_000_000 + span_id) * 10**9),
        "endTimeUnixNano": str((1_700_000_100 - span_id) * 10**9),
        "attributes": [{"key": key.replace("__", "."), "value": value} for key, value in values.items()],
        "status": {"code": code},
    }


INTERNAL, CLIENT = 1, 3
OK, ERROR = 1, 2


@pytest.mark.parametrize("identity", [{}, {"user__id": "ada"}])
@pytest.mark.parametrize(("answer", "told"), [(429, 429), (200, None)])
def test_the_refused_request_below_a_call(
    answer: int, told: int | None, identity: dict[str, str], receiver: Receiver
) -> None:
    call = _span(1, 0, INTERNAL, ERROR, gen_ai__operation__name="chat", gen_ai__request__model="m-1")
    request = _span(2, 1, CLIENT, OK, http__response__status_code=answer, **identity)
    scoped = [{"scope": {"name": "shop"}, "spans": [request, call]}]
    with running([target(receiver.url)]) as gateway:
        gateway.send({"resourceSpans": [{"resource": {}, "scopeSpans": scoped}]})
    assert [event["properties"].get("$ai_http_status") for event in receiver.events] == [told]


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
