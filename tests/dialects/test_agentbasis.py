"""AgentBasis, Traccia and Basalt: what their golden recordings do not show."""

from __future__ import annotations

from otel_posthog_ai.record import MISSING

from .test_gen_ai import record


def test_arguments_as_python_writes_them() -> None:
    found = record({"input.args": "(1, 'two')", "input.kwargs": "{'k': None}", "output": "3"}, scope="agentbasis")
    assert found.input_state == {"args": [1, "two"], "kwargs": {"k": None}}
    odd = record({"input.args": "(<app.Order object at 0x7f00>,)", "input.kwargs": "{}"}, scope="agentbasis")
    assert odd.input_state == "(<app.Order object at 0x7f00>,)"


def test_counts_that_nobody_counted_are_none() -> None:
    said = {
        "governance.timestamp_source": "sdk", "span.type": "LLM", "llm.model": "gpt-4o", "llm.prompt": "Hi",
        "llm.usage.prompt_tokens": 9, "llm.usage.prompt_source": "estimated.heuristic", "llm.cost.usd": 0.1,
    }  # fmt: skip
    found = record(said)
    assert (found.kind, found.usage.input, found.cost.total) == ("generation", None, None)
    counted = record({**said, "llm.usage.prompt_source": "provider_usage"})
    assert (counted.usage.input, counted.cost.total) == (9, 0.1)


def test_basalts_word_for_no_output_is_none() -> None:
    output = '{"error": "Exception occurred"}'
    said = {"basalt.span.kind": "tool", "basalt.span.input": '{"a": 1}', "basalt.span.output": output}
    assert record(said, error="ValueError: no rooms").output_state is MISSING
    assert record(said).output_state == {"error": "Exception occurred"}
