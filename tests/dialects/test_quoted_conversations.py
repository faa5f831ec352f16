"""A conversation that stands as JSON in the text of one message, and texts that only look like one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .test_gen_ai import read

ASKED = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "c1", "name": "search", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "found"}


def input_of(*messages: tuple[str, str]) -> list[dict[str, Any]] | None:
    told = [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in messages]
    record = read({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(told)})
    assert record is not None
    return record.input


def test_the_conversation_stands_where_its_text_stood() -> None:
    found = input_of(("system", "Be brief."), ("user", json.dumps([ASKED, CALL, RESULT])))
    assert found is not None
    assert [message["role"] for message in found] == ["system", "user", "assistant", "tool"]
    assert found[1] == ASKED
    assert found[3] == {"role": "tool", "tool_call_id": "c1", "content": "found"}


@pytest.mark.parametrize(
    "said",
    ['[{"city": "Paris"}]', '[{"role": "admin"}]', json.dumps([CALL]), '[{"role": "user", "content": "cut', "[{}]"],
)
def test_another_list_stays_what_the_user_said(said: str) -> None:
    assert input_of(("user", said)) == [{"role": "user", "content": said}]


def test_a_conversation_among_others_was_said_so() -> None:
    said = json.dumps([ASKED])
    assert input_of(("user", "Check this:"), ("user", said)) == [
        {"role": "user", "content": "Check this:"},
        {"role": "user", "content": said},
    ]
