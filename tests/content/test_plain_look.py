"""What the one look lets through, none of the careful rules would have changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai.content.credentials import remove_credentials
from otel_posthog_ai.content.json_safe import json_safe
from otel_posthog_ai.content.media import redact_media
from otel_posthog_ai.content.plain_look import is_plain, is_plain_event

SECRETS = ("phc_secret_of_the_project",)
BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAUA0123456789abcdefghijklmnopqrstuvwxyz" * 20

# Texts and keys that the careful rules know, beside such that only look like it.
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "What is the weather?", BASE64, BASE64[:80], "data:image/png;base64,iVBORw0KGgo", "data:;base64,A",
            "b'\\x89PNG\\x0d\\x0a\\x1a\\x0a\\x00\\x00\\x00'", "@@@langfuseMedia:type=image/png|id=1|source=bytes@@@",
            "https://user:pass@example.com/a", "https://example.com/?api_key=abc123", "/v1/chat?key=abc123", "a=b?c",
            "sk-proj-abcdefghij0123456789", "Bearer abcdefghijkl0123456789", "AKIAIOSFODNN7EXAMPLE", SECRETS[0],
            "api_key: abcdefghijkl0123456789", "blob", "binary", "image_generation_call", "\x00", "\ud83d", "mcp",
        ]
    ),
)  # fmt: skip
KEYS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["content", "type", "role", "text", "url", "image_url", "data", "result", "source", "headers", "api_key",
         "authorization", "server_url", "mime_type", "password", "file", f"key with {SECRETS[0]} and more of it"]
    ),
)  # fmt: skip
LEAVES = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=4))
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_what_is_plain_would_not_be_changed(value: Any) -> None:
    if is_plain(value, SECRETS):
        assert json_safe(value) is value
        assert redact_media(value) is value
        assert remove_credentials(value, SECRETS) is value


@given(st.lists(VALUES, max_size=3), VALUES)
def test_what_is_plain_beside_known_tools_would_not_be_changed(tools: list[Any], other: Any) -> None:
    for properties in ({"$ai_tools": tools}, {"$ai_tools": tools, "other": other}):
        if is_plain_event(properties, SECRETS):
            assert json_safe(properties) is properties
            assert redact_media(properties) is properties
            assert remove_credentials(properties, SECRETS) is properties


def test_known_tools_vouch_for_nothing_beside_them_and_for_no_other_secret() -> None:
    tools: list[Any] = [{"type": "function", "function": {"name": "weather", "description": "of a city"}}]
    assert is_plain_event({"$ai_tools": tools}, SECRETS)
    assert is_plain_event({"$ai_tools": tools, "other": 1}, SECRETS)
    assert not is_plain_event({"$ai_tools": tools, "other": SECRETS[0]}, SECRETS)
    assert not is_plain_event({"$ai_tools": [*tools, {"password": "x"}]}, SECRETS)
    assert not is_plain_event({"$ai_tools": tools}, ("weather",))


def test_usual_messages_are_plain() -> None:
    messages = [
        {"role": "system", "content": "You are a guide; be brief."},
        {"role": "user", "content": "What's the weather in Paris? See https://example.com/paris?day=1"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"temperature": 21.5, "sky": "sunny – très beau"}'},
    ]  # fmt: skip
    assert is_plain({"$ai_input": messages, "$ai_latency": 1.5, "$ai_stream": False}, SECRETS)


@pytest.mark.parametrize(
    "value", [{"a": [{"b": BASE64}]}, {"password": "x"}, {"a": (1,)}, {1: 2}, {"a": float("nan")}, {"a": SECRETS[0]}]
)
def test_what_would_be_changed_is_not_plain(value: Any) -> None:
    assert not is_plain(value, SECRETS)


def test_a_cycle_is_not_plain() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    assert not is_plain(value)


def test_a_key_that_is_plain_beside_one_secret_is_not_beside_another() -> None:
    value = {SECRETS[0]: 1}
    assert not is_plain(value, SECRETS)
    assert is_plain({"plain": 1}, SECRETS)
    assert is_plain({"plain": 1}, ("plain_is_no_secret",))
    assert not is_plain({"plain": 1}, ("plain",))
