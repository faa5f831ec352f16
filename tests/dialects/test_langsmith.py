"""LangSmith: what a wrapped function was given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .test_gen_ai import read

REQUEST: dict[str, Any] = {
    "model": "gpt-4o",
    "instructions": "Be brief.",
    "input": [{"role": "user", "content": "hi"}],
    "tools": [{"type": "function", "name": "search", "parameters": {}}],
}


@pytest.mark.parametrize("given", [REQUEST, {"args": [REQUEST, {"signal": {}}]}], ids=["alone", "with options"])
def test_a_request_is_read_whatever_else_the_client_was_given(given: dict[str, Any]) -> None:
    record = read({"langsmith.span.kind": "llm", "gen_ai.prompt": json.dumps(given)})
    assert record is not None
    assert record.request_model == "gpt-4o"
    assert record.input == [{"role": "user", "content": "hi"}]
    assert record.instructions == "Be brief."
    assert [tool["function"]["name"] for tool in record.tools or ()] == ["search"]
