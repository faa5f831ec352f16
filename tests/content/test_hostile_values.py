"""Whatever stands in a value, the rules of privacy answer in bounded time with what strict JSON can say."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_posthog_ai.content.credentials import remove_credentials
from otel_posthog_ai.content.json_safe import json_safe, parse_json
from otel_posthog_ai.content.masking import apply_mask, resolve_mask
from otel_posthog_ai.content.media import redact_media

KEY = "phc_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7" + "x" * 16
TOKEN = "sk-proj-" + "abcDEF1234567890abcdefgh"
BODY = base64.b64encode(bytes(range(256)) * 4).decode()
MASK = resolve_mask(("api_keys", "emails", "card_numbers", "phone_numbers"))


def everything(value: Any) -> Any:
    """All rules, one after the other, as an event goes through them."""
    assert MASK is not None
    value = redact_media(json_safe(value))
    return apply_mask(MASK, "$ai_input", remove_credentials(value, (KEY,))).value


any_text = st.text(st.characters(codec=None), max_size=40)
FRAGMENTS = (
    "data:image/png;base64,", BODY, "iVBORw0KGgo", "\n", "\\n", "\\", '"', "b'\\x89", "@", "a@b.cc", "+49 30 1234567",
     "https://u:p@h/?api_key=x&b=1", f" {TOKEN} ", "Authorization: Bearer ", KEY, "4111111111111111",
     "eyJabcdefgh.eyJabcdefgh.x", "@@@langfuseMedia:type=a|b@@@", "\x00", "\ud800", "-----BEGIN PRIVATE KEY-----"
)  # fmt: skip
fragments = st.integers(0, len(FRAGMENTS) - 1).map(FRAGMENTS.__getitem__)  # the texts are too long for a repr
texts = any_text | st.lists(fragments | any_text, max_size=8).map("".join)
TELLING_KEYS = ("data", "image_url", "url", "source", "type", "mime_type", "headers", "authorization", "api_key",
                "role", "content", "$ai_input", "$set", "__proto__", "constructor")  # fmt: skip
keys = texts | st.sampled_from(TELLING_KEYS)
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=40) | st.dates() | st.uuids()
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(keys | st.integers() | st.none() | st.tuples(st.integers()), inner, max_size=5)
        | st.frozensets(texts, max_size=3)
    ),
    max_leaves=20,
)


@given(values)
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_becomes_strict_json_without_secrets(value: Any) -> None:
    result = everything(value)
    text = json.dumps(result, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text
    assert KEY not in text
    assert not re.search(rf"\b{TOKEN}", text)
    assert not re.search(r"[A-Za-z0-9+/]{1001,}", text)
    assert everything(result) == result, "a second pass finds nothing more"


@given(values)
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_rules_that_run_on_raw_values_do_not_raise(value: Any) -> None:
    json_safe(remove_credentials(redact_media(value), (KEY,)))


@given(texts)
def test_any_text_is_read_or_stays(text: str) -> None:
    value = parse_json(text)
    assert value is text or isinstance(value, (dict, list))
    json.dumps(json_safe(value), allow_nan=False)


def _nested(opening: Callable[[Any], Any], levels: int) -> Any:
    value: Any = TOKEN
    for _ in range(levels):
        value = opening(value)
    return value


def _cycle() -> Any:
    value: dict[str, Any] = {"role": "user", "api_key": "x"}
    value["self"] = [value, value, {"again": value}]
    return value


def _bomb() -> Any:
    value: Any = ["a@b.cc"]
    for _ in range(80):
        value = [value, value]
    return value


HOSTILE: dict[str, Callable[[], Any]] = {
    "10,000 lists": lambda: _nested(lambda inner: [inner], 10_000),
    "10,000 mappings": lambda: _nested(lambda inner: {"image": inner}, 10_000),
    "a cycle": _cycle,
    "shared parts": _bomb,
    "50 MB of prose": lambda: "The quick brown fox jumps over the lazy dog. " * 1_111_112,
    "50 MB of letters": lambda: {"data": "aB3" * 16_666_667},
    "100,000 keys": lambda: {f"key {number}": f"value {number}" for number in range(100_000)},
    "50,000 keys that are objects": lambda: {object(): number for number in range(50_000)},
    "20,000 secrets": lambda: [{"api_key": str(number)} for number in range(20_000)],
    "300,000 items": lambda: list(range(300_000)),
    "a huge integer": lambda: [10**100_000, -(10**100_000)],
    "surrogates": lambda: ["\ud800" * 100_000, {"\udfff" * 10: "\x00" * 100_000}],
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_values_end_soon_as_strict_json(case: str) -> None:
    value = HOSTILE[case]()
    start = time.thread_time()
    result = everything(value)
    taken = time.thread_time() - start
    text = json.dumps(result, allow_nan=False)
    text.encode()
    assert TOKEN not in text
    assert taken < 20, f"{taken:.1f} s"


@pytest.mark.parametrize("case", ["10,000 lists", "10,000 mappings", "a cycle", "shared parts"])
def test_rules_are_safe_on_raw_values_too(case: str) -> None:
    value = HOSTILE[case]()
    start = time.thread_time()
    remove_credentials(redact_media(value), (KEY,))
    assert time.thread_time() - start < 5
