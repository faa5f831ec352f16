"""NVIDIA's NeMo Agent Toolkit: what the golden recording does not show."""

from __future__ import annotations

import json

from .test_gen_ai import record

LLM = {
    "nat.span.kind": "LLM",
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o",
    "nat.framework": "langchain",
}


def test_whom_a_run_is_for() -> None:
    step = {"nat.span.kind": "FUNCTION", "openinference.span.kind": "CHAIN"}
    assert record({**step, "user.id": "nat_run_user_id"}, scope="nat").identity.user is None
    assert record({**step, "user.id": "u-1", "session.id": "s"}, scope="nat").identity.user == "u-1"


def test_metadata_of_the_user_without_the_request() -> None:
    provided = {"plan": "pro", "request_attributes": {"headers": {"cookie": "secret"}}}
    said = {"nat.metadata": json.dumps({"provided_metadata": provided, "chat_inputs": None, "tools_schema": []})}
    found = record({"nat.span.kind": "FUNCTION", "openinference.span.kind": "CHAIN", **said}, "step", "nat")
    assert (found.metadata, found.attributes) == ({"plan": "pro"}, {})


def test_an_answer_in_words_and_calls() -> None:
    calls = "[{'name': 'now', 'args': {'zone': 'UTC'}, 'id': 'call_1', 'type': 'tool_call'}]"
    found = record(
        {**LLM, "output.value": f"I look.\n\nTool calls: {calls}", "llm.provider": "langchain"}, "gpt-4o", "nat"
    )
    [message] = found.output or []
    assert message["content"] == "I look."
    assert message["tool_calls"][0]["function"] == {"name": "now", "arguments": '{"zone":"UTC"}'}
    assert found.provider_original != "langchain"
    cut = record({**LLM, "output.value": "I look.\n\nTool calls: [{'name': 'no"}, "gpt-4o", "nat")
    assert cut.output == [{"role": "assistant", "content": "I look.\n\nTool calls: [{'name': 'no"}]
