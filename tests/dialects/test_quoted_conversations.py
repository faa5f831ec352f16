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


def openinference(role: str, text: str, **more: str) -> list[dict[str, Any]] | None:
    """The message of such a role and text, as OpenInference flattens it."""
    prefix = f"llm.{'output' if role == 'assistant' else 'input'}_messages.0.message."
    flat = {f"{prefix}role": role, f"{prefix}content": text, **{f"{prefix}{key}": value for key, value in more.items()}}
    record = read({"openinference.span.kind": "LLM", **flat})
    assert record is not None
    return record.output if role == "assistant" else record.input


PARTS = '[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]'
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "content": None}


def test_parts_and_items_stand_as_text_in_a_flattened_message() -> None:
    assert openinference("system", PARTS) == [{"role": "system", "content": "Be brief."}]
    found = openinference("user", json.dumps([ASKED, THOUGHT, CALL, RESULT]))
    assert found is not None
    assert [message["role"] for message in found] == ["user", "assistant", "tool"]
    call = "tool_calls.0.tool_call."
    flat = {f"{call}id": "c1", f"{call}function.name": "search", f"{call}function.arguments": "{}"}
    answered = openinference("assistant", json.dumps([THOUGHT, CALL]), **flat)
    assert answered is not None
    assert [call["id"] for message in answered for call in message["tool_calls"]] == ["c1"]


@pytest.mark.parametrize("said", ['[{"type": "hotel", "text": "Ritz"}]', '[{"type": "text", "page": 3}]', PARTS[:-9]])
def test_another_list_stays_the_text_of_a_flattened_message(said: str) -> None:
    assert openinference("user", said) == [{"role": "user", "content": said}]


def test_a_conversation_among_others_was_said_so() -> None:
    said = json.dumps([ASKED])
    assert input_of(("user", "Check this:"), ("user", said)) == [
        {"role": "user", "content": "Check this:"},
        {"role": "user", "content": said},
    ]
