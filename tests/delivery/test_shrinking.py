"""An event over a limit loses content in steps, and never its ids, names, tokens, costs and error."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_posthog_ai.content.shrinking import SHRUNK, shrink
from otel_posthog_ai.delivery import encode

from .samples import make_event
from .test_encoding import JSON_LIKE

KEPT = {"$ai_trace_id": "0" * 32, "$ai_model": "gpt-4o-mini", "$ai_input_tokens": 7}


def shrunk(event: dict[str, Any], limit: int) -> dict[str, Any]:
    before = copy.deepcopy(event)
    smaller = shrink(event, limit)
    assert event == before
    assert smaller is not None
    assert len(encode(smaller).body) <= limit
    for key in ("event", "distinct_id", "timestamp", "uuid"):
        assert smaller[key] == event[key]
    for key, value in KEPT.items():
        assert smaller["properties"][key] == value
    return smaller["properties"]


def messages(*sizes: int) -> list[dict[str, Any]]:
    return [{"role": "user", "content": f"{index}:" + "ä" * size} for index, size in enumerate(sizes)]


def test_an_event_that_fits_stays_the_same_object() -> None:
    event = make_event()
    assert shrink(event, 10_000) is event


def test_media_go_first_and_alone_if_that_is_enough() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 9000}}
    event = make_event(**{"$ai_input": [{"role": "user", "content": [{"type": "text", "text": "y" * 5000}, image]}]})
    properties = shrunk(event, 20_000)
    assert properties[SHRUNK] == ["media"]
    text, picture = properties["$ai_input"][0]["content"]
    assert text["text"] == "y" * 5000
    assert picture["image_url"]["url"] == "[base64 image redacted]"


def test_then_the_longest_texts_are_cut_and_say_so() -> None:
    event = make_event(**{"$ai_input": messages(200_000, 100, 400_000), "note": "z" * 900})
    properties = shrunk(event, 100_000)
    assert properties[SHRUNK] == ["texts"]
    contents = [message["content"] for message in properties["$ai_input"]]
    assert contents[0].endswith("characters removed]")
    assert contents[1] == "1:" + "ä" * 100
    assert contents[2].startswith("2:ä")
    assert properties["note"] == "z" * 900
    assert len(encode({"p": properties}).body) > 90_000  # No more is cut than must be.


def test_then_the_oldest_messages_go_and_the_system_prompt_and_the_last_stay() -> None:
    system = {"role": "system", "content": "be kind"}
    event = make_event(**{"$ai_input": [system, *messages(*[400] * 500)]})
    properties = shrunk(event, 50_000)
    assert properties[SHRUNK] == ["messages"]
    first, note, *rest = properties["$ai_input"]
    assert first == system
    assert note["content"].endswith("older messages removed]")
    assert rest[-1]["content"].startswith("499:")
    assert len(rest) > 40


def test_at_last_only_the_essentials_are_left() -> None:
    event = make_event(**{"$ai_input_state": {"numbers": list(range(100_000))}, "$ai_error": "e" * 3000, "mine": 1})
    properties = shrunk(event, 10_000)
    assert properties[SHRUNK] == ["essentials"]
    assert "$ai_input_state" not in properties
    assert "mine" not in properties
    assert properties["$ai_error"].startswith("eee")


def test_what_cannot_be_small_enough_is_none() -> None:
    assert shrink(make_event(size=5000), 100) is None


@pytest.mark.parametrize("character", ["x", "ä", "😀", "\n", "\x01", '"'])
def test_sizes_are_counted_in_encoded_bytes(character: str) -> None:
    shrunk(make_event(**{"$ai_input": character * 300_000}), 64 * 1024)


@settings(max_examples=60)
@given(JSON_LIKE, st.lists(st.integers(0, 3000), max_size=30), st.integers(2_000, 40_000))
def test_any_event_fits_afterwards_or_is_given_up(value: Any, sizes: list[int], limit: int) -> None:
    raw = make_event(value=value, **{"$ai_input": messages(*sizes)})
    event = json.loads(encode(raw).body)
    smaller = shrink(event, limit)
    assert smaller is not None
    assert len(encode(smaller).body) <= limit
    assert {key: smaller["properties"][key] for key in KEPT} == KEPT
