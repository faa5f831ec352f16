"""A gateway's span with the request and the answer whole."""

from __future__ import annotations

import json

from tests.traced import Traced

ASKED = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]
ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2},
}
SAID = {
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.model.provider": "openai",
    "gen_ai.usage.cost": 0.00002,
    "gen_ai.completion_json": json.dumps(ANSWER),
}


def test_messages_are_read_from_it(traced: Traced) -> None:
    said = {**SAID, "gen_ai.prompt_json": json.dumps(ASKED), "gen_ai.usage.input_tokens": 9}
    traced.tracer.start_span("openai", attributes=said).end()
    properties = traced.events()["openai"]["properties"]
    assert properties["$ai_input"] == ASKED
    assert properties["$ai_output_choices"] == [{"role": "assistant", "content": "Hello"}]
    assert (properties["$ai_provider"], properties["$ai_completion_id"]) == ("openai", "chatcmpl-1")
    assert (properties["$ai_stop_reason"], properties["$ai_total_cost_usd"]) == ("stop", 0.00002)


def test_a_whole_request_and_counts_that_stand_only_in_the_answer(traced: Traced) -> None:
    request = json.dumps({"model": "gpt-4o-mini", "messages": ASKED, "temperature": 0.5})
    traced.tracer.start_span("openai", attributes={**SAID, "gen_ai.prompt_json": request}).end()
    properties = traced.events()["openai"]["properties"]
    assert properties["$ai_input"] == ASKED
    assert properties["$ai_temperature"] == 0.5
    assert (properties["$ai_input_tokens"], properties["$ai_output_tokens"]) == (9, 2)
