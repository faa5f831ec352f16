"""ddtrace's packed attribute: failures, retrievals, damage, and what MessagePack can hold."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from otel_posthog_ai.reading.message_pack import unpacked

from .test_gen_ai import read, record


def packed(value: Any) -> bytes:
    """The value in MessagePack, in its long forms."""
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, dict):
        return b"\xdf" + struct.pack(">I", len(value)) + b"".join(packed(k) + packed(v) for k, v in value.items())
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(packed(item) for item in value)
    return b"\xd3" + struct.pack(">q", value)


def test_a_call_that_failed() -> None:
    error = {"type": "openai.RateLimitError", "message": "Error code: 429 - slow down"}
    asked = {"messages": [{"role": "user", "content": "Hi"}]}
    blank = {"messages": [{"role": "", "content": ""}]}
    meta = {"span": {"kind": "llm"}, "model_name": "gpt-4o", "input": asked, "output": blank, "error": error}
    found = record({"_llmobs": packed({"meta": meta, "tags": {"user_id": "ada", "plan": "pro"}, "session_id": "s-1"})})
    assert (found.kind, found.request_model, found.input) == ("generation", "gpt-4o", asked["messages"])
    assert not found.output
    assert found.error is not None
    assert (found.error.type, found.error.message) == ("RateLimitError", "Error code: 429 - slow down")
    assert (found.identity.user, found.identity.session, found.metadata) == ("ada", "s-1", {"plan": "pro"})


def test_what_was_retrieved() -> None:
    result = {"documents": [{"text": "Paris is sunny"}]}
    meta = {"span": {"kind": "retrieval"}, "input": {"value": "Paris"}, "output": result}
    found = record({"_llmobs": packed({"meta": meta, "name": "look_up"})})
    assert (found.span_type, found.name) == ("retriever", "look_up")
    assert (found.input_state, found.output_state) == ("Paris", ["Paris is sunny"])


def test_the_cache_is_part_of_the_input() -> None:
    meta = {"span": {"kind": "llm"}, "model_name": "claude-sonnet-4-5", "model_provider": "anthropic"}
    metrics = {"input_tokens": 100, "output_tokens": 0, "cache_read_input_tokens": 80}
    found = record({"_llmobs": packed({"meta": meta, "metrics": metrics})})
    assert (found.usage.input, found.usage.output, found.usage.cache_read) == (100, 0, 80)
    assert found.usage.input_excludes_cache is False


def test_damage_costs_the_content_alone() -> None:
    whole = packed({"meta": {"span": {"kind": "tool"}}})
    beside = {"gen_ai.operation.name": "tool", "_dd.llmobs.span_kind": "tool"}
    for damaged in (whole[:-3], b"", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x91" * 100):
        assert record({"_llmobs": damaged, **beside}).span_type == "tool"


def test_its_spans_of_other_things_stay_ordinary() -> None:
    assert read({"_dd.p.tid": "6b0a", "span.type": "http", "component": "httpx"}) is None


VALUES: dict[str, tuple[bytes, Any]] = {
    "small numbers": (b"\x93\x00\x7f\xff", [0, 127, -1]),
    "numbers": (b"\x94\xcc\xff\xcd\x01\x00\xd0\x80\xd1\xff\x00", [255, 256, -128, -256]),
    "fractions": (b"\x92\xca\x3f\x00\x00\x00\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00", [0.5, 0.5]),
    "nothing, false, true": (b"\x93\xc0\xc2\xc3", [None, False, True]),
    "texts": (b"\x92\xa1a\xd9\x01b", ["a", "b"]),
    "bytes": (b"\xc4\x01\x00", b"\x00"),
    "a map": (b"\x81\xa1a\x80", {"a": {}}),
}


@pytest.mark.parametrize(("data", "value"), VALUES.values(), ids=VALUES)
def test_message_pack(data: bytes, value: Any) -> None:
    assert unpacked(data) == value


@pytest.mark.parametrize(
    "data", [b"", b"\xa2a", b"\xcd\x00", b"\xc1", b"\xd4\x00\x00", b"\x91" * 100, b"\xdf\xff\xff\xff\xff"]
)
def test_what_is_no_message_pack(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"MessagePack|own"):
        unpacked(data)
