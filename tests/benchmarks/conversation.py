"""One long conversation: each call of the model repeats the whole history and adds a turn to it."""

from __future__ import annotations

import gc
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .load import prose
from .traced_app import Order, TracedApp

TURN_BYTES = 4_000
"""New in each turn, question and answer together."""
_TURNS_AT_ONCE = 10
"""Between two flushes, so that nothing that is measured waits for the network."""

Said = tuple[str, str]
"""Role and text."""


class Call(NamedTuple):
    """What a span of one call carries."""

    attributes: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...] = ()


_COMMON: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4.1-mini",
    "gen_ai.response.model": "gpt-4.1-mini-2025-04-14",
    "gen_ai.usage.input_tokens": 1_000,
    "gen_ai.usage.output_tokens": 200,
}


def _as_json(history: list[Said], answer: str) -> Call:
    def written(said: list[Said]) -> str:
        return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in said])

    messages = {"gen_ai.input.messages": written(history), "gen_ai.output.messages": written([("assistant", answer)])}
    return Call({**_COMMON, "gen_ai.provider.name": "openai", **messages})


def _as_openinference(history: list[Said], answer: str) -> Call:
    attributes: dict[str, Any] = {
        "openinference.span.kind": "LLM",
        "llm.provider": "openai",
        "llm.model_name": "gpt-4.1-mini",
        "llm.token_count.prompt": 1_000,
        "llm.token_count.completion": 200,
    }
    for number, (role, text) in enumerate(history):
        attributes[f"llm.input_messages.{number}.message.role"] = role
        attributes[f"llm.input_messages.{number}.message.content"] = text
    attributes["llm.output_messages.0.message.role"] = "assistant"
    attributes["llm.output_messages.0.message.content"] = answer
    return Call(attributes)


def _as_traceloop(history: list[Said], answer: str) -> Call:
    attributes: dict[str, Any] = {**_COMMON, "llm.request.type": "chat", "gen_ai.system": "openai"}
    for number, (role, text) in enumerate(history):
        attributes[f"gen_ai.prompt.{number}.role"] = role
        attributes[f"gen_ai.prompt.{number}.content"] = text
    attributes["gen_ai.completion.0.role"] = "assistant"
    attributes["gen_ai.completion.0.content"] = answer
    return Call(attributes)


def _as_events(history: list[Said], answer: str) -> Call:
    asked = [(f"gen_ai.{role}.message", {"role": role, "content": text}) for role, text in history]
    choice = {"index": 0, "finish_reason": "stop", "message": json.dumps({"role": "assistant", "content": answer})}
    return Call({**_COMMON, "gen_ai.system": "openai"}, (*asked, ("gen_ai.choice", choice)))


CONVENTIONS: dict[str, Callable[[list[Said], str], Call]] = {
    "JSON": _as_json,
    "OpenInference": _as_openinference,
    "Traceloop": _as_traceloop,
    "span events": _as_events,
}


def _calls(order: Order, number: int) -> Iterator[list[Call]]:
    """The calls of one conversation, some at a time: together they are quadratic in size."""
    dice = random.Random(number)
    write = CONVENTIONS[order.pattern]
    history: list[Said] = [("system", prose(dice, 600))]
    made: list[Call] = []
    for _ in range(order.turns):
        history = [*history, ("user", prose(dice, TURN_BYTES // 3))]
        answer = prose(dice, TURN_BYTES * 2 // 3)
        made.append(write(history, answer))
        history.append(("assistant", answer))
        if len(made) == _TURNS_AT_ONCE:
            yield made
            made = []
    if made:
        yield made


def measure(order: Order) -> dict[str, float]:
    """CPU milliseconds a call of everything behind the calling thread."""
    measured = TracedApp(order, ())
    tracer = measured.provider.get_tracer("app")
    found: list[float] = []
    for number in range(order.rounds + order.warm_up):
        spent = 0.0
        for calls in _calls(order, number):
            gc.collect()
            everything, begin = time.process_time(), time.thread_time()
            for call in calls:
                span = tracer.start_span("chat gpt-4.1-mini", attributes=call.attributes)
                for name, attributes in call.events:
                    span.add_event(name, attributes)
                span.end()
            called = time.thread_time() - begin
            measured.provider.force_flush()
            spent += time.process_time() - everything - called
        if number >= order.warm_up:
            found.append(spent / order.turns * 1e3)
    measured.provider.shutdown()
    return {"worker": min(found)}
