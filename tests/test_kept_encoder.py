"""The encoder that is kept writes what `json` writes, and remembers nothing of what it wrote."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from otel_posthog_ai.kept_encoder import kept_encoder

VALUES: list[Any] = [
    {"a": [1, 2.5, -0.0, 1e300, True, None, 'ü\n"\\\u2028 😀'], "b": {}, "c": [], 1: "one", None: 0, 2.5: 1.5},
    [],
    "text alone",
    ("a tuple", {"of": ("two",)}),
    10**40,
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("on_c", [True, False])
def test_it_writes_what_json_writes(value: Any, on_c: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not on_c:
        monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    encode = kept_encoder(allow_nan=False)
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert [encode(value), encode(value)] == [expected, expected]


def test_what_json_cannot_hold_goes_to_the_default() -> None:
    assert kept_encoder(allow_nan=True, default=repr)({"a": {1}, "b": math.inf}) == '{"a":"{1}","b":Infinity}'


@pytest.mark.parametrize("value", [math.nan, [math.inf], {1}, {"a": b"bytes"}])
def test_what_strict_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        kept_encoder(allow_nan=False)(value)


def test_a_cycle_is_refused_and_the_next_value_is_written() -> None:
    encode = kept_encoder(allow_nan=False)
    cycle: list[Any] = []
    cycle.append({"again": cycle})
    with pytest.raises(RecursionError):
        encode(cycle)
    assert encode([[], []]) == "[[],[]]"
