"""An answer that was written down piece by piece is one choice; several choices stay several."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .test_gen_ai import CALL, record


def piece(content: str, reason: str = "") -> dict[str, Any]:
    return {"role": "assistant", "parts": [{"type": "text", "content": content}], "finish_reason": reason}


def call(arguments: Any, reason: str = "") -> dict[str, Any]:
    part = {"type": "tool_call", "id": "c1", "name": "search", "arguments": arguments}
    return {"role": "assistant", "parts": [part], "finish_reason": reason}


@pytest.mark.parametrize(
    ("messages", "texts"),
    [
        ([piece("It "), piece("is "), piece("dry.", "stop")], ["It is dry."]),
        ([piece("It "), piece("is"), piece("It is", "stop")], ["It is"]),
        ([piece("It "), piece("broke")], ["It broke"]),
        ([piece("One", "stop"), piece("Two", "stop")], ["One", "Two"]),
        ([{"role": "assistant", "parts": [{"type": "text", "content": each}]} for each in "ab"], ["a", "b"]),
    ],
)  # fmt: skip
def test_pieces_and_choices(messages: list[dict[str, Any]], texts: list[str]) -> None:
    found = record({**CALL, "gen_ai.output.messages": json.dumps(messages)})
    assert [message["content"] for message in found.output or ()] == texts


def test_a_call_is_taken_once_with_its_arguments() -> None:
    messages = [call(None), call(None), call({"city": "Paris"}, "stop")]
    found = record({**CALL, "gen_ai.output.messages": json.dumps(messages)})
    [message] = found.output or ()
    assert [each["function"]["arguments"] for each in message["tool_calls"]] == ['{"city":"Paris"}']
