"""Every provider's and framework's message shape comes out in the one form that is drawn whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_posthog_ai.reading.messages import (
    last_user_text,
    message_text,
    read_instructions,
    read_message,
    read_messages,
    with_instructions,
)

from .message_shapes import SHAPES, as_json

# Types of parts that are drawn, and the key without which they draw nothing.
DRAWN = {
    "text": "text",
    "thinking": "thinking",
    "image_url": "image_url",
    "input_audio": "input_audio",
    "file": "file",
    "function": "function",
}


def undrawn(messages: Any) -> str | None:
    """Why a list of messages would not be drawn whole; None when it is."""
    if not isinstance(messages, list):
        return "no list"
    for message in messages:
        if not isinstance(message.get("role"), str) or "content" not in message:
            return f"no role or content: {message}"
        content, calls = message["content"], message.get("tool_calls")
        if not (content is None or isinstance(content, (str, list))):
            return f"content is no text, list or null: {message}"
        if isinstance(content, list) and calls:
            return f"calls beside a list are not drawn: {message}"
        if message["role"] == "tool" and not isinstance(content, str):
            return f"a tool's result loses its call: {message}"
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict) or DRAWN.get(part.get("type", ""), "?") not in part:
                return f"part that draws nothing: {part}"
        listed = [part for part in content if part["type"] == "function"] if isinstance(content, list) else []
        for call in [*(calls or ()), *listed]:
            function = call.get("function")
            if (
                not isinstance(function, dict)
                or not function.get("name")
                or not isinstance(function.get("arguments"), str)
            ):
                return f"call that is not drawn: {call}"
    return None


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_becomes_canonical(name: str) -> None:
    value, role, expected = SHAPES[name]
    found = read_messages(value, role)
    assert (found or []) == expected
    assert undrawn(found or []) is None


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if as_json(shape[0])])
def test_a_shape_as_json_text_is_the_same(name: str) -> None:
    value, role, expected = SHAPES[name]
    assert (read_messages(as_json(value), role) or []) == expected


@pytest.mark.parametrize("name", SHAPES)
def test_canonical_messages_stay_as_they_are(name: str) -> None:
    expected = SHAPES[name][2]
    assert (read_messages(expected, "user") or []) == expected


TELLING_KEYS = [
    "role", "content", "parts", "type", "text", "tool_calls", "function", "name", "arguments", "message", "kwargs",
    "lc", "id", "data", "source", "image_url", "url", "image", "tool_call_id", "output", "choices", "update",
    "thinking", "summary", "inline_data", "toolUse", "toolResult", "input_audio", "file", "audio", "delta", "index",
    "kind", "part_kind",
]  # fmt: skip
JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(TELLING_KEYS), inner, max_size=5),
    max_leaves=25,
)
ROLES_AND_TYPES = st.sampled_from(
    [
        "user",
        "assistant",
        "tool",
        "function_call",
        "tool_use",
        "tool_result",
        "image",
        "reasoning",
        "human",
        "ai",
        "text",
    ]
)


@settings(max_examples=300)
@given(JSON_LIKE)
def test_anything_at_all_gives_messages_that_are_drawn(value: Any) -> None:
    assert undrawn(read_messages(value, "user") or []) is None


@settings(max_examples=300)
@given(ROLES_AND_TYPES, ROLES_AND_TYPES, JSON_LIKE)
def test_any_content_of_a_message_is_drawn(role: str, kind: str, content: Any) -> None:
    entry = {
        "role": role,
        "content": [{"type": kind, kind: content, "content": content}, content],
        "tool_calls": content,
    }
    assert undrawn(read_message(entry, "user")) is None


CUT = [
    {"role": "user", "parts": [{"type": "text", "content": 'say "hi" \\ [1, {2: "☃"'}]},
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": [1, None, True]}}],
        "finish_reason": "tool_call",
    },
]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_messages_that_were_cut_are_read_as_far_as_they_go(ascii_only: bool) -> None:
    """OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT cuts them anywhere."""
    text = json.dumps(CUT, ensure_ascii=ascii_only)
    whole = read_messages(text, "assistant")
    assert whole is not None
    told = 0
    for length in range(text.index("say") + 1, len(text)):
        found = read_messages(text[:length], "assistant")
        assert undrawn(found) is None
        assert found is not None
        assert found[0]["role"] == "user"
        said = found[0]["content"] or ""
        assert whole[0]["content"].startswith(said)
        assert len(said) >= told, "nothing that was there before is lost"
        told = len(said)
    assert told == len(whole[0]["content"])
    assert len(found) == 2


@pytest.mark.parametrize(
    "text", ["[{", '[{"a": 1}, {"b"', '[{"role": "user"}]]', '[{"role": "user"]', "[{not json", '["role']
)
def test_text_that_is_no_cut_list_of_messages_stays_text(text: str) -> None:
    assert read_messages(text, "user") == [{"role": "user", "content": text}]


def test_a_message_is_never_changed_in_place() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    entry = {"role": "assistant", "content": [{"type": "text", "text": "A"}], "tool_calls": [call]}
    read_messages([entry, entry], "assistant")
    assert entry == {"role": "assistant", "content": [{"type": "text", "text": "A"}], "tool_calls": [call]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Be brief.", "Be brief."),
        ('[{"type": "text", "content": "Be brief."}]', "Be brief."),
        ([{"type": "text", "content": "A"}, {"type": "text", "content": "B"}], "A\n\nB"),
        ([{"role": "system", "parts": [{"type": "text", "content": "A"}]}], "A"),
        ({"role": "user", "parts": [{"text": "A"}]}, "A"),
        ([{"text": "A"}], "A"),
        (None, None),
        ("", None),
        ([], None),
    ],
)
def test_instructions_of_every_shape_are_one_text(value: Any, expected: str | None) -> None:
    assert read_instructions(value) == expected


def test_instructions_lead_the_messages_once() -> None:
    messages = [{"role": "user", "content": "Hi"}]
    led = with_instructions(messages, "Be brief.")
    assert led == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert with_instructions(led, "Be brief. ") == led
    assert with_instructions(None, "Be brief.") == [{"role": "system", "content": "Be brief."}]
    assert with_instructions(messages, None) == messages


def test_the_last_words_of_the_user() -> None:
    messages = read_messages(
        [
            {"role": "user", "content": "first"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "second"},
                    {"type": "image_url", "image_url": {"url": "https://x"}},
                ],
            },
            {"role": "assistant", "content": "answer"},
        ],
        "user",
    )
    assert last_user_text(messages) == "second"
    assert message_text({"role": "assistant", "content": None}) == ""
