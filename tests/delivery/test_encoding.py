"""Every event becomes strict JSON, or an EncodingError; never NaN, a lone surrogate, a NUL or bytes."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai.delivery import EncodingError, decode, encode

from .samples import make_event

JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters()) | st.integers() | st.booleans() | st.none(), inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=25,
)


def encoded(value: Any) -> Any:
    return decode(encode(make_event(value=value)))["properties"]["value"]


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@given(JSON_LIKE)
def test_anything_json_like_becomes_strict_json(value: Any) -> None:
    event = encode(make_event(value=value))
    text = event.body.decode("utf-8")
    parsed = json.loads(text, parse_constant=refuse_constant)
    assert "\x00" not in text
    assert "\x00" not in json.dumps(parsed["properties"]["value"], ensure_ascii=False)
    json.dumps(parsed, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("a\x00b", "ab"),
        ("a\\u0000b", "a\\u0000b"),
        (b"\x00\x01\x02", "[3 bytes]"),
        ({1: "a"}, {"1": "a"}),
        ((1, (2,)), [1, [2]]),
        ({"k\x00": 0}, {"k": 0}),
        (2**80, 2**80),
        (0, 0),
        ("", ""),
        (False, False),
    ],
)
def test_what_json_does_not_know_is_mended(value: Any, expected: Any) -> None:
    result = encoded(value)
    assert result == expected
    assert type(result) is type(expected)


def test_text_is_utf8_and_not_escaped() -> None:
    assert "ä😀".encode() in encode(make_event(value="ä😀")).body


@pytest.mark.parametrize("value", [object(), 1j, len])
def test_what_is_no_json_is_an_encoding_error(value: Any) -> None:
    with pytest.raises(EncodingError):
        encode(make_event(value=value))


def test_cycles_and_bottomless_nesting_are_encoding_errors() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = [deep]
    for value in (cycle, deep):
        with pytest.raises(EncodingError):
            encode(make_event(value=value))
    while isinstance(deep, list):  # Freed level by level: the interpreter's own way down is as deep.
        deep = deep[0]


def test_name_and_uuid_stand_beside_the_bytes() -> None:
    event = make_event()
    assert (encode(event).name, encode(event).uuid) == ("$ai_generation", event["uuid"])
