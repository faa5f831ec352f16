"""TruLens: what the golden recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from .test_gen_ai import read, record

SAID = "ai.observability."
CALL: dict[str, Any] = {
    f"{SAID}span_type": "generation",
    f"{SAID}call.kwargs.prompt": "Hi",
    f"{SAID}call.return": "Hello",
}


def test_ordinary_spans_that_its_processor_stamped_stay_ordinary() -> None:
    stamped = {f"{SAID}span_type": "unknown", f"{SAID}record_id": "r1", "http.request.method": "GET"}
    assert read(stamped, scope="opentelemetry.instrumentation.httpx") is None


def test_the_costs_of_a_provider_are_the_usage_of_the_call_around_it() -> None:
    cost = {"cost.model": "gpt-4o-mini", "cost.num_prompt_tokens": 24, "cost.num_completion_tokens": 0}
    found = record({**CALL, **{f"{SAID}{key}": value for key, value in cost.items()}}, scope="trulens")
    assert (found.kind, found.request_model) == ("generation", "gpt-4o-mini")
    assert (found.usage.input, found.usage.output) == (24, 0)
    assert found.output == [{"role": "assistant", "content": "Hello"}]


def test_the_sums_of_a_step_are_no_usage() -> None:
    found = record({f"{SAID}span_type": "record_root", f"{SAID}cost.num_prompt_tokens": 24}, scope="trulens")
    assert (found.kind, found.span_type, found.usage.input) == ("span", "workflow", None)


@pytest.mark.parametrize(
    ("said", "span_type"),
    [("unknown", "custom"), ("MCP", "mcp"), ("reranking", "reranker"), ("graph_node", "task"), ("agent", "agent"),
     ("retrieval", "retriever"), ("guardrail", "guardrail"), ("eval_root", "evaluator")],
)  # fmt: skip
def test_steps(said: str, span_type: str) -> None:
    found = record({f"{SAID}span_type": said, f"{SAID}call.kwargs.city": "Paris"}, scope="trulens")
    assert (found.kind, found.span_type, found.input_state) == ("span", span_type, {"city": "Paris"})


def test_an_answer_written_down_as_a_repr_is_read() -> None:
    answer = (
        "ChatCompletion(id='chatcmpl-1234567', choices=[Choice(finish_reason='stop', index=0, "
        "message=ChatCompletionMessage(content='Hello', role='assistant'))], model='gpt-4o-mini', "
        "usage=CompletionUsage(completion_tokens=3, prompt_tokens=5, total_tokens=8))"
    )
    found = record({**CALL, f"{SAID}call.return": answer}, scope="trulens")
    assert found.output == [{"role": "assistant", "content": "Hello"}]
    cut = record({**CALL, f"{SAID}call.return": answer[:70]}, scope="trulens")
    assert cut.output == [{"role": "assistant", "content": answer[:70]}]
