"""The direct way to read the usual message says what the long way says, and takes it where it should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai.reading.messages import read_message
from otel_posthog_ai.reading.plain_messages import plain_message

TEXT = {"type": "text", "content": "Hi"}
CALL = {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Paris"}}
RESULT = {"type": "tool_call_response", "id": "call_1", "response": "Sunny"}
USUAL = {
    "text": {"role": "user", "content": "Hi"},
    "text as a part": {"role": "user", "parts": [TEXT]},
    "texts": {"role": "system", "parts": [TEXT, {"type": "text", "text": "there"}]},
    "a call": {"role": "assistant", "parts": [TEXT, CALL], "finish_reason": "tool_call"},
    "a result": {"role": "tool", "parts": [RESULT]},
    "JSON that a model wrote": {"role": "assistant", "parts": [{"type": "text", "content": '{"city": "Paris"}'}]},
}
UNUSUAL = {
    "no object": "Hi",
    "a role of a framework": {"role": "human", "content": "Hi"},
    "a name": {"role": "user", "content": "Hi", "name": "ann"},
    "no content": {"role": "user"},
    "a result that is only text": {"role": "tool", "content": "Sunny"},
    "a result in an envelope": {"role": "tool", "parts": [{**RESULT, "response": {"type": "text", "value": "Sunny"}}]},
    "a result within an answer": {"role": "assistant", "parts": [CALL, RESULT]},
    "a call with more": {"role": "assistant", "parts": [{**CALL, "function": {"name": "weather"}}]},
    "media": {"role": "user", "parts": [{"type": "uri", "uri": "https://example.com/a.png"}]},
    "a thought written as text": {
        "role": "assistant",
        "parts": [{"type": "text", "content": '{"type": "reasoning", "summary": [{"text": "Hm"}]}'}],
    },
}


def the_long_way(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """A key that says nothing makes a message an unusual one."""
    return read_message({**entry, "seen": None}, "user")


@pytest.mark.parametrize("entry", USUAL.values(), ids=USUAL.keys())
def test_the_usual_message_is_read_directly(entry: Any) -> None:
    found = plain_message(entry)
    assert found
    assert found == the_long_way(entry)


@pytest.mark.parametrize("entry", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_a_message_that_may_say_more_is_not(entry: Any) -> None:
    assert plain_message(entry) is None


words = st.sampled_from(["", "Hi", '"Hi"', "{", '{"type": "reasoning", "summary": []}', "[]", "tool"])
values = st.one_of(words, st.none(), st.integers(0, 1), st.just([]), st.just({}), st.lists(words, max_size=2))
parts = st.one_of(
    values,
    st.sampled_from([TEXT, CALL, RESULT]),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "tool_call", "tool_call_response", "reasoning", None])},
        optional=dict.fromkeys(("content", "text", "id", "name", "arguments", "response"), values),
    ),
)
contents = st.one_of(values, st.lists(parts, max_size=3))
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", "human", "", None])},
    optional={"content": contents, "parts": contents, "finish_reason": values},
)


@given(messages)
def test_both_ways_say_the_same(entry: dict[str, Any]) -> None:
    assert read_message(entry, "user") == the_long_way(entry)
